package api

import (
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/gatewright/gatewright/internal/vpc"
)

// The vendor's bounds of a request, in bytes.
const (
	maxQuery = 32 << 10
	maxForm  = 1 << 20  // signature v1
	maxBody  = 10 << 20 // TC3
)

const (
	// minBodyMemory lets a few bodies of the largest size in at once.
	minBodyMemory = 4 * maxBody
	// bodyWait is how long a body waits for memory before its caller is sent away.
	bodyWait = 2 * time.Second
	// firstRead is how much memory a body gets before its first byte is read.
	firstRead = 4 << 10
	// maxPooled is the largest buffer that is kept for the next call.
	maxPooled = 16 << 10
	// maxDrained is how much of a refused body is read away.
	maxDrained = 32 << 20
)

func tooLarge(limit int, what, zh string) error {
	return vpc.Refuse(vpc.RequestSizeLimitExceeded, "", "%[1]s may hold %[2]d bytes at most", "%[3]s最多 %[2]d 字节", what, limit, zh)
}

// A bodyBudget is the memory for bodies whose sender is not known yet. Shares are given
// in the order of arrival, but first to bodies that have begun, since those will end.
type bodyBudget struct {
	mu      sync.Mutex
	free    int64
	waiting []*bodyWaiter
}

type bodyWaiter struct {
	want int64
	come chan struct{} // closed when the share was taken for the waiter
}

func newBodyBudget(bytes int64) *bodyBudget { return &bodyBudget{free: bytes} }

// take takes n bytes, waiting up to bodyWait for them; it reports whether it has them.
// begun says that the body has a share already.
func (b *bodyBudget) take(ctx context.Context, n int64, begun bool) bool {
	w := b.enter(n, begun)
	if w == nil {
		return true
	}
	timer := time.NewTimer(bodyWait)
	defer timer.Stop()
	select {
	case <-w.come:
		return true
	case <-timer.C:
	case <-ctx.Done():
	}
	return b.leave(w)
}

// enter takes n bytes, or gets in line for them.
func (b *bodyBudget) enter(n int64, begun bool) *bodyWaiter {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.free >= n && (begun || len(b.waiting) == 0) {
		b.free -= n
		return nil
	}
	w := &bodyWaiter{want: n, come: make(chan struct{})}
	if begun {
		b.waiting = slices.Insert(b.waiting, 0, w)
	} else {
		b.waiting = append(b.waiting, w)
	}
	return w
}

// leave ends a wait in vain; it reports true when the share came just then.
func (b *bodyBudget) leave(w *bodyWaiter) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	i := slices.Index(b.waiting, w)
	if i < 0 {
		return true
	}
	b.waiting = slices.Delete(b.waiting, i, i+1)
	b.serveLocked() // the next may want less
	return false
}

// give returns n bytes.
func (b *bodyBudget) give(n int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.free += n
	b.serveLocked()
}

func (b *bodyBudget) serveLocked() {
	for len(b.waiting) > 0 && b.waiting[0].want <= b.free {
		b.free -= b.waiting[0].want
		close(b.waiting[0].come)
		b.waiting = b.waiting[1:]
	}
}

// readBody reads the body, of limit bytes at most, into c.body. The memory is taken as
// the bytes come, so that an announced length alone costs nothing, and given back by
// dropBody.
func (s *Server) readBody(c *call, limit int) error {
	if cap(c.body) < firstRead {
		c.body = make([]byte, 0, firstRead)
	}
	if !s.hold(c, cap(c.body)) {
		return errBodies
	}
	for {
		if len(c.body) == cap(c.body) {
			if err := s.growBody(c, limit); err != nil {
				return err
			}
		}
		n, err := c.r.Body.Read(c.body[len(c.body):cap(c.body)])
		c.body = c.body[:len(c.body)+n]
		switch {
		case len(c.body) > limit:
			return tooLarge(limit, "the request body", "请求体")
		case err == io.EOF:
			return nil
		case err != nil:
			return bodyFailed(err)
		}
	}
}

var errBodies = vpc.Refuse(vpc.ServiceUnavailable, "", "too many requests are being received at once; try again", "同时接收的请求过多，请稍后重试")

// bodyFailed answers a body that did not come: too slow, cut off or badly framed.
func bodyFailed(err error) error {
	if t := (interface{ Timeout() bool })(nil); errors.As(err, &t) && t.Timeout() {
		return vpc.Refuse(vpc.InvalidRequest, "", "the request body did not arrive in time", "请求体未及时送达")
	}
	return vpc.Refuse(vpc.InvalidRequest, "", "the request body did not arrive whole", "请求体不完整")
}

// hold takes n more bytes of the budget for the call.
func (s *Server) hold(c *call, n int) bool {
	if !s.bodies.take(c.r.Context(), int64(n), c.held > 0) {
		return false
	}
	c.held += int64(n)
	return true
}

// growBody doubles the buffer; while it copies, old and new both count.
func (s *Server) growBody(c *call, limit int) error {
	size := min(2*cap(c.body), limit+1)
	if !s.hold(c, size) {
		return errBodies
	}
	grown := make([]byte, len(c.body), size)
	old := int64(cap(c.body))
	copy(grown, c.body)
	c.body = grown
	c.held -= old
	s.bodies.give(old)
	return nil
}

// dropBody gives the body's memory back.
func (s *Server) dropBody(c *call) {
	if c.held > 0 {
		s.bodies.give(c.held)
		c.held = 0
	}
	if cap(c.body) > maxPooled {
		c.body = nil
	}
	c.body = c.body[:0]
}

// drain reads away what is left of a refused call's body, so that a client which sends
// its body whole before it reads gets to see the refusal.
func (c *call) drain() {
	if c.r.Header.Get("Expect") == "" { // such a client waits to be asked for its body
		_, _ = io.CopyN(io.Discard, c.r.Body, maxDrained) // whatever comes of it, the refusal is the same
	}
}

// checkSize refuses what is announced to be too large.
func (c *call) checkSize() error {
	if len(c.r.URL.RawQuery) > maxQuery || c.overlong {
		return tooLarge(maxQuery, "the query", "查询串")
	}
	limit := c.maxBody()
	if c.r.Method != http.MethodGet && c.r.ContentLength > int64(limit) {
		return tooLarge(limit, "the request body", "请求体")
	}
	return nil
}

// maxBody is the bound of this call's body: forms come with signature v1.
func (c *call) maxBody() int {
	if c.r.Header.Get("Authorization") == "" {
		return maxForm
	}
	return maxBody
}
