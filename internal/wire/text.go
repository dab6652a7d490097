package wire

import (
	"slices"
	"strconv"
	"strings"
)

// DecodeParams reads flattened text inputs (a query, a v1 form, a multipart body) into
// a new request struct of the action: A.B for the field B of the object A, L.0 for the
// first element of the list L, L.0.K for a field of it. The inputs that are common to
// all actions (Action, Version, Nonce and so on) must not be among them.
//
// A part that is a number is an index only where the schema has a list. Indexes start
// at 0 and leave no gap. Text becomes a number or a boolean (true, True, TRUE, 1 and
// their opposites) where the schema says so. Refusals are those of DecodeJSON, in the
// same order; a gap and an input given twice are InvalidParameter.
func (a *Action) DecodeParams(params []Param) (any, *Error) {
	req := a.New()
	rec := req.(record)
	d := textDecoder{verdict: verdict{action: a}, leaves: make([]leaf, 0, len(params))}
	for i := range params {
		if !d.resolve(rec.shape(), &params[i]) {
			return nil, d.err
		}
	}
	slices.SortStableFunc(d.leaves, leaf.compare)
	if d.object(rec, d.leaves); d.err != nil {
		return nil, d.err
	}
	return req, nil
}

// A leaf is one input with its place: at each level the index of the field, or of the
// list's element, and -1 below the last.
type leaf struct {
	at    [maxDepth]int32
	param *Param
}

func (l leaf) compare(m leaf) int { return slices.Compare(l.at[:], m.at[:]) }

// A textDecoder fills records from leaves that are sorted by their place.
type textDecoder struct {
	verdict
	leaves []leaf
}

// resolve turns the name of an input into its place. It returns false when the verdict
// is fatal.
func (d *textDecoder) resolve(shape *Shape, p *Param) bool {
	l := leaf{param: p}
	next := place{shape: shape}
	depth := 0
	for part := range strings.SplitSeq(p.Name, ".") {
		i, below, why := next.part(part)
		switch {
		case why == tooFar:
			return d.tooMany(quotable(p.Name))
		case why == unknown || depth == maxDepth:
			return d.unknown(p.Name, part, next.shape)
		}
		l.at[depth] = int32(i)
		next = below
		depth++
	}
	for ; depth < maxDepth; depth++ {
		l.at[depth] = -1
	}
	d.leaves = append(d.leaves, l)
	return true
}

// A place says what the next part of a name may be: an index into list, a field of
// shape, or nothing when both are nil.
type place struct {
	shape *Shape
	list  *Field
}

// Why a part of a name leads nowhere.
type wrong uint8

const (
	unknown wrong = iota + 1
	tooFar
)

// part follows one part of a name. An index has no leading zeros, which would make two
// names for one element.
func (at place) part(text string) (index int, below place, why wrong) {
	switch {
	case at.list != nil:
		if text == "" || strings.Trim(text, "0123456789") != "" || len(text) > 1 && text[0] == '0' {
			return 0, place{}, unknown
		}
		i, err := strconv.Atoi(text)
		if err != nil || i >= maxElements {
			return 0, place{}, tooFar
		}
		return i, place{shape: at.list.Shape}, 0
	case at.shape != nil:
		i := at.shape.find([]byte(text), 0)
		switch {
		case i < 0:
			return 0, place{}, unknown
		case at.shape.Fields[i].List:
			return i, place{list: &at.shape.Fields[i]}, 0
		}
		return i, place{shape: at.shape.Fields[i].Shape}, 0
	}
	return 0, place{}, unknown
}

// object fills rec from leaves that all lie below it.
func (d *textDecoder) object(rec record, leaves []leaf) {
	shape := rec.shape()
	var seen uint64
	for len(leaves) > 0 {
		i := leaves[0].at[d.depth]
		group := d.group(leaves)
		leaves = leaves[len(group):]
		seen |= 1 << i
		d.push(step{field: &shape.Fields[i]})
		d.value(&shape.Fields[i], rec.slot(int(i)), group)
		d.pop()
	}
	if missing := shape.required &^ seen; missing != 0 {
		d.missing(shape.first(missing))
	}
}

// group returns the leading leaves that agree in the part at this depth.
func (d *textDecoder) group(leaves []leaf) []leaf {
	n := 1
	for n < len(leaves) && leaves[n].at[d.depth] == leaves[0].at[d.depth] {
		n++
	}
	return leaves[:n]
}

