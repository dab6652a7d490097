package api

import (
	"bytes"
	"strconv"
	"strings"
)

// fate is what becomes of a line of a head.
type fate uint8

const (
	passOn fate = iota
	drop
	replace
)

// A head is what a repairer has to know of the request head that it is in.
type head struct {
	http10  bool
	ended   bool
	bad     bool // net/http will refuse it, or its framing is not sure
	chunked bool
	length  string // Content-Length as sent
	last    lineKind
}

// lineKind is what the last header line was, for the sake of a line that continues it.
type lineKind uint8

const (
	plainLine lineKind = iota
	framingLine
	droppedLine
)

// line judges a header line, or the empty one that ends the head. Judging a line twice
// is harmless, for a line that is not passed on may have to wait.
func (h *head) line(line []byte) fate {
	text := bytes.TrimRight(line, "\r\n")
	if len(text) == 0 {
		h.ended = true
		return passOn
	}
	if text[0] == ' ' || text[0] == '\t' {
		return h.continued()
	}
	name, value, _ := bytes.Cut(text, []byte(":"))
	value = bytes.Trim(value, " \t")
	h.last = plainLine
	switch {
	case equalFold(name, repairedHeader):
		h.last = droppedLine
		return drop
	case equalFold(name, "Host"):
		h.last = framingLine
		if _, broken := schemelessHost(string(value)); broken {
			return replace
		}
	case equalFold(name, "Content-Length"):
		h.contentLength(string(value))
	case equalFold(name, "Transfer-Encoding"):
		h.last = framingLine
		h.bad = h.bad || h.chunked || !equalFold(value, "chunked")
		h.chunked = true
	}
	return passOn
}

func (h *head) contentLength(value string) {
	h.last = framingLine
	h.bad = h.bad || value == "" || h.length != "" && h.length != value
	h.length = value
}

// continued judges a line that goes on with the one before it.
func (h *head) continued() fate {
	switch h.last {
	case droppedLine:
		return drop
	case framingLine:
		h.bad = true
	}
	return passOn
}

// next says what follows the head, and how long a body is.
func (h *head) next() (place, uint64) {
	if h.bad {
		return nowhere, 0
	}
	if h.chunked && !h.http10 { // net/http knows no chunks in HTTP/1.0
		return chunkSize, 0
	}
	if h.length == "" {
		return requestLine, 0
	}
	n, err := strconv.ParseUint(h.length, 10, 63)
	switch {
	case err != nil:
		return nowhere, 0
	case n == 0:
		return requestLine, 0
	}
	return body, n
}

// repaired appends a broken Host line as it should be, after its original text.
func (h *head) repaired(b, line []byte) []byte {
	_, value, _ := bytes.Cut(bytes.TrimRight(line, "\r\n"), []byte(":"))
	value = bytes.Trim(value, " \t")
	host, _ := schemelessHost(string(value))
	b = append(b, repairedHeader+": "...)
	b = append(b, value...)
	b = append(b, "\r\nHost: "...)
	b = append(b, host...)
	return append(b, "\r\n"...)
}

// schemelessHost takes the host out of a Host line that holds a whole URL.
func schemelessHost(value string) (host string, broken bool) {
	for _, scheme := range [...]string{"http://", "https://"} {
		if len(value) > len(scheme) && strings.EqualFold(value[:len(scheme)], scheme) {
			host, _, _ = strings.Cut(value[len(scheme):], "/")
			return host, host != ""
		}
	}
	return value, false
}

func equalFold(name []byte, want string) bool {
	return len(name) == len(want) && strings.EqualFold(string(name), want)
}
