package sslvpn

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gatewright/gatewright/internal/host"
	"github.com/gatewright/gatewright/internal/plan"
	"github.com/gatewright/gatewright/internal/vpc"
)

// The endings of a server's files beside those of its child.
const (
	endConfig  = ".conf"
	endSocket  = ".mgmt"
	endNotes   = ".sessions"
	endMachine = ".machine" // the gateway's id, for the next run
)

var endings = []string{endConfig, endSocket, endNotes, endMachine}

const stopGrace = 2 * time.Second

// server is one OpenVPN process and the connection to it.
type server struct {
	id      vpc.SSLServerID
	machine atomic.Pointer[plan.MachineID]
	log     *slog.Logger
	wake    func()

	children      *host.Children
	child         *host.Child
	watched       *host.Child
	socket, notes string
	end           context.CancelFunc
	done          chan struct{}

	// Of tend's goroutine alone.
	word   string
	args   []string
	env    map[string]string
	listed map[uint64]Session

	mu       sync.Mutex // guards the rest
	want     *plan.SSLServer
	line     net.Conn // nil while nobody is connected
	heard    bool     // it has answered on this connection, so it takes clients
	sessions map[uint64]Session
	noted    map[uint64]string
	refusals map[string]int
}

// begin takes a new connection up: who was connected is asked anew.
func (s *server) begin(conn net.Conn) {
	s.word, s.env, s.listed = "", nil, map[uint64]Session{}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.line, s.heard, s.sessions, s.noted = conn, false, map[uint64]Session{}, readNotes(s.notes)
}

func (s *server) setLine(conn net.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.line = conn
}

// say sends one or more whole commands.
func (s *server) say(text string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.line == nil {
		return net.ErrClosed
	}
	_, err := s.line.Write([]byte(text))
	return err
}

// apply makes the process run with the wanted settings, and ends the sessions of clients
// that may not have one any more.
func (s *server) apply(ctx context.Context, want *plan.SSLServer) error {
	s.mu.Lock()
	s.want = want
	s.mu.Unlock()
	text := config(want, s.socket)
	if !s.runs(want, text) {
		if err := s.restart(ctx, want, text); err != nil {
			return err
		}
	}
	s.watch()
	if s.end == nil {
		life, end := context.WithCancel(context.Background())
		s.end, s.done = end, make(chan struct{})
		go s.tend(life)
	}
	s.expel()
	return nil
}

// runs says whether the process is there, in the right namespace, with this
// configuration.
func (s *server) runs(want *plan.SSLServer, text string) bool {
	if s.child == nil || !s.child.Alive() || !s.child.Inside(want.Namespace) {
		return false
	}
	have, err := os.ReadFile(s.children.Path(childName(s.id), endConfig))
	return err == nil && string(have) == text
}

func (s *server) restart(ctx context.Context, want *plan.SSLServer, text string) error {
	if err := s.halt(ctx); err != nil {
		return err
	}
	name := childName(s.id)
	path := s.children.Path(name, endConfig)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		return err
	}
	if err := os.WriteFile(s.children.Path(name, endMachine), []byte(s.machine.Load().ID), 0o600); err != nil {
		return err
	}
	child, err := s.children.Start(host.Command{Name: name, Namespace: want.Namespace, Path: openVPN, Args: []string{"--config", path}})
	if err != nil {
		return err
	}
	s.child = child
	return nil
}

// watch wakes the machine when the process ends by itself.
func (s *server) watch() {
	if s.watched == s.child {
		return
	}
	s.watched = s.child
	go func(child *host.Child, wake func()) {
		<-child.Gone()
		wake()
	}(s.child, s.wake)
}

// halt ends the process, which tells its clients.
func (s *server) halt(ctx context.Context) error {
	if s.child == nil {
		return nil
	}
	if err := s.child.Stop(ctx, stopGrace); err != nil {
		return err
	}
	s.child = nil
	for _, ending := range endings {
		if err := os.Remove(s.children.Path(childName(s.id), ending)); err != nil && !os.IsNotExist(err) {
			return err
		}
	}
	return nil
}

// leave ends the connection and leaves the process.
func (s *server) leave() {
	if s.end != nil {
		s.end()
		<-s.done
		s.end = nil
	}
	if s.child != nil {
		s.child.Release()
	}
}

// state says how the server stands.
func (s *server) state() (plan.SSLServerState, string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	fact := fmt.Sprintf("sslserver %s: %d of %d sessions", s.id, len(s.sessions), s.want.Sessions)
	switch {
	case s.child == nil || !s.child.Alive():
		return plan.SSLServerState{Cause: "OpenVPN is not running"}, fact
	case s.line == nil || !s.heard:
		return plan.SSLServerState{Cause: "OpenVPN does not answer yet"}, fact
	}
	return plan.SSLServerState{Ready: true}, fact
}
