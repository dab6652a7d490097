package probe

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"syscall"
	"time"

	"golang.org/x/net/icmp"
	"golang.org/x/net/ipv4"

	"github.com/gatewright/gatewright/internal/host"
	"github.com/gatewright/gatewright/internal/plan"
)

// echoLine is a raw ICMP socket inside a namespace, bound to the near end's address. It
// sees every ICMP message to that address: an answer is told by its cookie.
type echoLine struct {
	conn   *icmp.PacketConn
	remote netip.Addr
	id     int
	cookie []byte
	buf    [1500]byte
}

func open(p plan.Probe) (line, error) {
	l := &echoLine{remote: p.Remote, cookie: make([]byte, 16)}
	_, _ = rand.Read(l.cookie) // never fails
	l.id = int(l.cookie[0])<<8 | int(l.cookie[1])
	err := host.In(p.Namespace, func() (err error) {
		l.conn, err = icmp.ListenPacket("ip4:icmp", p.Local.String())
		return err
	})
	switch {
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return nil, fmt.Errorf("the gateway does not have %s yet", p.Local)
	case err != nil:
		return nil, err
	}
	return l, nil
}

func (l *echoLine) Close() error { return l.conn.Close() }

// Echo sends one request and waits for its answer.
func (l *echoLine) Echo(ctx context.Context, seq uint16) error {
	stop := context.AfterFunc(ctx, func() { _ = l.conn.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	if deadline, ok := ctx.Deadline(); ok {
		if err := l.conn.SetReadDeadline(deadline); err != nil {
			return err
		}
	}
	m := icmp.Message{Type: ipv4.ICMPTypeEcho, Body: &icmp.Echo{ID: l.id, Seq: int(seq), Data: l.cookie}}
	b, err := m.Marshal(nil)
	if err != nil {
		return err
	}
	if _, err := l.conn.WriteTo(b, &net.IPAddr{IP: l.remote.AsSlice()}); err != nil {
		return fmt.Errorf("the echo to %s cannot be sent: %w", l.remote, syscallError(err))
	}
	for ctx.Err() == nil {
		n, from, err := l.conn.ReadFrom(l.buf[:])
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded):
			return fmt.Errorf("no answer from %s", l.remote)
		case err != nil:
			return syscallError(err)
		case l.answers(l.buf[:n], from, seq):
			return nil
		}
	}
	return fmt.Errorf("no answer from %s", l.remote)
}

// answers reports whether a message is the answer to our request seq.
func (l *echoLine) answers(b []byte, from net.Addr, seq uint16) bool {
	m, err := icmp.ParseMessage(1, b) // 1 is ICMP for IPv4
	if err != nil || m.Type != ipv4.ICMPTypeEchoReply || from.String() != l.remote.String() {
		return false
	}
	e, ok := m.Body.(*icmp.Echo)
	return ok && e.ID == l.id && e.Seq == int(seq) && string(e.Data) == string(l.cookie)
}

// syscallError leaves out the addresses that net puts into its errors.
func syscallError(err error) error {
	var e syscall.Errno
	if errors.As(err, &e) {
		return e
	}
	return err
}
