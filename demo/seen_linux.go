package main

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"syscall"
	"time"

	"github.com/gatewright/gatewright/internal/lab"
)

var pingTimes = regexp.MustCompile(`= [\d.]+/([\d.]+)/`)

func (o *office) ping(seen *table) {
	o.Helper()
	say("ping from desk to workload, and back")
	for _, way := range []struct {
		what string
		from *lab.Namespace
		to   string
	}{
		{"ping, desk to workload", o.desk, o.inside},
		{"ping, workload to desk", o.workload, deskAddr},
	} {
		pinged(o, seen, way.what, way.from, way.to)
	}
}

// pinged sends pings that must all come back.
func pinged(t lab.T, seen *table, what string, from *lab.Namespace, to string) {
	t.Helper()
	p := from.Ping(to, 50)
	mean := pingTimes.FindStringSubmatch(p.Text)
	if mean == nil {
		t.Fatalf("ping says:\n%s", p.Text)
	}
	seen.add(p.Lost() == 0, what, "0 lost", "%v, %s ms", p, mean[1])
}

const fileSize = 4 << 20

// copy sends a file from the desk to the workload.
func (o *office) copy(seen *table) {
	o.Helper()
	say("a file, from desk to workload")
	copied(o.site, seen, "a file of 4 MiB", o.desk)
}

// copied sends a file from somewhere to the workload and compares what arrives.
func copied(s *site, seen *table, what string, from *lab.Namespace) {
	s.Helper()
	dir := s.TempDir()
	sent, received := filepath.Join(dir, "sent"), filepath.Join(dir, "received")
	content := make([]byte, fileSize)
	rand.Read(content) // never fails
	if err := os.WriteFile(sent, content, 0o600); err != nil {
		s.Fatalf("%v", err)
	}
	began := time.Now()
	if err := s.transfer(from, sent, received); err != nil {
		s.Fatalf("copy: %v", err)
	}
	took := time.Since(began).Seconds()
	arrived, err := os.ReadFile(received)
	if err != nil {
		s.Fatalf("%v", err)
	}
	want, got := sha256.Sum256(content), sha256.Sum256(arrived)
	seen.add(got == want, what, fmt.Sprintf("sha256 %x…", want[:6]), "sha256 %x…, %.1f s", got[:6], took)
}

func (s *site) transfer(from *lab.Namespace, sent, received string) error {
	const port = "7000"
	listener, err := s.workload.Listen("tcp", net.JoinHostPort(s.inside, port))
	if err != nil {
		return err
	}
	defer listener.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	stop := context.AfterFunc(ctx, func() { listener.Close() })
	defer stop()
	done := make(chan error, 1)
	go func() { done <- receive(ctx, listener, received) }()
	conn, err := from.Dial(ctx, "tcp", net.JoinHostPort(s.inside, port))
	if err != nil {
		return err
	}
	if err := send(ctx, conn, sent); err != nil {
		return err
	}
	return <-done
}

func receive(ctx context.Context, listener net.Listener, path string) error {
	conn, err := listener.Accept()
	if err != nil {
		return err
	}
	defer conn.Close()
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer file.Close()
	if deadline, ok := ctx.Deadline(); ok {
		conn.SetDeadline(deadline)
	}
	_, err = io.Copy(file, conn)
	return err
}

func send(ctx context.Context, conn net.Conn, path string) error {
	defer conn.Close()
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	if deadline, ok := ctx.Deadline(); ok {
		conn.SetDeadline(deadline)
	}
	_, err = io.Copy(conn, file)
	return err
}

