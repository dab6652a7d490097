package wire

import (
	"bytes"
	"strconv"
	"strings"
	"unicode/utf8"
)

// DecodeJSON reads a JSON body into a new request struct of the action. An empty body
// counts as {}. Names are case-sensitive, null means absent, of a name given twice the
// last counts, and strings are kept byte for byte.
//
// Refusals, in this order whatever the order of the body: text that is not a JSON
// object (InvalidParameter); an input that the action does not define
// (UnknownParameter, or .WithGuess); a required one absent (MissingParameter); a wrong JSON type, a
// number with a fraction, an exponent or out of its range (InvalidParameter, for
// filters .FilterNotDict and .FilterValuesNotList); a string with a NUL, a lone
// surrogate or bytes that are not UTF-8 (InvalidParameterValue, or .NotUtf8EncodingError).
// The two narrower codes are for actions that document them.
func (a *Action) DecodeJSON(body []byte) (any, *Error) {
	d := decoder{reader: reader{text: body}, verdict: verdict{action: a}}
	req := a.New()
	if !d.document(req.(record)) && d.rank < rankFatal {
		d.depth = 0
		d.refuse(rankFatal, codeInvalidParameter, "", "the request body must be one JSON object", "请求体必须是一个 JSON 对象")
	}
	if d.err != nil {
		return nil, d.err
	}
	return req, nil
}

// A decoder fills records from JSON. Its methods return false when decoding has to
// stop: the verdict is fatal, or the text is not JSON.
type decoder struct {
	reader
	verdict
}

// outcome is what became of one scalar.
type outcome uint8

const (
	good    outcome = iota
	refused         // the verdict has it, decoding goes on
	broken          // decoding stops
)

func (d *decoder) document(rec record) bool {
	if d.peek() == 0 && d.at == len(d.text) {
		d.missingOf(rec.shape(), 0)
		return true
	}
	return d.here() == '{' && d.object(rec) && d.peek() == 0 && d.at == len(d.text)
}

// object reads the object that starts here into rec.
func (d *decoder) object(rec record) bool {
	shape := rec.shape()
	var seen uint64
	d.at++
	for first, hint := true, 0; ; first = false {
		more, ok := d.next(first, '}')
		if !ok {
			return false
		}
		if !more {
			break
		}
		name, ok := d.key()
		if !ok {
			return false
		}
		i := shape.find(name, hint)
		if i < 0 {
			text := string(name[:min(len(name), 2*maxQuoted)])
			return d.unknown(text, text, shape)
		}
		hint = i + 1
		is, ok := d.member(&shape.Fields[i], rec.slot(i))
		if !ok {
			return false
		}
		seen = seen&^(1<<i) | is<<i
	}
	d.missingOf(shape, seen)
	return true
}

// missingOf records the first required field that is not among the seen.
func (d *decoder) missingOf(shape *Shape, seen uint64) {
	if missing := shape.required &^ seen; missing != 0 {
		d.missing(shape.first(missing))
	}
}

// member reads one value into its slot. is is 1 when it was there, 0 when it was null.
func (d *decoder) member(f *Field, s slot) (is uint64, ok bool) {
	if d.peek() == 'n' {
		s.clear()
		return 0, d.word("null")
	}
	d.push(step{field: f})
	ok = d.count() && d.value(f, s)
	d.pop()
	return 1, ok
}

func (d *decoder) value(f *Field, s slot) bool {
	switch {
	case f.List:
		if d.here() != '[' {
			d.notList(f)
			return d.skip(0)
		}
		return d.list(f, s)
	case f.Kind == Object:
		if d.here() != '{' {
			d.notObject(f)
			return d.skip(0)
		}
		return d.object(s.(objectSlot).open())
	}
	return d.scalar(f, s)
}

func (d *decoder) scalar(f *Field, s slot) bool {
	switch s := s.(type) {
	case scalar[string]:
		v, o := d.textOf(f)
		return set(s, v, o)
	case scalar[uint64]:
		v, o := d.uintOf(f)
		return set(s, v, o)
	case scalar[int64]:
		v, o := d.intOf(f)
		return set(s, v, o)
	case scalar[bool]:
		v, o := d.boolOf(f)
		return set(s, v, o)
	case scalar[float64]:
		v, o := d.floatOf(f)
		return set(s, v, o)
	}
	return false
}

func set[T any](s scalar[T], v T, o outcome) bool {
	if o == good {
		*s.field = &v
	}
	return o != broken
}

