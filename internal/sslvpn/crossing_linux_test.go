package sslvpn

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"testing"

	"github.com/gatewright/gatewright/internal/lab"
)

// crossing stands between the plane and OpenVPN's management socket. It holds back what the
// plane asks until it is opened, and tells when OpenVPN has asked about a client.
type crossing struct {
	open  chan struct{} // closed: all passes
	asked chan struct{} // gets one for each client
}

// cross puts a crossing in the place of the server's socket. No plane may be connected.
func (b *bench) cross(t *testing.T) *crossing {
	t.Helper()
	c := &crossing{open: make(chan struct{}), asked: make(chan struct{}, 16)}
	path := b.children.Path(childName(b.row.ID), endSocket)
	if err := os.Rename(path, path+".real"); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			near, err := l.Accept()
			if err != nil {
				return
			}
			far, err := net.Dial("unix", path+".real")
			if err != nil {
				near.Close()
				continue
			}
			go c.ask(near, far)
			go c.tell(far, near)
		}
	}()
	return c
}

// ask carries the plane's commands.
func (c *crossing) ask(near, far net.Conn) {
	defer far.Close()
	<-c.open
	_, _ = io.Copy(far, near)
}

// tell carries OpenVPN's lines.
func (c *crossing) tell(far, near net.Conn) {
	defer near.Close()
	for lines := bufio.NewReader(far); ; {
		line, err := lines.ReadString('\n')
		if err != nil {
			return
		}
		if _, err := io.WriteString(near, line); err != nil {
			return
		}
		if strings.HasPrefix(line, ">CLIENT:ENV,END") {
			c.asked <- struct{}{}
		}
	}
}

// TestFullAtOnce has a client call a server that is full just after the program's start,
// before OpenVPN has said who is connected: it is refused, and let in when there is room.
func TestFullAtOnce(t *testing.T) {
	b := newBench(t)
	b.server().Sessions = 1
	first, second := b.traveller(t), b.traveller(t)
	b.ready(t)
	first.dial()
	b.up(t, first)
	b.Eventually(lab.Patience, "the session is listed", b.count(1))
	b.stop()
	c := b.cross(t)
	b.start(t)
	applied := make(chan error, 1)
	go func() {
		_, err := b.plane.Apply(t.Context(), b.machine)
		applied <- err
	}()
	b.Eventually(lab.Patience, "the plane hears of the second client", func() error {
		if second.process == nil {
			s := b.plane.servers[b.row.ID]
			s.mu.Lock()
			defer s.mu.Unlock()
			if s.line == nil {
				return errors.New("the plane is not connected")
			}
			second.dial()
		}
		select {
		case <-c.asked:
			return nil
		default:
			return fmt.Errorf("%s", tail(second.process.Output()))
		}
	})
	b.Eventually(lab.Patience, "it is not let in, and not refused", func() error {
		s := b.plane.servers[b.row.ID]
		s.mu.Lock()
		defer s.mu.Unlock()
		if len(s.sessions) > 0 || len(s.waiting) != 1 {
			return fmt.Errorf("%d sessions, %d wait", len(s.sessions), len(s.waiting))
		}
		return nil
	})
	close(c.open)
	b.refused(t, refusedFull)
	if err := <-applied; err != nil {
		t.Logf("the first look: %v", err) // on a busy machine it may have ended before the crossing was open
	}
	if second.times() > 0 {
		t.Error("one session too many")
	}
	if _, err := first.Try("ping", "-n", "-c", "1", "-W", "1", "172.16.0.1"); err != nil {
		t.Error("who was there is not any more:", err)
	}
	first.process.Kill()
	b.server().Clients = b.without(first.id)
	b.ready(t)
	b.up(t, second)
}