// bandwidth holds TCP against the gateway's cap, in both directions, without the second in
// which it finds its pace. The cap is never passed. That it is reached shows only where the
// processors have time to spare: daemons that miss their turn carry less.
func (o *office) bandwidth(seen *table) {
	o.Helper()
	say("iperf3 against the gateway's %d Mbit/s", megabits)
	const length, tries, busy = 4 * time.Second, 3, 0.25
	for _, way := range []struct {
		what string
		from *lab.Namespace
		to   *lab.Namespace
		addr string
	}{
		{"iperf3, desk to workload", o.desk, o.workload, o.inside},
		{"iperf3, workload to desk", o.workload, o.desk, deskAddr},
	} {
		least, rate, note := 0.0, 0.0, ""
		for try := 0; try < tries && rate <= least; try++ {
			least, note = 0.95*megabits, ""
			if o.idle(func() { rate = way.from.Iperf(way.to, way.addr, length, "-O", "1") }) < busy {
				least, note = 0.5*megabits, ", busy"
			}
		}
		seen.add(rate > least && rate < 1.05*megabits, way.what,
			fmt.Sprintf("%d Mbit/s, 5 %% more or less; half if busy", megabits), "%.2f Mbit/s%s", rate, note)
	}
}

// kill ends the gateway's IKE daemon under a running ping and does nothing about it.
func (o *office) kill(seen *table) {
	o.Helper()
	daemon := o.daemon()
	say("kill -9 %d, the gateway's charon", daemon)
	o.made.note()
	pings := o.desk.PingStart(o.inside)
	began := time.Now()
	if err := syscall.Kill(daemon, syscall.SIGKILL); err != nil {
		o.Fatalf("kill: %v", err)
	}
	o.Eventually(10*time.Second, "there is another charon", func() error {
		if now := lab.Pids(o.prefix + o.gateway); len(now) != 1 || now[0] == daemon {
			return fmt.Errorf("processes %v", now)
		}
		return nil
	})
	o.desk.Reaches(o.inside, 20*time.Second)
	took := time.Since(began)
	o.Eventually(5*time.Second, o.connection+" is AVAILABLE", o.connected)
	pings.Stop()
	seen.add(took < 5*time.Second, "charon killed, tunnel healed", "within 5 s", "%.2f s, charon is now %d", took.Seconds(), o.daemon())
	seen.add(pings.Lost() > 0 && pings.Received > 0, "pings meanwhile", "a gap, and then no more", "%v", pings)
}

// daemon is the pid of the gateway's charon.
func (o *office) daemon() int {
	o.Helper()
	pids := lab.Pids(o.prefix + o.gateway)
	if len(pids) != 1 {
		o.Fatalf("the gateway has processes %v", pids)
	}
	return pids[0]
}

// outside looks at a gateway's internet side.
type outside struct {
	*site
	what    string
	inner   []func(lab.Packet) bool // packets that must not be seen there
	sealed  func(lab.Packet) bool
	capture *lab.Capture
}

func newOutside(s *site, what, gateway, far string, sealed func(lab.Packet) bool) *outside {
	s.Helper()
	inner := []func(lab.Packet) bool{lab.Touches(siteRange), lab.Touches(far)}
	return &outside{s, what, inner, sealed, s.host.Capture("gwu" + short(gateway))}
}

func (o *office) watch() *outside {
	o.Helper()
	return newOutside(o.site, "gateway", o.gateway, officeRange, func(p lab.Packet) bool { return p.Proto == syscall.IPPROTO_ESP || p.DstPort == 4500 })
}

// report counts what was in clear, and what was not.
func (s *outside) report(seen *table) {
	s.Helper()
	s.capture.Stop()
	clear := s.capture.Packets(func(p lab.Packet) bool {
		return slices.ContainsFunc(s.inner, func(touches func(lab.Packet) bool) bool { return touches(p) })
	})
	sealed := s.capture.Packets(s.sealed)
	say("what the internet saw of the %s", s.what)
	seen.add(len(clear) == 0 && len(sealed) >= 1000, "packets on the "+s.what+"'s internet side", "0 in clear, 1000 or more encrypted", "%d in clear, %d encrypted", len(clear), len(sealed))
}
