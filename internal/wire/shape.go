package wire

import "math/bits"

// Kind is the JSON kind of a field.
type Kind uint8

// The kinds. Uint64 and Int64 are JSON integers; Float is any JSON number.
const (
	String Kind = iota
	Uint64
	Int64
	Bool
	Float
	Object
)

// A Shape is the schema of one input object.
type Shape struct {
	Name     string // of the Go struct
	Fields   []Field
	required uint64 // bit i is set when Fields[i] is required
}

// A Field is one input of a Shape.
type Field struct {
	Name     string
	Kind     Kind   // of the value, or of a list's elements
	Shape    *Shape // of an Object
	List     bool
	Required bool
	Secret   bool // never in logs or the audit
	Digits   bool // Offset and Limit: takes a number and a string of digits alike
	Filter   bool // name-and-values filters, whose wrong JSON types have codes of their own
}

// find returns the index of a field, or -1. Clients send fields mostly in the order of
// the schema, so the search starts at hint.
func (s *Shape) find(name []byte, hint int) int {
	for i := hint; i < len(s.Fields); i++ {
		if s.Fields[i].Name == string(name) {
			return i
		}
	}
	for i := range min(hint, len(s.Fields)) {
		if s.Fields[i].Name == string(name) {
			return i
		}
	}
	return -1
}

// first returns the first field of a set given as bits.
func (s *Shape) first(set uint64) *Field { return &s.Fields[bits.TrailingZeros64(set)] }
