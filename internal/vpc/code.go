package vpc

import "strings"

// Listed says whether an action documents a code. A nil Listed takes every code.
type Listed func(Code) bool

// Has reports whether the action documents the code.
func (c Listed) Has(code Code) bool { return c == nil || c(code) }

// Pick returns the first of the wanted codes that the action documents, and the very
// first, being the most exact, where it documents none of them.
func (c Listed) Pick(wanted ...Code) Code {
	for _, w := range wanted {
		if c.Has(w) {
			return w
		}
	}
	return wanted[0]
}

// Narrow replaces a sub-code that the action does not document by its stem, which every
// action shares: InvalidParameterValue.TagInvalidKey becomes InvalidParameterValue.
func (c Listed) Narrow(e *Error) *Error {
	if e == nil || c.Has(e.Code) {
		return e
	}
	stem, _, found := strings.Cut(string(e.Code), ".")
	if !found {
		return e
	}
	narrowed := *e
	narrowed.Code = Code(stem)
	return &narrowed
}
