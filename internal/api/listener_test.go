package api

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"
)

// repairedBy reads a stream through a repairer. one gives it a byte at a time.
func repairedBy(t testing.TB, stream string, one bool) string {
	t.Helper()
	var src io.Reader = strings.NewReader(stream)
	if one {
		src = iotest.OneByteReader(src)
	}
	out, err := io.ReadAll(&repairer{src: src})
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

func crlf(lines ...string) string { return strings.Join(lines, "\r\n") + "\r\n" }

func TestRepair(t *testing.T) {
	const original = repairedHeader + ": http://localhost:8080"
	good := crlf("POST / HTTP/1.1", "Host: a.test", "Content-Length: 5", "") + "hello"
	broken := crlf("POST / HTTP/1.1", "Content-Type: application/json", "hOST:  http://localhost:8080 ", "Content-Length: 5", "") + "hello"
	mended := crlf("POST / HTTP/1.1", "Content-Type: application/json", original, "Host: localhost:8080", "Content-Length: 5", "") + "hello"
	forged := crlf("POST / HTTP/1.1", "x-gatewright-REPAIRED: http://evil", "Host: a.test", "Content-Length: 5", "") + "hello"
	chunks := func(host string) string {
		return crlf("POST / HTTP/1.1", host, "Transfer-Encoding: chunked", "", "5;x=y", "hello", "B", "Host: http:", "0", "Trailer: x", "")
	}
	for _, c := range []struct{ name, in, want string }{
		{"nothing", "", ""},
		{"good", good, good},
		{"good, pipelined", good + good, good + good},
		{"empty lines between", good + "\r\n" + good, good + "\r\n" + good},
		{"broken", broken, mended},
		{"kept alive, both forms", broken + good + broken + chunks("Host: a.test") + broken, mended + good + mended + chunks("Host: a.test") + mended},
		{"https and a path", crlf("GET / HTTP/1.1", "Host: HTTPS://[::1]:8443/x", ""), crlf("GET / HTTP/1.1", repairedHeader+": HTTPS://[::1]:8443/x", "Host: [::1]:8443", "")},
		{"absolute form", crlf("POST http://vpc.test/ HTTP/1.1", "Host: vpc.test", ""), crlf("POST http://vpc.test/ HTTP/1.1", "Host: vpc.test", "")},
		{"no host left", crlf("GET / HTTP/1.1", "Host: http://", ""), crlf("GET / HTTP/1.1", "Host: http://", "")},
		{"no host left but a path", crlf("GET / HTTP/1.1", "Host: http:///x", ""), crlf("GET / HTTP/1.1", "Host: http:///x", "")},
		{"forged", forged + forged, good + good},
		{"forged and continued", crlf("GET / HTTP/1.1", repairedHeader+": x", " y", "\tz", "Host: a.test", ""), crlf("GET / HTTP/1.1", "Host: a.test", "")},
		{"a body that looks like a head", crlf("POST / HTTP/1.1", "Host: a", "Content-Length: 22", "", "Host: http://b", "", "1234"), crlf("POST / HTTP/1.1", "Host: a", "Content-Length: 22", "", "Host: http://b", "", "1234")},
		{"chunks", chunks("A: b") + forged, chunks("A: b") + good},
		{"lines that end in LF alone", "GET / HTTP/1.1\nHost: http://a\n\n" + forged, "GET / HTTP/1.1\n" + repairedHeader + ": http://a\r\nHost: a\r\n\n" + good},
		{"chunks are unknown to HTTP/1.0", crlf("POST / HTTP/1.0", "Transfer-Encoding: chunked", "Content-Length: 1", "") + "x" + forged, crlf("POST / HTTP/1.0", "Transfer-Encoding: chunked", "Content-Length: 1", "") + "x" + good},
		{"ends at two lengths", crlf("POST / HTTP/1.1", "Content-Length: 1", "Content-Length: 2", "") + "ab" + forged, crlf("POST / HTTP/1.1", "Content-Length: 1", "Content-Length: 2", "")},
		{"ends at no number", crlf("POST / HTTP/1.1", "Content-Length: +1", "") + "a", crlf("POST / HTTP/1.1", "Content-Length: +1", "")},
		{"ends at an unknown coding", crlf("POST / HTTP/1.1", "Transfer-Encoding: gzip, chunked", "") + "a", crlf("POST / HTTP/1.1", "Transfer-Encoding: gzip, chunked", "")},
		{"ends at a continued length", crlf("POST / HTTP/1.1", "Content-Length: 1", " 2", "") + "a", crlf("POST / HTTP/1.1", "Content-Length: 1", " 2", "")},
		{"ends at a bad chunk", crlf("POST / HTTP/1.1", "Transfer-Encoding: chunked", "", "xyz") + "a", crlf("POST / HTTP/1.1", "Transfer-Encoding: chunked", "", "xyz")},
	} {
		for _, one := range []bool{false, true} {
			if got := repairedBy(t, c.in, one); got != c.want {
				t.Errorf("%s (byte by byte: %v):\n%q, want\n%q", c.name, one, got, c.want)
			}
		}
	}
}

func TestRepairOverlong(t *testing.T) {
	long := strings.Repeat("x", 200_000)
	for _, c := range []struct{ name, in, want string }{
		{"a query", crlf("GET /?a="+long+" HTTP/1.1", "Host: http://a", "") + crlf("GET / HTTP/1.1", "Host: b", ""),
			crlf("GET / HTTP/1.1", repairedHeader+": overlong", repairedHeader+": http://a", "Host: a", "") + crlf("GET / HTTP/1.1", "Host: b", "")},
		{"a query of a POST with a body", crlf("POST /?a="+long+" HTTP/1.1", "Content-Length: 3", "") + "abc",
			crlf("POST / HTTP/1.1", repairedHeader+": overlong", "Content-Length: 3", "") + "abc"},
		{"a header", crlf("GET / HTTP/1.1", "A: "+long, "B: 1", "") + "not reached", crlf("GET / HTTP/1.1", "A: "+long, "B: 1", "")},
		{"a trailer", crlf("POST / HTTP/1.1", "Transfer-Encoding: chunked", "", "0", long), crlf("POST / HTTP/1.1", "Transfer-Encoding: chunked", "", "0")},
		{"a chunk's size", crlf("POST / HTTP/1.1", "Transfer-Encoding: chunked", "", "1;"+long), crlf("POST / HTTP/1.1", "Transfer-Encoding: chunked", "")},
	} {
		for _, one := range []bool{false, true} {
			r := &repairer{src: strings.NewReader(c.in)}
			if one {
				r.src = iotest.OneByteReader(r.src)
			}
			got, _ := io.ReadAll(r)
			if string(got) != c.want && !(c.name == "a chunk's size" && strings.HasPrefix(string(got), c.want)) {
				t.Errorf("%s (byte by byte: %v): %d bytes, want %d", c.name, one, len(got), len(c.want))
			}
			if cap(r.buf) > 2*(maxRequestLine+repairBuffer) {
				t.Errorf("%s: the buffer grew to %d bytes", c.name, cap(r.buf))
			}
		}
	}
}

// FuzzRepair checks that the repair of a stream does not depend on how it arrives, that
// what net/http reads of it never holds a forged note, and that a stream with nothing to
// repair passes unchanged.
func FuzzRepair(f *testing.F) {
	f.Add(crlf("POST / HTTP/1.1", "Host: http://a:1", "Content-Length: 2", "") + "ab" + crlf("GET / HTTP/1.1", "Host: b", ""))
	f.Add(crlf("POST / HTTP/1.1", "Host: a", "Transfer-Encoding: chunked", "", "3", "abc", "0", ""))
	f.Add(crlf("GET / HTTP/1.0", repairedHeader+": forged", " more", "Host: a", ""))
	f.Add(crlf("GET / HTTP/1.1", "Host: a", "Content-Length: 3", "Transfer-Encoding: chunked", "", "0", "", repairedHeader+": forged"))
	f.Add("GET / HTTP/1.1\nHost:https://x\n\n\n\n")
	f.Fuzz(func(t *testing.T, stream string) {
		whole := repairedBy(t, stream, false)
		if single := repairedBy(t, stream, true); single != whole {
			t.Fatalf("%q repaired to %q, byte by byte to %q", stream, whole, single)
		}
		lower := strings.ToLower(stream)
		if !strings.Contains(lower, "host") && !strings.Contains(lower, strings.ToLower(repairedHeader)) && !strings.HasPrefix(stream, whole) {
			t.Fatalf("%q became %q", stream, whole)
		}
		checkNotes(t, whole)
	})
}

// checkNotes reads requests as net/http does and looks at the notes in them.
func checkNotes(t *testing.T, stream string) {
	t.Helper()
	br := bufio.NewReader(strings.NewReader(stream))
	for {
		r, err := http.ReadRequest(br)
		if err != nil {
			return
		}
		notes := r.Header[repairedHeader]
		if len(notes) > 1 {
			t.Fatalf("%q: %d notes", stream, len(notes))
		}
		if len(notes) == 1 {
			host, broken := schemelessHost(notes[0])
			if !broken || r.URL.Host == "" && r.Host != strings.TrimSpace(host) {
				t.Fatalf("%q: note %q beside host %q", stream, notes[0], r.Host)
			}
		}
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			return
		}
		discardEmptyLines(br)
	}
}

// discardEmptyLines does what net/http's server does between requests.
func discardEmptyLines(br *bufio.Reader) {
	for {
		b, err := br.Peek(1)
		if err != nil || !bytes.ContainsAny(b, "\r\n") {
			return
		}
		br.Discard(1)
	}
}
