//go:build linux

package lab

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strings"

	"golang.org/x/sys/unix"
)

// Namespace is a network namespace: a host, a router or a server's machine.
type Namespace struct {
	lab  *Lab
	Name string
}

// Namespace makes one with nothing but a loopback in it. The label is for people.
func (l *Lab) Namespace(label string) *Namespace {
	l.Helper()
	n := &Namespace{lab: l, Name: fmt.Sprintf("lab-%d-%d-%s", os.Getpid(), labs.Add(1), label)}
	l.mu.Lock()
	l.mu.namespaces = append(l.mu.namespaces, n.Name)
	l.mu.Unlock()
	n.Renew()
	return n
}

// Renew makes the namespace anew, empty, after a Sweep has removed it.
func (n *Namespace) Renew() {
	n.lab.Helper()
	n.lab.must("ip", "netns", "add", n.Name)
	n.Sysctl("net/ipv6/conf/default/disable_ipv6", "1")
	n.Run("ip", "link", "set", "lo", "up")
}

// Existing is a namespace that somebody else made and removes.
func (l *Lab) Existing(name string) *Namespace { return &Namespace{lab: l, Name: name} }

// Path is the file that stands for the namespace.
func (n *Namespace) Path() string { return "/run/netns/" + n.Name }

// Command is a command inside the namespace, in this process's mount namespace: what it
// mounts stays when it ends, unlike with `ip netns exec`. The pid is its own.
func (n *Namespace) Command(args ...string) *exec.Cmd {
	return exec.Command("nsenter", append([]string{"--net=" + n.Path(), "--"}, args...)...)
}

// Try runs a command and gives what it printed.
func (n *Namespace) Try(args ...string) (string, error) {
	out, err := n.Command(args...).CombinedOutput()
	if err != nil {
		return string(out), fmt.Errorf("%s: %s: %w: %s", n.Name, strings.Join(args, " "), err, strings.TrimSpace(string(out)))
	}
	return string(out), nil
}

// Run is Try for what must succeed.
func (n *Namespace) Run(args ...string) string {
	n.lab.Helper()
	out, err := n.Try(args...)
	if err != nil {
		n.lab.Fatalf("lab: %v", err)
	}
	return out
}

// Sysctl sets a value below /proc/sys; those of the network are the namespace's own.
func (n *Namespace) Sysctl(name, value string) {
	n.lab.Helper()
	n.Run("sh", "-c", `printf %s "$2" >"/proc/sys/$1"`, "sh", name, value)
}

// Forward makes the namespace a router.
func (n *Namespace) Forward() {
	n.lab.Helper()
	n.Sysctl("net/ipv4/ip_forward", "1")
}

// Bridge makes a bridge with addresses.
func (n *Namespace) Bridge(name string, addrs ...string) {
	n.lab.Helper()
	n.Run("ip", "link", "add", name, "type", "bridge", "forward_delay", "0")
	n.up(name, addrs)
}

// Address adds an address to a device.
func (n *Namespace) Address(dev, addr string) {
	n.lab.Helper()
	n.Run("ip", "addr", "add", addr, "dev", dev)
}

// Route adds a route.
func (n *Namespace) Route(to, via string) {
	n.lab.Helper()
	n.Run("ip", "route", "replace", to, "via", via)
}

func (n *Namespace) up(dev string, addrs []string) {
	n.lab.Helper()
	for _, a := range addrs {
		n.Address(dev, a)
	}
	n.Run("ip", "link", "set", dev, "up")
}

// Cable joins a device in this namespace to one in another.
func (n *Namespace) Cable(dev string, other *Namespace, otherDev string) {
	n.lab.Helper()
	n.lab.must("ip", "link", "add", dev, "netns", n.Name, "type", "veth", "peer", "name", otherDev, "netns", other.Name)
	n.up(dev, nil)
	other.up(otherDev, nil)
}

// Plug joins a new device to a bridge of another namespace and gives it addresses.
func (n *Namespace) Plug(dev string, other *Namespace, bridge string, addrs ...string) {
	n.lab.Helper()
	port := fmt.Sprintf("port%d", labs.Add(1))
	n.Cable(dev, other, port)
	other.Run("ip", "link", "set", port, "master", bridge)
	n.up(dev, addrs)
}

// Masquerade hides everything that leaves through dev behind its address, as a NAT box
// or a carrier does.
func (n *Namespace) Masquerade(dev string) {
	n.lab.Helper()
	n.Forward()
	n.Run("nft", fmt.Sprintf("add table ip lab; add chain ip lab out { type nat hook postrouting priority srcnat; }; add rule ip lab out oifname %q masquerade", dev))
}

// Listen listens inside the namespace, at an address that is no name.
func (n *Namespace) Listen(network, addr string) (listener net.Listener, err error) {
	n.inside(func() { listener, err = net.Listen(network, addr) }, &err)
	return listener, err
}

// ListenPacket is Listen for datagrams.
func (n *Namespace) ListenPacket(network, addr string) (conn net.PacketConn, err error) {
	n.inside(func() { conn, err = net.ListenPacket(network, addr) }, &err)
	return conn, err
}

// Dial connects from inside the namespace to an address, not a name: resolving would
// leave the thread that is in the namespace.
func (n *Namespace) Dial(ctx context.Context, network, addr string) (conn net.Conn, err error) {
	n.inside(func() { conn, err = new(net.Dialer).DialContext(ctx, network, addr) }, &err)
	return conn, err
}

// inside runs do on a thread of its own in the namespace. It is thrown away afterwards.
func (n *Namespace) inside(do func(), err *error) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread() // and never unlocked: the thread ends with the goroutine
		file, openErr := os.Open(n.Path())
		if *err = openErr; *err != nil {
			return
		}
		defer file.Close()
		if setErr := unix.Setns(int(file.Fd()), unix.CLONE_NEWNET); setErr != nil {
			*err = os.NewSyscallError("setns", setErr)
			return
		}
		do()
	}()
	<-done
}
