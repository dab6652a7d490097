package netdev

import (
	"context"
	"encoding/binary"
	"errors"
	"os"
	"sync"
	"syscall"
	"time"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"

	"github.com/gatewright/gatewright/internal/host"
	"github.com/gatewright/gatewright/internal/plan"
)

// settling is how long things are left to settle before they are looked at: what a pass
// of ours takes down and puts up again is no news.
const settling = 50 * time.Millisecond

// linkState is the last that was heard of a link.
type linkState string

const (
	linkGone linkState = "gone"
	linkDown linkState = "down"
	linkUp   linkState = "up"
)

// news gathers events until they have settled.
type news struct {
	sync.Mutex
	links  map[device]linkState
	spaces map[string]time.Time // when it was first heard of
	lost   bool                 // events were lost
	any    chan struct{}
}

func (n *news) note(change func()) {
	n.Lock()
	change()
	n.Unlock()
	select {
	case n.any <- struct{}{}:
	default:
	}
}

// watch turns events of links and namespaces into wakes until ctx ends.
func (d *Driver) watch(ctx context.Context, wake func(plan.MachineID)) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	n := &news{links: map[device]linkState{}, spaces: map[string]time.Time{}, any: make(chan struct{}, 1)}
	failed := make(chan error, 2)
	var wg sync.WaitGroup
	wg.Go(func() { failed <- d.watchLinks(ctx, n) })
	wg.Go(func() { failed <- host.WatchNamespaces(ctx, n.space) })
	defer wg.Wait()
	defer cancel()
	for {
		select {
		case err := <-failed:
			return err
		case <-n.any:
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(settling):
		}
		d.tell(n, wake)
	}
}

func (n *news) space(name string) {
	n.note(func() {
		switch _, known := n.spaces[name]; {
		case name == "":
			n.lost = true
		case !known:
			n.spaces[name] = time.Now()
		}
	})
}

// tell wakes the machines that the gathered events concern.
func (d *Driver) tell(n *news, wake func(plan.MachineID)) {
	n.Lock()
	links, spaces, lost := n.links, n.spaces, n.lost
	n.links, n.spaces, n.lost = map[device]linkState{}, map[string]time.Time{}, false
	n.Unlock()
	woken := map[plan.MachineID]bool{}
	if lost {
		for _, id := range d.index.all() {
			woken[id] = true
		}
	}
	for name, since := range spaces {
		for _, id := range d.concerned(n, name, since) {
			woken[id] = true
		}
	}
	for dev, state := range links {
		if id, ok := d.index.maker(dev); ok && state != linkUp {
			woken[id] = true
		}
		if state != linkGone {
			for _, id := range d.index.waiting(dev) {
				woken[id] = true
			}
		}
		if id, ok := d.index.guested(dev); ok && state == linkUp {
			woken[id] = true // its routes over a link of before went with that
		}
	}
	for id := range woken {
		wake(id)
	}
}

// concerned are the machines that a name's coming or going concerns: all that have
// something there when it stands for another namespace than the one that is open, or for
// none; else those that missed it.
func (d *Driver) concerned(n *news, name string, since time.Time) []plan.MachineID {
	if !host.NamespaceExists(name) {
		if _, err := os.Stat(host.NamespacePath(name)); err == nil && time.Since(since) < 2*time.Second {
			n.note(func() { n.spaces[name] = since }) // it is only a file yet
		}
		d.forget(name)
		return d.index.users(name)
	}
	if d.isOpen(name) {
		return d.index.waiting(device{namespace: name})
	}
	d.forget(name)
	return d.index.users(name)
}

// watchLinks hears of the links of all namespaces that are open over one socket.
func (d *Driver) watchLinks(ctx context.Context, n *news) error {
	f, err := d.linkEvents()
	if err != nil {
		return err
	}
	defer f.Close()
	stop := context.AfterFunc(ctx, func() { f.Close() })
	defer stop()
	conn, err := f.SyscallConn()
	if err != nil {
		return err
	}
	buf, oob := make([]byte, 1<<16), make([]byte, 128)
	for {
		var size, oobSize int
		var got error
		err := conn.Read(func(fd uintptr) bool {
			size, oobSize, _, _, got = unix.Recvmsg(int(fd), buf, oob, 0)
			return got != unix.EAGAIN
		})
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil:
			return err
		case errors.Is(got, unix.ENOBUFS):
			n.note(func() { n.lost = true })
		case got != nil && got != unix.EINTR:
			return &host.Error{Op: "read link events", Err: got}
		case got == nil:
			d.hear(n, buf[:size], oob[:oobSize])
		}
	}
}

// linkEvents opens a socket for link events of the host's namespace and all that have a
// number there.
func (d *Driver) linkEvents() (*os.File, error) {
	var fd int
	err := host.In(d.home, func() (err error) {
		fd, err = unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, unix.NETLINK_ROUTE)
		return err
	})
	if err == nil {
		err = errors.Join(
			unix.SetsockoptInt(fd, unix.SOL_NETLINK, unix.NETLINK_LISTEN_ALL_NSID, 1),
			unix.Bind(fd, &unix.SockaddrNetlink{Family: unix.AF_NETLINK, Groups: unix.RTMGRP_LINK}),
		)
		_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, 4<<20) // lost events are told of
	}
	if err != nil {
		return nil, &host.Error{Op: "watch links", Err: err, Hint: host.Hint(err)}
	}
	return os.NewFile(uintptr(fd), "netlink"), nil
}

// hear notes the links that a datagram tells of.
func (d *Driver) hear(n *news, datagram, control []byte) {
	namespace := plan.HostNamespace
	if id, ok := senderOf(control); ok {
		if namespace, ok = d.numbered(id); !ok {
			return
		}
	}
	msgs, err := syscall.ParseNetlinkMessage(datagram)
	if err != nil {
		n.note(func() { n.lost = true })
		return
	}
	for _, m := range msgs {
		if m.Header.Type != unix.RTM_NEWLINK && m.Header.Type != unix.RTM_DELLINK || len(m.Data) < unix.SizeofIfInfomsg {
			continue
		}
		state := linkDown
		switch flags := binary.NativeEndian.Uint32(m.Data[8:]); {
		case m.Header.Type == unix.RTM_DELLINK:
			state = linkGone
		case flags&unix.IFF_UP != 0:
			state = linkUp
		}
		if name := nameIn(m.Data[unix.SizeofIfInfomsg:]); name != "" {
			n.note(func() { n.links[device{namespace, name}] = state })
		}
	}
}

// senderOf is the number of the namespace that a datagram comes from, if it is not the
// socket's own.
func senderOf(control []byte) (int, bool) {
	msgs, err := unix.ParseSocketControlMessage(control)
	if err != nil {
		return 0, false
	}
	for _, m := range msgs {
		if m.Header.Level == unix.SOL_NETLINK && m.Header.Type == unix.NETLINK_LISTEN_ALL_NSID && len(m.Data) >= 4 {
			return int(int32(binary.NativeEndian.Uint32(m.Data))), true
		}
	}
	return 0, false
}

func nameIn(attrs []byte) string {
	all, err := nl.ParseRouteAttr(attrs)
	if err != nil {
		return ""
	}
	for _, a := range all {
		if a.Attr.Type == unix.IFLA_IFNAME && len(a.Value) > 0 {
			return string(a.Value[:len(a.Value)-1])
		}
	}
	return ""
}
