//go:build linux

package lab

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

// Process is a command that runs until it is stopped, at the latest when its lab goes.
type Process struct {
	cmd  *exec.Cmd
	out  *output
	done chan struct{} // closed when it has ended
	err  error         // how, once done is closed
}

// output keeps what a process prints, for readers while it runs.
type output struct {
	sync.Mutex
	buf bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.Lock()
	defer o.Unlock()
	return o.buf.Write(p)
}

// Start runs a command inside the namespace.
func (n *Namespace) Start(args ...string) *Process {
	n.lab.Helper()
	return n.lab.Start(n.Command(args...))
}

// Start runs a command. Its output goes to a file that a killed lab's children cannot
// block on, unless the caller has set one.
func (l *Lab) Start(cmd *exec.Cmd) *Process {
	l.Helper()
	p := &Process{cmd: cmd, out: &output{}, done: make(chan struct{})}
	if cmd.Stdout == nil {
		cmd.Stdout = p.out
	}
	if cmd.Stderr == nil {
		cmd.Stderr = p.out
	}
	// Children that outlive the process keep its pipes open; they are not waited for.
	cmd.WaitDelay = time.Second
	if err := cmd.Start(); err != nil {
		l.Fatalf("lab: start %s: %v", filepath.Base(cmd.Path), err)
	}
	go func() {
		p.err = cmd.Wait()
		close(p.done)
	}()
	l.mu.Lock()
	l.mu.processes = append(l.mu.processes, p)
	l.mu.Unlock()
	return p
}

// Pid is the process's id.
func (p *Process) Pid() int { return p.cmd.Process.Pid }

// Output is what it has printed so far.
func (p *Process) Output() string {
	p.out.Lock()
	defer p.out.Unlock()
	return p.out.buf.String()
}

// Signal sends a signal.
func (p *Process) Signal(s os.Signal) { _ = p.cmd.Process.Signal(s) }

// Wait waits for the end and gives what it was.
func (p *Process) Wait(within time.Duration) error {
	select {
	case <-p.done:
		return p.err
	case <-time.After(within):
		return os.ErrDeadlineExceeded
	}
}

// Ended reports whether the process has ended.
func (p *Process) Ended() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// Stop asks the process to end, and makes it end after a while.
func (p *Process) Stop(s os.Signal) error {
	p.Signal(s)
	err := p.Wait(10 * time.Second)
	if !p.Ended() {
		p.Kill()
	}
	return err
}

// Kill ends the process with SIGKILL and waits for that.
func (p *Process) Kill() {
	if !p.Ended() {
		p.Signal(syscall.SIGKILL)
		<-p.done
	}
}
