package peerconfig

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"
	"unicode"
)

// text is a configuration as it grows.
type text struct {
	strings.Builder
	comment, uncomment string
	broken             bool // a line was more than a line
}

// line adds one line. Arguments must be words that the language's writers made; as a
// last guard a line that would be two breaks the whole text.
func (w *text) line(format string, args ...any) {
	s := format
	if len(args) > 0 {
		s = fmt.Sprintf(format, args...)
	}
	w.broken = w.broken || strings.ContainsFunc(s, unicode.IsControl) || strings.ContainsAny(s, "\u2028\u2029")
	w.WriteString(s)
	w.WriteByte('\n')
}

// note adds a comment for whoever reads the text.
func (w *text) note(format string, args ...any) {
	w.line(w.comment+" "+format+w.uncomment, args...)
}

// within holds a number against what the make takes, and tells the reader where the
// gateway's own differs. Lifetimes need not be equal: the shorter one rekeys.
func (w *text) within(what string, n, least, most uint32) uint32 {
	m := min(max(n, least), most)
	if m != n {
		w.note("%s: the gateway has %d, this make takes %d to %d.", what, n, least, most)
	}
	return m
}

const (
	letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	digits  = "0123456789"
	// plain are characters that no language here gives a meaning to inside a word.
	plain = letters + digits + "._-"
)

// only reports whether s has characters of set alone.
func only(s, set string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return !strings.ContainsRune(set, r) })
}

// printable reports whether s is ASCII without control characters.
func printable(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r > '~' })
}

// word takes s as it is where it is printable, not empty and has none of the forbidden
// characters.
func word(forbidden string) func(string) (string, bool) {
	return func(s string) (string, bool) {
		return s, s != "" && printable(s) && !strings.ContainsAny(s, forbidden)
	}
}

// domainName takes letters, digits, dots and hyphens, and what is common in names of
// hosts and users.
func domainName(s string) (string, bool) { return s, only(s, plain+"@") && only(s[:1], letters+digits) }

// base64Key writes a key as strongSwan and Libreswan decode it. Every key is written
// so: one that begins with 0x or 0s would be decoded otherwise.
func base64Key(s string) (string, bool) {
	return "0s" + base64.StdEncoding.EncodeToString([]byte(s)), true
}

// hexKey writes a key as 0x and its bytes.
func hexKey(s string) string { return "0x" + hex.EncodeToString([]byte(s)) }

// joined puts spaces between the words that are not empty.
func joined(words ...string) string {
	return strings.Join(strings.Fields(strings.Join(words, " ")), " ")
}

func choose(b bool, yes, no string) string {
	if b {
		return yes
	}
	return no
}
