package host

import "strings"

// An Error says what the host refused: which operation on which object, in which
// namespace, and what an operator can do about it.
type Error struct {
	Op        string // such as "add link"
	Object    string // such as "wan0"
	Namespace string // empty: the server's own, or none
	Hint      string // may be empty
	Err       error
}

func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Op)
	if e.Object != "" {
		b.WriteString(" " + e.Object)
	}
	if e.Namespace != "" {
		b.WriteString(" in " + e.Namespace)
	}
	b.WriteString(": " + e.Err.Error())
	if e.Hint != "" {
		b.WriteString(" (" + e.Hint + ")")
	}
	return b.String()
}

func (e *Error) Unwrap() error { return e.Err }
