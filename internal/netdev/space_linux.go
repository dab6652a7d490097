package netdev

import (
	"errors"
	"sync"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netlink/nl"
	"github.com/vishvananda/netns"
	"golang.org/x/sys/unix"

	"github.com/gatewright/gatewright/internal/host"
)

// space is a namespace that is open. Passes share it; it keeps the kernel's namespace
// alive, so it is closed as soon as the name stands for another one or for none.
type space struct {
	name string
	fd   netns.NsHandle
	nl   *netlink.Handle
	id   int // as the host's namespace numbers it; -1 for the host's own
	refs int // passes that use it, and one for the table; guarded by the table's lock

	peeking struct {
		sync.Mutex
		socket *nl.SocketHandle
	}
}

// open gives the namespace that a name stands for now. Every open needs a done.
func (d *Driver) open(name string) (*space, error) {
	d.spaces.Lock()
	defer d.spaces.Unlock()
	if s := d.spaces.open[name]; s != nil {
		if d.current(s) {
			s.refs++
			return s, nil
		}
		d.forgetLocked(name)
	}
	s, err := d.newSpace(name)
	if err != nil {
		return nil, err
	}
	s.refs = 2
	d.spaces.open[name] = s
	return s, nil
}

// real is the name of a plan's namespace on this host: tests have another home.
func (d *Driver) real(name string) string {
	if name == "" {
		return d.home
	}
	return name
}

func (d *Driver) newSpace(name string) (*space, error) {
	fd, err := host.OpenNamespace(d.real(name))
	if err != nil {
		return nil, err
	}
	s := &space{name: name, fd: fd, id: -1}
	if s.nl, err = host.Netlink(d.real(name)); err == nil && name != "" {
		s.id, err = d.number(fd)
	}
	if err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

// number gives the namespace a number in the host's one, without which the kernel would
// not send its events there.
func (d *Driver) number(fd netns.NsHandle) (int, error) {
	nl, err := host.Netlink(d.home)
	if err != nil {
		return 0, err
	}
	defer nl.Close()
	id, err := nl.GetNetNsIdByFd(int(fd))
	if err == nil && id < 0 {
		if err = nl.SetNetNsIdByFd(int(fd), -1); err == nil || errors.Is(err, unix.EEXIST) {
			id, err = nl.GetNetNsIdByFd(int(fd))
		}
	}
	if err != nil {
		return 0, &host.Error{Op: "number", Object: "namespace", Err: err, Hint: host.Hint(err)}
	}
	return id, nil
}

// current says whether the name still stands for the namespace that is open.
func (d *Driver) current(s *space) bool {
	if d.real(s.name) == "" {
		return true
	}
	var was, now unix.Stat_t
	if unix.Fstat(int(s.fd), &was) != nil || unix.Stat(host.NamespacePath(d.real(s.name)), &now) != nil {
		return false
	}
	return was.Dev == now.Dev && was.Ino == now.Ino
}

// isOpen says whether the namespace that the name stands for now is open.
func (d *Driver) isOpen(name string) bool {
	d.spaces.Lock()
	defer d.spaces.Unlock()
	s := d.spaces.open[name]
	return s != nil && d.current(s)
}

func (d *Driver) done(s *space) {
	d.spaces.Lock()
	defer d.spaces.Unlock()
	d.releaseLocked(s)
}

func (d *Driver) releaseLocked(s *space) {
	if s.refs--; s.refs == 0 {
		s.close()
	}
}

// forget closes a namespace as soon as no pass uses it.
func (d *Driver) forget(name string) {
	d.spaces.Lock()
	defer d.spaces.Unlock()
	d.forgetLocked(name)
}

func (d *Driver) forgetLocked(name string) {
	if s := d.spaces.open[name]; s != nil {
		delete(d.spaces.open, name)
		d.releaseLocked(s)
	}
}

// numbered finds an open namespace by its number.
func (d *Driver) numbered(id int) (string, bool) {
	d.spaces.Lock()
	defer d.spaces.Unlock()
	for name, s := range d.spaces.open {
		if s.id == id {
			return name, true
		}
	}
	return "", false
}

func (s *space) close() {
	if s.nl != nil {
		s.nl.Close()
	}
	if s.peeking.socket != nil {
		s.peeking.socket.Close()
	}
	s.fd.Close()
}
