package sslvpn

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
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
	endNew     = ".new"     // of a file that takes the place of another when it is whole
)

var (
	endings    = []string{endConfig, endSocket, endNotes, endNotes + endNew, endMachine}
	logEndings = []string{".log", ".log.old"}
)

const (
	stopGrace = time.Second     // for clients to hear that their server ends
	startTime = 5 * time.Second // for a process to answer
	deafTimes = 3               // that it may not answer in a row before it is killed
	logLimit  = 512 << 10       // bytes of a process's log; there is one old one beside it
)

// server is one OpenVPN process and the connection to it.
type server struct {
	id      vpc.SSLServerID
	machine atomic.Pointer[plan.MachineID]
	log     *slog.Logger
	wake    func()

	children      *host.Children
	child         *host.Child
	watched       *host.Child
	program       string
	deaf          int                       // how often it has not answered in a row
	brittle       func(change string) error // of tests: makes a change fail; nil elsewhere
	socket, notes string
	end           context.CancelFunc
	done          chan struct{}

	// Of tend's goroutine alone.
	word    string
	args    []string
	env     map[string]string
	listed  map[uint64]Session
	pending []uint64 // clients in the list that have not been let in

	mu       sync.Mutex // guards the rest
	want     *plan.SSLServer
	line     net.Conn      // nil while nobody is connected
	heard    bool          // it has answered on this connection, so it takes clients
	last     time.Time     // of its last answer, or of the connection's begin
	answered chan struct{} // closed while heard
	sessions map[uint64]Session
	coming   map[uint64]Session // let in, and their handshake is not over, or never will be
	known    bool               // it has said who is connected, in its life
	noted    map[uint64]noted
	waiting  map[uint64]*held
	tally    tally
}

// begin takes a new connection up: who was connected is asked anew.
func (s *server) begin(conn net.Conn) {
	s.word, s.env, s.listed, s.pending = "", nil, map[uint64]Session{}, nil
	s.mu.Lock()
	defer s.mu.Unlock()
	s.line, s.noted, s.last = conn, readNotes(s.notes), time.Now()
	s.tally.ask(s.sessions)
	s.sessions, s.coming, s.waiting = map[uint64]Session{}, map[uint64]Session{}, map[uint64]*held{}
}

// lost says that nobody is connected any more, and reports whether the process had answered.
func (s *server) lost() (heard bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.line = nil
	if heard = s.heard; heard {
		s.heard, s.answered = false, make(chan struct{})
	}
	return heard
}

// say sends one or more whole commands.
func (s *server) say(text string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.tell(text)
}

// tell is say with the lock held.
func (s *server) tell(text string) error {
	if s.line == nil {
		return net.ErrClosed
	}
	if err := s.line.SetWriteDeadline(time.Now().Add(sayTime)); err != nil {
		return err
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
	if s.end == nil {
		life, end := context.WithCancel(context.Background())
		s.end, s.done = end, make(chan struct{})
		go s.tend(life)
	}
	s.expel()
	s.recall()
	if err := s.await(ctx); err != nil {
		return err
	}
	s.watch()
	return nil
}

// await waits until the process answers. One that never does is killed in the end, for
// the next look to start another. A process that ends before it has answered wakes
// nobody: the loops try again by themselves, ever later.
func (s *server) await(ctx context.Context) error {
	s.mu.Lock()
	answered := s.answered
	s.mu.Unlock()
	timer := time.NewTimer(startTime)
	defer timer.Stop()
	select {
	case <-answered:
		s.deaf = 0
		return nil
	case <-s.child.Gone():
		return fmt.Errorf("OpenVPN ended at once: %s", s.lastWords())
	case <-ctx.Done():
		return fmt.Errorf("OpenVPN does not answer yet: %w", ctx.Err())
	case <-timer.C:
	}
	if s.deaf++; s.deaf%deafTimes == 0 {
		_ = s.child.Signal(syscall.SIGKILL)
	}
	return fmt.Errorf("OpenVPN does not answer on its management socket; it says: %s", s.lastWords())
}

// lastWords is the last line of the log that says why.
func (s *server) lastWords() string {
	text, _ := os.ReadFile(s.children.Path(childName(s.id), ".log"))
	return lastWords(string(text))
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
	if err := s.write(endMachine, s.machine.Load().ID); err != nil {
		return err
	}
	if err := s.write(endConfig, text); err != nil {
		return err
	}
	if err := s.change("start"); err != nil {
		return err
	}
	path := s.children.Path(name, endConfig)
	if _, err := os.Stat(s.program); errors.Is(err, fs.ErrNotExist) {
		return errors.New("OpenVPN is not installed on this host; gatewright doctor says how to install it")
	}
	child, err := s.children.Start(host.Command{Name: name, Namespace: want.Namespace, Path: s.program, Args: []string{"--config", path}})
	if err != nil {
		return err
	}
	s.child = child
	s.mu.Lock()
	s.tally.starts++
	s.mu.Unlock()
	return nil
}

func (s *server) write(ending, text string) error {
	if err := s.change("write " + ending); err != nil {
		return err
	}
	return os.WriteFile(s.children.Path(childName(s.id), ending), []byte(text), 0o600)
}

// change comes before everything that changes the host.
func (s *server) change(what string) error {
	if s.brittle == nil {
		return nil
	}
	return s.brittle(what)
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

// halt ends the process, which tells its clients, and removes its files but for the log.
func (s *server) halt(ctx context.Context) error {
	s.hush()
	if s.child != nil {
		if err := s.change("stop"); err != nil {
			return err
		}
		if err := s.child.Stop(ctx, s.grace()); err != nil {
			return err
		}
		s.child = nil
	}
	s.mu.Lock()
	s.tally.end(s.sessions)
	s.sessions, s.coming, s.known = map[uint64]Session{}, map[uint64]Session{}, false
	s.mu.Unlock()
	return s.removeFiles(endings)
}

// grace is how long a process may take to end. It would take two seconds even if nobody
// is connected.
func (s *server) grace() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.known && len(s.sessions)+len(s.coming) == 0 {
		return 0
	}
	return stopGrace
}

func (s *server) removeFiles(endings []string) error {
	if err := s.change("remove files"); err != nil {
		return err
	}
	for _, ending := range endings {
		if err := os.Remove(s.children.Path(childName(s.id), ending)); err != nil && !os.IsNotExist(err) {
			return err
		}
	}
	return nil
}

// hush ends the goroutine that keeps the connection, and leaves the process.
func (s *server) hush() {
	if s.end != nil {
		s.end()
		<-s.done
		s.end = nil
	}
}

// leave ends the connection and leaves the process.
func (s *server) leave() {
	s.hush()
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
	cause := ended(s.want, time.Now())
	return plan.SSLServerState{Ready: cause == "", Cause: cause, Settled: len(s.unwanted()) == 0}, fact
}
