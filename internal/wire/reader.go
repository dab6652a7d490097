package wire

import (
	"unicode/utf16"
	"unicode/utf8"
)

// maxSkipDepth bounds the nesting of a value that is skipped because it is mistyped.
const maxSkipDepth = 64

// A reader walks over JSON text (RFC 8259). A method that returns ok false met text
// that is not JSON; the reader is then of no further use.
type reader struct {
	text    []byte
	at      int
	scratch []byte // holds the last string that had escapes
}

// peek skips white space and returns the next byte, 0 at the end.
func (r *reader) peek() byte {
	for r.at < len(r.text) {
		switch c := r.text[r.at]; c {
		case ' ', '\t', '\n', '\r':
			r.at++
		default:
			return c
		}
	}
	return 0
}

// next moves to the next element of a list or object that ends in end: past the comma
// unless it is the first. more is false when the end was met, and consumed.
func (r *reader) next(first bool, end byte) (more, ok bool) {
	c := r.peek()
	if c == end {
		r.at++
		return false, true
	}
	if first {
		return true, c != 0
	}
	r.at++
	return true, c == ',' && r.peek() != end
}

// key reads a member's name and its colon. The name is valid until the next string is
// read; what is not UTF-8 in it reads as U+FFFD.
func (r *reader) key() (name []byte, ok bool) {
	if r.peek() != '"' {
		return nil, false
	}
	name, _, ok = r.str()
	if !ok || r.peek() != ':' {
		return nil, false
	}
	r.at++
	return name, true
}

// str reads the string that starts here. clean is false when it holds a NUL, a lone
// surrogate or bytes that are not UTF-8. The result is valid until the next call.
func (r *reader) str() (s []byte, clean, ok bool) {
	start := r.at + 1
	ascii := true
	for i := start; i < len(r.text); i++ {
		switch c := r.text[i]; {
		case c == '"':
			r.at = i + 1
			s = r.text[start:i]
			return s, ascii || utf8.Valid(s), true
		case c == '\\':
			r.at = start
			return r.unescape()
		case c < ' ':
			return nil, false, false
		case c >= utf8.RuneSelf:
			ascii = false
		}
	}
	return nil, false, false
}

// unescape reads the rest of a string, from its first byte on, into scratch.
func (r *reader) unescape() (s []byte, clean, ok bool) {
	clean = true
	r.scratch = r.scratch[:0]
	for r.at < len(r.text) {
		c := r.text[r.at]
		r.at++
		switch {
		case c == '"':
			return r.scratch, clean && utf8.Valid(r.scratch), true
		case c < ' ':
			return nil, false, false
		case c != '\\':
			r.scratch = append(r.scratch, c)
		default:
			whole, ok := r.escape()
			if !ok {
				return nil, false, false
			}
			clean = clean && whole
		}
	}
	return nil, false, false
}

// escape reads what follows a backslash. whole is false for a NUL and for half a
// surrogate pair, which reads as U+FFFD.
func (r *reader) escape() (whole, ok bool) {
	if r.at >= len(r.text) {
		return false, false
	}
	c := r.text[r.at]
	r.at++
	switch c {
	case '"', '\\', '/':
	case 'b':
		c = '\b'
	case 'f':
		c = '\f'
	case 'n':
		c = '\n'
	case 'r':
		c = '\r'
	case 't':
		c = '\t'
	case 'u':
		return r.unicode()
	default:
		return false, false
	}
	r.scratch = append(r.scratch, c)
	return true, true
}

// unicode reads the four digits after \u, and the second half of a surrogate pair.
func (r *reader) unicode() (whole, ok bool) {
	c, ok := r.hex4(r.at)
	if !ok {
		return false, false
	}
	r.at += 4
	whole = c != 0
	if utf16.IsSurrogate(c) {
		c = r.pair(c)
		whole = c != utf8.RuneError
	}
	r.scratch = utf8.AppendRune(r.scratch, c)
	return whole, true
}

// pair joins a high surrogate with the low one that must follow it.
func (r *reader) pair(high rune) rune {
	if r.at+6 > len(r.text) || r.text[r.at] != '\\' || r.text[r.at+1] != 'u' {
		return utf8.RuneError
	}
	low, ok := r.hex4(r.at + 2)
	c := utf16.DecodeRune(high, low)
	if ok && c != utf8.RuneError {
		r.at += 6
	}
	return c
}

func (r *reader) hex4(at int) (rune, bool) {
	if at+4 > len(r.text) {
		return 0, false
	}
	var c rune
	for _, d := range r.text[at : at+4] {
		switch {
		case d >= '0' && d <= '9':
			d -= '0'
		case d >= 'a' && d <= 'f':
			d -= 'a' - 10
		case d >= 'A' && d <= 'F':
			d -= 'A' - 10
		default:
			return 0, false
		}
		c = c<<4 | rune(d)
	}
	return c, true
}

// number reads the number that starts here and returns its text. whole is false when
// it has a fraction or an exponent.
func (r *reader) number() (text []byte, whole, ok bool) {
	start := r.at
	if r.here() == '-' {
		r.at++
	}
	lead := r.here()
	n := r.digits()
	if n == 0 || n > 1 && lead == '0' {
		return nil, false, false
	}
	whole = true
	if r.here() == '.' {
		whole = false
		r.at++
		if r.digits() == 0 {
			return nil, false, false
		}
	}
	if c := r.here(); c == 'e' || c == 'E' {
		whole = false
		r.at++
		if c := r.here(); c == '+' || c == '-' {
			r.at++
		}
		if r.digits() == 0 {
			return nil, false, false
		}
	}
	return r.text[start:r.at], whole, true
}

// here returns the byte at this place, 0 at the end.
func (r *reader) here() byte {
	if r.at < len(r.text) {
		return r.text[r.at]
	}
	return 0
}

func (r *reader) digits() (n int) {
	for c := r.here(); c >= '0' && c <= '9'; c = r.here() {
		r.at++
		n++
	}
	return n
}

// word reads one of true, false and null if it stands here.
func (r *reader) word(w string) bool {
	if len(r.text)-r.at < len(w) || string(r.text[r.at:r.at+len(w)]) != w {
		return false
	}
	r.at += len(w)
	return true
}

// skip reads over any value.
func (r *reader) skip(depth int) (ok bool) {
	switch c := r.peek(); {
	case c == '"':
		_, _, ok = r.str()
		return ok
	case c == '{' || c == '[':
		return depth < maxSkipDepth && r.skipNested(c, depth+1)
	case c == '-' || c >= '0' && c <= '9':
		_, _, ok = r.number()
		return ok
	}
	return r.word("true") || r.word("false") || r.word("null")
}

func (r *reader) skipNested(open byte, depth int) bool {
	end := open + 2 // the closing bracket of either kind
	r.at++
	for first := true; ; first = false {
		more, ok := r.next(first, end)
		if !ok || !more {
			return ok
		}
		if open == '{' {
			if _, ok := r.key(); !ok {
				return false
			}
		}
		if !r.skip(depth) {
			return false
		}
	}
}