func (d *textDecoder) value(f *Field, s slot, leaves []leaf) {
	switch {
	case f.List && d.ends(leaves):
		d.notList(f)
	case f.List:
		d.list(f, s, leaves)
	case f.Kind == Object && d.ends(leaves):
		d.notObject(f)
	case f.Kind == Object:
		d.object(s.(objectSlot).open(), leaves)
	default:
		d.only(leaves)
		d.scalar(f, s, leaves[0].param.Value)
	}
}

// ends reports whether some leaf gives this place itself a value, and none below it.
// Sorted, such a leaf is the first.
func (d *textDecoder) ends(leaves []leaf) bool {
	return d.depth == maxDepth || leaves[0].at[d.depth] < 0
}

// only refuses an input that was given more than once.
func (d *textDecoder) only(leaves []leaf) {
	if len(leaves) > 1 {
		d.refuse(rankType, codeInvalidParameter, "", "it is given more than once", "重复出现")
	}
}

func (d *textDecoder) scalar(f *Field, s slot, text string) {
	switch s := s.(type) {
	case scalar[string]:
		setText(d, f, s, text, (*textDecoder).textOf)
	case scalar[uint64]:
		setText(d, f, s, text, (*textDecoder).uintOf)
	case scalar[int64]:
		setText(d, f, s, text, (*textDecoder).intOf)
	case scalar[bool]:
		setText(d, f, s, text, (*textDecoder).boolOf)
	case scalar[float64]:
		setText(d, f, s, text, (*textDecoder).floatOf)
	}
}

func setText[T any](d *textDecoder, f *Field, s scalar[T], text string, parse func(*textDecoder, *Field, string) (T, bool)) {
	if v, ok := parse(d, f, text); ok {
		*s.field = &v
	}
}

func (d *textDecoder) list(f *Field, s slot, leaves []leaf) {
	switch s := s.(type) {
	case scalars[string]:
		fillList(d, f, s, leaves, (*textDecoder).textOf)
	case scalars[uint64]:
		fillList(d, f, s, leaves, (*textDecoder).uintOf)
	case scalars[int64]:
		fillList(d, f, s, leaves, (*textDecoder).intOf)
	case scalars[bool]:
		fillList(d, f, s, leaves, (*textDecoder).boolOf)
	case scalars[float64]:
		fillList(d, f, s, leaves, (*textDecoder).floatOf)
	case listSlot:
		s.reset()
		d.elements(leaves, func(group []leaf) {
			if d.ends(group) {
				d.notObject(f)
				return
			}
			d.object(s.grow(), group)
		})
	}
}

func fillList[T any](d *textDecoder, f *Field, s scalars[T], leaves []leaf, parse func(*textDecoder, *Field, string) (T, bool)) {
	*s.field = []T{}
	d.elements(leaves, func(group []leaf) {
		d.only(group)
		if v, ok := parse(d, f, group[0].param.Value); ok {
			*s.field = append(*s.field, v)
		}
	})
}

// elements calls one with the leaves of each element of the list at this place, and
// refuses the list when an index is left out.
func (d *textDecoder) elements(leaves []leaf, one func([]leaf)) {
	for n := 0; len(leaves) > 0; n++ {
		group := d.group(leaves)
		if int(group[0].at[d.depth]) != n {
			d.refuse(rankType, codeInvalidParameter, strconv.Itoa(n), "the index is left out", "缺少此下标")
			return
		}
		leaves = leaves[len(group):]
		d.push(step{index: n})
		one(group)
		d.pop()
	}
}

func (d *textDecoder) textOf(_ *Field, text string) (string, bool) {
	if !cleanText(text) {
		d.notText(strings.IndexByte(text, 0) >= 0)
		return "", false
	}
	return strings.Clone(text), true
}

func (d *textDecoder) uintOf(f *Field, text string) (uint64, bool) {
	n, err := strconv.ParseUint(text, 10, 64)
	return n, d.converted(f, err == nil && canonicalInteger([]byte(text)))
}

func (d *textDecoder) intOf(f *Field, text string) (int64, bool) {
	n, err := strconv.ParseInt(text, 10, 64)
	return n, d.converted(f, err == nil && canonicalInteger([]byte(text)))
}

func (d *textDecoder) floatOf(f *Field, text string) (float64, bool) {
	r := reader{text: []byte(text)}
	_, _, ok := r.number()
	n, err := strconv.ParseFloat(text, 64)
	return n, d.converted(f, ok && r.at == len(text) && err == nil)
}

func (d *textDecoder) boolOf(f *Field, text string) (bool, bool) {
	v, err := strconv.ParseBool(text)
	return v, d.converted(f, err == nil && len(text) != 1 || text == "1" || text == "0")
}

func (d *textDecoder) converted(f *Field, ok bool) bool {
	if !ok {
		d.mistyped(f.Kind)
	}
	return ok
}
