package host

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// hold takes a pidfd of a process and watches it. Once the caller has closed the pidfd
// nothing is watched any more.
func (c *Children) hold(name string, pid int) (*Child, error) {
	fd, err := unix.PidfdOpen(pid, unix.PIDFD_NONBLOCK)
	if err != nil {
		return nil, err
	}
	p := &Child{Name: name, PID: pid, fd: os.NewFile(uintptr(fd), "pidfd"), gone: make(chan struct{}), pidFile: c.Path(name, ".pid")}
	go p.watch()
	return p, nil
}

// Release ends the watch; the process lives on, and a later Find adopts it.
func (p *Child) Release() { p.fd.Close() }

// watch waits in the runtime's poller, so a child costs no thread.
func (p *Child) watch() {
	rc, err := p.fd.SyscallConn()
	if err != nil {
		return
	}
	if err := rc.Read(ended); err != nil {
		return // released
	}
	// Reap it if this process started it; else init does.
	for {
		if _, err := unix.Wait4(p.PID, nil, unix.WNOHANG, nil); !errors.Is(err, unix.EINTR) {
			break
		}
	}
	close(p.gone)
	p.fd.Close()
}

// ended says whether the process of a pidfd has ended: only then it can be read.
func ended(fd uintptr) bool {
	for {
		n, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, 0)
		if !errors.Is(err, unix.EINTR) {
			return n > 0 || err != nil
		}
	}
}
