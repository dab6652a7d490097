package api

import (
	"bytes"
	"io"
	"net"
)

// repairedHeader carries, to the handlers of a repaired connection alone, what a head
// said before its repair: either the text of its Host line, or overlong. A line of this
// name that a client sends is dropped.
const repairedHeader = "X-Gatewright-Repaired"

// overlong in repairedHeader stands for a request line beyond maxRequestLine.
const overlong = "overlong"

// maxRequestLine bounds a request line in bytes: a query of 32 KB, its method and an
// absolute form around it. A longer one is cut off here, so that it costs no memory and
// is still answered.
const maxRequestLine = 36 << 10

// Repair wraps a listener so that net/http accepts what the vendor's command line sends
// when it is pointed at a plain http endpoint: Host: http://name:port, which net/http
// refuses before any handler runs. Every request on a connection is repaired, pipelined
// ones too. For TLS, wrap the listener that does the TLS.
func Repair(l net.Listener) net.Listener { return repairListener{l} }

type repairListener struct{ net.Listener }

func (l repairListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &repairConn{Conn: c, repairer: repairer{src: c}}, nil
}

// A repairConn is a connection whose requests are repaired as they are read.
type repairConn struct {
	net.Conn
	repairer
}

func (c *repairConn) Read(p []byte) (int, error) { return c.repairer.Read(p) }

// CloseWrite lets net/http end its side first, so that an answer to a request whose
// body was not read to its end is not lost to a reset.
func (c *repairConn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}

// place is where in a stream of HTTP/1.1 requests a repairer stands.
//
//	requestLine -> header* -> requestLine                 no body
//	                       -> body -> requestLine         Content-Length
//	                       -> chunkSize -> chunk -> chunkSize ... -> trailer -> requestLine
//	                       -> nowhere                     not understood: EOF follows
type place uint8

const (
	requestLine place = iota
	header
	body
	chunkSize
	chunk
	trailer
	cutLine  // inside of an overlong request line, which is dropped
	longLine // inside of an overlong header line, which net/http will refuse
	nowhere
)

// A repairer reads a stream of requests and gives it out repaired. It follows the
// framing just as far as it must to know which bytes are a head; where net/http would
// refuse a head, it passes the head on and then ends the stream, so that the two never
// disagree about where a request starts. One goroutine at a time may read.
type repairer struct {
	src  io.Reader
	buf  []byte // what was read from src
	r, w int    // buf[r:w] is not given out yet
	pass int    // so many bytes from r on may be given out
	out  []byte // given out before that: lines that replace others
	at   place
	left uint64 // bytes of a body or chunk that are still to come
	head head
}

const (
	repairBuffer = 4 << 10
	maxSizeLine  = 1 << 10 // a chunk's size with its extensions
)

// Read gives out repaired bytes. An error of src is returned as it is, and reading may
// go on after a timeout.
func (c *repairer) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	for {
		if n := c.give(p); n > 0 {
			return n, nil
		}
		if c.at == nowhere {
			return 0, io.EOF
		}
		if c.r == c.w && (c.at == body || c.at == chunk) {
			return c.through(p)
		}
		if err := c.fill(); err != nil {
			return 0, err
		}
		c.examine()
	}
}

// give copies out what may be given out.
func (c *repairer) give(p []byte) int {
	if len(c.out) > 0 {
		n := copy(p, c.out)
		c.out = c.out[n:]
		return n
	}
	if c.pass == 0 {
		c.examine()
		if len(c.out) > 0 {
			return c.give(p)
		}
	}
	n := copy(p, c.buf[c.r:c.r+c.pass])
	c.r += n
	c.pass -= n
	return n
}

// through reads a body without a detour over the buffer.
func (c *repairer) through(p []byte) (int, error) {
	if uint64(len(p)) > c.left {
		p = p[:c.left]
	}
	n, err := c.src.Read(p)
	c.advance(uint64(n))
	return n, err
}

// fill reads more into the buffer, which grows up to one overlong line.
func (c *repairer) fill() error {
	if c.r == c.w {
		c.r, c.w = 0, 0
		if cap(c.buf) > repairBuffer {
			c.buf = nil // an overlong line was an exception
		}
	}
	if c.w == len(c.buf) {
		c.room()
	}
	n, err := c.src.Read(c.buf[c.w:])
	c.w += n
	if n > 0 {
		return nil
	}
	return err
}