func (d *decoder) list(f *Field, s slot) bool {
	switch s := s.(type) {
	case scalars[string]:
		return readList(d, f, s.field, (*decoder).textOf)
	case scalars[uint64]:
		return readList(d, f, s.field, (*decoder).uintOf)
	case scalars[int64]:
		return readList(d, f, s.field, (*decoder).intOf)
	case scalars[bool]:
		return readList(d, f, s.field, (*decoder).boolOf)
	case scalars[float64]:
		return readList(d, f, s.field, (*decoder).floatOf)
	case listSlot:
		s.reset()
		return d.elements(func() bool {
			if d.here() != '{' {
				d.notObject(f)
				return d.skip(0)
			}
			return d.object(s.grow())
		})
	}
	return false
}

func readList[T any](d *decoder, f *Field, p *[]T, read func(*decoder, *Field) (T, outcome)) bool {
	*p = []T{}
	return d.elements(func() bool {
		v, o := read(d, f)
		if o == good {
			*p = append(*p, v)
		}
		return o != broken
	})
}

// elements reads the list that starts here; one reads one element.
func (d *decoder) elements(one func() bool) bool {
	d.at++
	for n := 0; ; n++ {
		more, ok := d.next(n == 0, ']')
		if !ok || !more {
			return ok
		}
		if n == maxElements {
			return d.tooMany("")
		}
		d.peek()
		d.push(step{index: n})
		ok = d.count() && one()
		d.pop()
		if !ok {
			return false
		}
	}
}

// mismatch refuses the value that starts here as not of the field's kind.
func (d *decoder) mismatch(f *Field) outcome {
	d.mistyped(f.Kind)
	if !d.skip(0) {
		return broken
	}
	return refused
}

func (d *decoder) textOf(f *Field) (string, outcome) {
	if d.here() != '"' {
		if f.Digits && isNumber(d.here()) {
			return d.digitsOf(f)
		}
		return "", d.mismatch(f)
	}
	s, clean, ok := d.str()
	switch {
	case !ok:
		return "", broken
	case !clean:
		d.notText(bytes.IndexByte(s, 0) >= 0)
		return "", refused
	}
	return string(s), good
}

// digitsOf reads a number where a string of digits is documented.
func (d *decoder) digitsOf(f *Field) (string, outcome) {
	text, whole, ok := d.number()
	switch {
	case !ok:
		return "", broken
	case !whole:
		d.mistyped(Int64)
		return "", refused
	}
	return string(text), good
}

func isNumber(c byte) bool { return c == '-' || c >= '0' && c <= '9' }

// integer returns the text of the integer that starts here: a number without fraction
// and exponent, or a string of digits where the field takes both.
func (d *decoder) integer(f *Field) ([]byte, outcome) {
	if c := d.here(); !isNumber(c) && !(c == '"' && f.Digits) {
		return nil, d.mismatch(f)
	}
	var text []byte
	var whole, ok bool
	if d.here() == '"' {
		text, _, ok = d.str()
		whole = canonicalInteger(text)
	} else {
		text, whole, ok = d.number()
	}
	switch {
	case !ok:
		return nil, broken
	case !whole:
		d.mistyped(f.Kind)
		return nil, refused
	}
	return text, good
}

// canonicalInteger reports whether text is an integer as JSON writes one.
func canonicalInteger(text []byte) bool {
	r := reader{text: text}
	_, whole, ok := r.number()
	return ok && whole && r.at == len(text)
}

func (d *decoder) uintOf(f *Field) (uint64, outcome) {
	text, o := d.integer(f)
	if o != good {
		return 0, o
	}
	n, err := strconv.ParseUint(string(text), 10, 64)
	if err != nil {
		d.mistyped(f.Kind)
		return 0, refused
	}
	return n, good
}

func (d *decoder) intOf(f *Field) (int64, outcome) {
	text, o := d.integer(f)
	if o != good {
		return 0, o
	}
	n, err := strconv.ParseInt(string(text), 10, 64)
	if err != nil {
		d.mistyped(f.Kind)
		return 0, refused
	}
	return n, good
}

func (d *decoder) boolOf(f *Field) (bool, outcome) {
	switch {
	case d.here() == 't' && d.word("true"):
		return true, good
	case d.here() == 'f' && d.word("false"):
		return false, good
	}
	return false, d.mismatch(f)
}

func (d *decoder) floatOf(f *Field) (float64, outcome) {
	if !isNumber(d.here()) {
		return 0, d.mismatch(f)
	}
	text, _, ok := d.number()
	if !ok {
		return 0, broken
	}
	n, err := strconv.ParseFloat(string(text), 64)
	if err != nil {
		d.mistyped(f.Kind)
		return 0, refused
	}
	return n, good
}

// cleanText reports whether s may be the value of a string input.
func cleanText(s string) bool {
	return strings.IndexByte(s, 0) < 0 && utf8.ValidString(s)
}
