package wire

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"
)

// A Param is one input that came as text: from a query, a form or a multipart body.
// Its name is a flattened path such as Filters.0.Values.0.
type Param struct{ Name, Value string }

// Params are the textual inputs of one request, in the order received, each name once.
type Params []Param

// ErrMalformed matches every error of a reader in this package that met text which is
// not what its content type says; each is a *Malformed.
var ErrMalformed = errors.New("malformed input")

// Malformed says what is wrong with text that came in: with the input Param, or where
// that is empty with the whole.
type Malformed struct{ Param, EN, ZH string }

func (m *Malformed) Error() string {
	if m.Param == "" {
		return ErrMalformed.Error() + ": " + m.EN
	}
	return fmt.Sprintf("%v: %q: %s", ErrMalformed, m.Param, m.EN)
}

// Is makes errors.Is match ErrMalformed.
func (m *Malformed) Is(target error) bool { return target == ErrMalformed }

func tooManyParams() error {
	return &Malformed{EN: fmt.Sprintf("it has more than %d parameters", MaxParams), ZH: fmt.Sprintf("参数超过 %d 个", MaxParams)}
}

// MaxParams bounds how many inputs one query, form or multipart body may hold.
const MaxParams = 20_000

// ParseParams reads a query or an application/x-www-form-urlencoded body: parts joined
// by &, a space written as + or %20, names and values in UTF-8. Empty parts are
// skipped. A name given twice is refused, since readers differ on which one counts.
// Every error is a *Malformed.
func ParseParams(text string) (Params, error) {
	if text == "" {
		return nil, nil
	}
	n := strings.Count(text, "&") + 1
	if n > MaxParams {
		return nil, tooManyParams()
	}
	params := make(Params, 0, n)
	for part := range strings.SplitSeq(text, "&") {
		if part == "" {
			continue
		}
		p, err := parseParam(part)
		if err != nil {
			return nil, err
		}
		params = append(params, p)
	}
	return params, params.unique()
}

func parseParam(part string) (Param, error) {
	rawName, rawValue, _ := strings.Cut(part, "=")
	name, err := url.QueryUnescape(rawName)
	if err != nil || name == "" || !utf8.ValidString(name) {
		return Param{}, &Malformed{EN: "a parameter's name is empty or not URL-encoded UTF-8", ZH: "存在空的或不是 URL 编码 UTF-8 的参数名"}
	}
	value, err := url.QueryUnescape(rawValue)
	if err != nil || !utf8.ValidString(value) {
		return Param{}, &Malformed{quotable(name), "its value is not URL-encoded UTF-8", "其值不是 URL 编码的 UTF-8"}
	}
	return Param{Name: name, Value: value}, nil
}

// Get returns the value of a name, and whether it is there.
func (ps Params) Get(name string) (string, bool) {
	for i := range ps {
		if ps[i].Name == name {
			return ps[i].Value, true
		}
	}
	return "", false
}

// sorted returns the params by byte value of their names.
func (ps Params) sorted() Params {
	by := slices.Clone(ps)
	slices.SortFunc(by, func(a, b Param) int { return strings.Compare(a.Name, b.Name) })
	return by
}

func (ps Params) unique() error {
	by := ps.sorted()
	for i := 1; i < len(by); i++ {
		if by[i].Name == by[i-1].Name {
			return &Malformed{quotable(by[i].Name), "it is given more than once", "重复出现"}
		}
	}
	return nil
}