func (c *repairer) room() {
	switch {
	case c.buf == nil:
		c.buf = make([]byte, repairBuffer)
	case c.r > 0:
		c.w = copy(c.buf, c.buf[c.r:c.w])
		c.r = 0
	default:
		bigger := make([]byte, 2*len(c.buf))
		c.w = copy(bigger, c.buf[:c.w])
		c.buf = bigger
	}
}

// examine looks at what was not looked at yet: it extends pass, or, when nothing is
// waiting to be given out, drops or replaces a line.
func (c *repairer) examine() {
	for c.r+c.pass < c.w && len(c.out) == 0 {
		rest := c.buf[c.r+c.pass : c.w]
		switch c.at {
		case nowhere:
			return
		case body, chunk:
			n := min(c.left, uint64(len(rest)))
			c.pass += int(n)
			c.advance(n)
			continue
		}
		i := bytes.IndexByte(rest, '\n')
		if i < 0 {
			c.unended(rest)
			return
		}
		if !c.line(rest[:i+1]) {
			return
		}
	}
}

// advance notes that so many bytes of a body or chunk have gone.
func (c *repairer) advance(n uint64) {
	c.left -= n
	if c.left > 0 {
		return
	}
	if c.at == chunk {
		c.at = chunkSize
	} else {
		c.at = requestLine
	}
}

// line deals with one whole line. It returns false when it has to wait until what is
// before the line has been given out.
func (c *repairer) line(line []byte) bool {
	fate := passOn
	switch c.at {
	case requestLine:
		if len(bytes.TrimRight(line, "\r\n")) > 0 {
			c.head = head{http10: bytes.HasSuffix(bytes.TrimRight(line, "\r\n"), []byte(" HTTP/1.0"))}
			c.at = header
		}
	case header:
		if fate = c.head.line(line); fate == passOn && c.head.ended {
			c.at, c.left = c.head.next()
		}
	case chunkSize:
		c.chunkSize(line)
	case trailer:
		if len(bytes.TrimRight(line, "\r\n")) == 0 {
			c.at = requestLine
		}
	case cutLine:
		fate = drop
		if c.pass == 0 {
			c.at = header
		}
	case longLine:
		c.at = header
	}
	switch {
	case fate == passOn:
		c.pass += len(line)
	case c.pass > 0:
		return false
	default:
		if fate == replace {
			c.out = c.head.repaired(c.out[:0], line)
		}
		c.r += len(line)
	}
	return true
}

// unended deals with the beginning of a line whose end has not come yet.
func (c *repairer) unended(rest []byte) {
	switch {
	case c.at == cutLine && c.pass == 0:
		c.r += len(rest)
	case c.at == longLine:
		c.pass += len(rest)
	case c.at == chunkSize && len(rest) > maxSizeLine:
		c.at = nowhere
	case len(rest) <= maxRequestLine || c.pass > 0:
	case c.at == trailer:
		c.at = nowhere
	case c.at == requestLine:
		c.out = append(c.out[:0], verb(rest)+" / HTTP/1.1\r\n"+repairedHeader+": "+overlong+"\r\n"...)
		c.head, c.at = head{}, cutLine
		c.r += len(rest)
	default:
		c.head.bad = true // it may be a framing header
		c.pass += len(rest)
		c.at = longLine
	}
}

func verb(line []byte) string {
	word, _, _ := bytes.Cut(line[:min(len(line), 16)], []byte(" "))
	if string(word) == "POST" {
		return "POST"
	}
	return "GET"
}

// chunkSize reads a line such as 1f4;name=value.
func (c *repairer) chunkSize(line []byte) {
	digits, _, _ := bytes.Cut(bytes.TrimRight(line, " \t\r\n"), []byte(";"))
	size, ok := parseHex(bytes.TrimRight(digits, " \t"))
	switch {
	case !ok:
		c.at = nowhere
	case size == 0:
		c.at = trailer
	default:
		c.at, c.left = chunk, size+2 // the chunk ends in an empty line's CRLF
	}
}

func parseHex(digits []byte) (n uint64, ok bool) {
	for _, d := range digits {
		switch {
		case d >= '0' && d <= '9':
			d -= '0'
		case d|0x20 >= 'a' && d|0x20 <= 'f':
			d = d | 0x20 - 'a' + 10
		default:
			return 0, false
		}
		n = n<<4 | uint64(d)
	}
	return n, len(digits) > 0 && len(digits) < 16
}
