package sslvpn

import (
	"context"
	"crypto/tls"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gatewright/gatewright/internal/lab"
)

// leaves begins a handshake so many times, says what a client says, and never acknowledges
// the server's answer. It waits until the plane has let each of them in, at its address.
func (b *bench) leaves(t *testing.T, c *traveller, times int) {
	t.Helper()
	cert := c.pair(t)
	var from []string
	for range times {
		conn, err := c.Dial(context.Background(), "udp", public+":1194")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		from = append(from, conn.LocalAddr().String())
		line := newChannel(t, conn, b.crypt)
		if err := line.begin(); err != nil {
			t.Fatal(err)
		}
		info := hello{info: "IV_PROTO=990\nIV_CIPHERS=AES-256-GCM\n"}
		if _, err := tls.Client(line, &tls.Config{Certificates: []tls.Certificate{cert}, InsecureSkipVerify: true}).Write(info.bytes()); err != nil {
			t.Fatal(err)
		}
	}
	b.Eventually(lab.Patience, "they are let in", func() error {
		have := b.halfway()
		for _, address := range from {
			if !slices.Contains(have, address) {
				return fmt.Errorf("%s is not in %v", address, have)
			}
		}
		return nil
	})
}

// halfway are the addresses of those who have been let in and whose handshake is not over.
func (b *bench) halfway() (out []string) {
	s := b.plane.servers[b.row.ID]
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, session := range s.coming {
		out = append(out, session.Source.String())
	}
	return out
}

// TestGhosts has one client begin more handshakes than there are places and finish none. It
// takes its own place and no other, so the other client comes in; what is told is who is
// connected. Revoked, the handshakes are ended as fast as sessions, and count as none.
func TestGhosts(t *testing.T) {
	b := newBench(t)
	const many = 6
	b.server().Sessions = 2
	ghost, good, late := b.traveller(t), b.traveller(t), b.traveller(t)
	b.ready(t)
	b.leaves(t, ghost, many)
	if all := b.sessions(t); len(all) != 0 || b.plane.Counts()[b.row.ID].Sessions != 0 {
		t.Errorf("handshakes that are not over count as sessions: %+v", all)
	}
	b.comesIn(t, good)
	for try := 1; len(b.halfway()) < many; try++ { // OpenVPN has given some up, on a busy machine
		if try == 3 {
			t.Fatal("no handshake lasts until another client is in")
		}
		good.process.Kill()
		b.leaves(t, ghost, many)
		b.comesIn(t, good)
	}
	b.Eventually(lab.Patience, "one session is listed", b.count(1))
	if n := b.plane.Counts()[b.row.ID].Refused[refusedFull]; n != 0 {
		t.Errorf("the good one was refused %d times", n)
	}
	b.leaves(t, ghost, 1) // it has a place, one
	late.dial()
	b.refused(t, refusedFull)

	b.server().Clients = b.without(ghost.id)
	began := time.Now()
	b.ready(t)
	settled := func() error {
		o, err := b.plane.Apply(t.Context(), b.machine)
		if err == nil && !o.SSLServers[string(b.row.ID)].Settled {
			err = fmt.Errorf("it is not settled")
		}
		return err
	}
	b.Eventually(lab.Patience, "a revoked client's handshakes are ended", settled)
	t.Logf("figure: revoked with %d handshakes that are not over: gone after %v", many+1, time.Since(began).Round(time.Millisecond))
	if left := b.halfway(); len(left) > 0 {
		t.Errorf("not ended: %v", left)
	}
	if n := b.plane.Counts()[b.row.ID].Expelled; n != 0 {
		t.Errorf("%d sessions were thrown out that were none", n)
	}
	b.up(t, late)
	b.Eventually(lab.Patience, "both are listed", b.count(2))
}

// call is what OpenVPN writes when a client asks to be let in.
func call(cid int, client, serial string) string {
	return fmt.Sprintf(`>CLIENT:CONNECT,%d,1
>CLIENT:ENV,untrusted_ip=198.51.100.21
>CLIENT:ENV,untrusted_port=%d
>CLIENT:ENV,common_name=%s
>CLIENT:ENV,tls_serial_hex_0=%s
>CLIENT:ENV,END
`, cid, 40000+cid, client, serial)
}

// TestLastPlace has two clients ask for one place at once: the first to ask has it, however
// often it asks, until it goes. One that is revoked before its handshake is over is cut off
// at the address that it asked from.
func TestLastPlace(t *testing.T) {
	s, line := listener(filepath.Join(t.TempDir(), "notes"))
	s.want.Sessions = 1
	s.hearAll("END\n" + call(7, "vpnc-00000001", "ab") + call(8, "vpnc-00000002", "cd") + call(9, "vpnc-00000001", "ab"))
	for cid, in := range map[int]bool{7: true, 8: false, 9: true} {
		if got := strings.Contains(line.text.String(), fmt.Sprintf("client-auth %d 1\n", cid)); got != in {
			t.Errorf("client %d is let in: %t", cid, got)
		}
	}
	if n := s.count(); n.Refused[refusedFull] != 1 || n.Sessions != 0 {
		t.Errorf("%+v", n)
	}
	s.hearAll(">CLIENT:DISCONNECT,7\n>CLIENT:ENV,END\n" + call(10, "vpnc-00000002", "cd"))
	if strings.Contains(line.text.String(), "client-auth 10 1\n") {
		t.Error("a client has lost the place of its second call with its first")
	}
	s.hearAll(">CLIENT:DISCONNECT,9\n>CLIENT:ENV,END\n" + call(11, "vpnc-00000002", "cd"))
	if !strings.Contains(line.text.String(), "client-auth 11 1\n") {
		t.Error("a place that is free again is not given")
	}

	s.want.Clients = nil
	s.expel()
	s.tally.thrown[11] = time.Now().Add(-farewell)
	s.expel()
	if text := line.text.String(); !strings.Contains(text, "client-kill 11 RESTART\n") || !strings.HasSuffix(text, "kill 198.51.100.21:40011\n") {
		t.Errorf("it says %s", text)
	}
}
