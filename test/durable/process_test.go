package durable

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"
)

// process is a child that the test ill-treats. What it writes goes to a file that is
// appended to when the child is started again.
type process struct {
	cmd  *exec.Cmd
	done chan struct{} // closed when it has ended
	err  error         // of Wait, once done is closed
}

func launch(t *testing.T, logFile, path string, args ...string) *process {
	t.Helper()
	out, err := os.OpenFile(logFile, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	p := &process{cmd: exec.Command(path, args...), done: make(chan struct{})}
	p.cmd.Stdout, p.cmd.Stderr = out, out
	// Its other end closes with this process.
	if _, err := p.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	dieWithTest(p.cmd)
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		p.err = p.cmd.Wait()
		close(p.done)
	}()
	t.Cleanup(p.kill)
	return p
}

func (p *process) running() bool {
	select {
	case <-p.done:
		return false
	default:
		return true
	}
}

// kill is kill -9; it returns when the process is gone.
func (p *process) kill() {
	if err := p.cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		panic(err)
	}
	<-p.done
}

// signal is for signals that a process may outlive.
func (p *process) signal(t *testing.T, s syscall.Signal) {
	t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		t.Fatalf("%v: %v", s, err)
	}
}

// terminate is SIGTERM; it returns how long the process took to end, and its exit code.
func (p *process) terminate(t *testing.T, patience time.Duration) (time.Duration, int) {
	t.Helper()
	began := time.Now()
	p.signal(t, syscall.SIGTERM)
	select {
	case <-p.done:
	case <-time.After(patience):
		t.Fatalf("%s has not ended %v after SIGTERM", p.cmd.Path, patience)
	}
	return time.Since(began), p.cmd.ProcessState.ExitCode()
}

// logTail is the end of a log file, for a failure's message.
func logTail(path string) string {
	text, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	const most = 3000
	if len(text) > most {
		text = text[len(text)-most:]
		if _, rest, ok := bytes.Cut(text, []byte("\n")); ok {
			text = rest
		}
	}
	return path + ":\n" + string(text)
}

// showLogs prints the ends of logs when the test has failed.
func showLogs(t *testing.T, paths ...string) {
	t.Cleanup(func() {
		if t.Failed() {
			for _, p := range paths {
				t.Log(logTail(p))
			}
		}
	})
}

// ports are given out below the range from which the kernel takes ports for outgoing
// connections: a call to a server that is down must not meet itself on its port.
var ports struct {
	sync.Mutex
	next int
}

const firstPort, lastPort = 20000, 31999

// freeAddr returns an address on loopback that nobody listens on.
func freeAddr(t *testing.T) string {
	t.Helper()
	ports.Lock()
	defer ports.Unlock()
	if ports.next == 0 {
		ports.next = firstPort + os.Getpid()*101%(lastPort-firstPort)
	}
	for range lastPort - firstPort {
		if ports.next++; ports.next > lastPort {
			ports.next = firstPort
		}
		addr := net.JoinHostPort("127.0.0.1", strconv.Itoa(ports.next))
		if ln, err := net.Listen("tcp", addr); err == nil {
			ln.Close()
			return addr
		}
	}
	t.Fatal("no port is free")
	return ""
}

// closed closes c and fails the test if that does.
func closed(t *testing.T, c io.Closer) {
	t.Helper()
	if err := c.Close(); err != nil {
		t.Error(err)
	}
}
