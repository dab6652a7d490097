package host

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// childMark is the environment variable by which a later run knows a process as a child
// of this server: TAG/NAME.
const childMark = "GATEWRIGHT_CHILD"

// Children are the processes that a server keeps on its host. They outlive the server,
// and its next run finds them again. At most one server may use a directory.
type Children struct {
	dir string
	tag string
}

// Command says how a child is started.
type Command struct {
	Name      string // unique among the children; part of file names
	Namespace string
	Path      string
	Args      []string
	Env       []string // NAME=value; nothing of the server's own environment is passed on but PATH
}

// Child is a process of ours. It may be used from any goroutine.
type Child struct {
	Name string
	PID  int

	fd      *os.File // a pidfd: signals never reach another process that got the same number
	gone    chan struct{}
	pidFile string
}

// OpenChildren makes the directory of pid files and logs, which is the server's alone.
func OpenChildren(dir, tag string) (*Children, error) {
	if !plainName(tag) {
		return nil, &Error{Op: "open children of", Object: tag, Err: fs.ErrInvalid}
	}
	if err := privateDir(dir); err != nil {
		return nil, err
	}
	return &Children{dir: dir, tag: tag}, nil
}

// Path is the file of a child with an ending, such as ".log".
func (c *Children) Path(name, ending string) string { return filepath.Join(c.dir, name+ending) }

// Start starts a child in its namespace, in a session of its own and with its output in
// NAME.log, so that neither our end nor a signal to us touches it.
func (c *Children) Start(cmd Command) (*Child, error) {
	if !plainName(cmd.Name) {
		return nil, &Error{Op: "start", Object: cmd.Name, Err: fs.ErrInvalid}
	}
	log, err := os.OpenFile(c.Path(cmd.Name, ".log"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, &Error{Op: "open the log of", Object: cmd.Name, Err: err}
	}
	defer log.Close()
	null, err := os.Open(os.DevNull)
	if err != nil {
		return nil, &Error{Op: "start", Object: cmd.Name, Err: err}
	}
	defer null.Close()

	var pid int
	err = In(cmd.Namespace, func() (err error) {
		pid, err = c.fork(cmd, []*os.File{null, log, log})
		return err
	})
	if err != nil {
		return nil, &Error{Op: "start", Object: cmd.Path, Namespace: cmd.Namespace, Err: err}
	}
	return c.record(cmd.Name, pid)
}

func (c *Children) fork(cmd Command, files []*os.File) (int, error) {
	p, err := os.StartProcess(cmd.Path, append([]string{cmd.Path}, cmd.Args...), &os.ProcAttr{
		Dir:   "/",
		Env:   append(slices.Clone(cmd.Env), "PATH="+os.Getenv("PATH"), childMark+"="+c.tag+"/"+cmd.Name),
		Files: files,
		Sys:   &unix.SysProcAttr{Setsid: true},
	})
	if err != nil {
		return 0, err
	}
	pid := p.Pid
	return pid, p.Release()
}

// record takes a child that was just started into our care, or ends it.
func (c *Children) record(name string, pid int) (*Child, error) {
	child, err := c.hold(name, pid)
	if err != nil {
		_ = unix.Kill(pid, unix.SIGKILL) // still ours and unreaped, so the number is its own
		_, _ = unix.Wait4(pid, nil, 0, nil)
		return nil, &Error{Op: "watch", Object: name, Err: err}
	}
	if err := writePID(child.pidFile, pid); err != nil {
		_ = child.Signal(unix.SIGKILL)
		return nil, &Error{Op: "record", Object: name, Err: err}
	}
	return child, nil
}

// Gone is closed when the process has ended.
func (p *Child) Gone() <-chan struct{} { return p.gone }

// Alive says whether the process has not ended yet.
func (p *Child) Alive() bool {
	select {
	case <-p.gone:
		return false
	default:
		return true
	}
}

// Signal sends a signal; to a process that has ended it does nothing.
func (p *Child) Signal(s syscall.Signal) error {
	rc, err := p.fd.SyscallConn()
	if err != nil {
		return nil
	}
	var sent error
	if err := rc.Control(func(fd uintptr) { sent = unix.PidfdSendSignal(int(fd), s, nil, 0) }); err != nil {
		return nil // closed by watch: it has ended
	}
	if errors.Is(sent, unix.ESRCH) {
		return nil
	}
	return sent
}

// Stop ends the process: TERM, and KILL when it is still there after grace or when ctx
// ends. It returns when the process is gone.
func (p *Child) Stop(ctx context.Context, grace time.Duration) error {
	err := p.Signal(unix.SIGTERM)
	patience, cancel := context.WithTimeout(ctx, grace)
	defer cancel()
	select {
	case <-p.gone:
	case <-patience.Done():
		if err = p.Signal(unix.SIGKILL); err == nil {
			<-p.gone
		}
	}
	if err != nil {
		return &Error{Op: "stop", Object: p.Name, Err: err, Hint: hint(err)}
	}
	return removeFile(p.pidFile)
}

func removeFile(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// plainName says whether a name can be part of a file name and of the mark.
func plainName(name string) bool {
	for _, r := range name {
		if (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-' && r != '_' {
			return false
		}
	}
	return name != "" && len(name) <= 64
}
