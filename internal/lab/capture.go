//go:build linux

package lab

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// Packet is the head of an IPv4 packet that was seen.
type Packet struct {
	Src, Dst netip.Addr
	Proto    uint8 // 1 ICMP, 6 TCP, 17 UDP, 50 ESP
	SrcPort  uint16
	DstPort  uint16
	Out      bool // left through the device
	Length   int
	Payload  []byte    // what follows the IP header
	At       time.Time // when the kernel had it at the device
}

func (p Packet) String() string {
	return fmt.Sprintf("proto %d %v:%d > %v:%d, %d bytes", p.Proto, p.Src, p.SrcPort, p.Dst, p.DstPort, p.Length)
}

// Capture keeps what passes a device, from the moment that Capture returned.
type Capture struct {
	file *os.File
	done chan struct{}
	mu   struct {
		sync.Mutex
		packets []Packet
	}
}

// Capture listens on a device with a packet socket of its own.
func (n *Namespace) Capture(dev string) *Capture {
	n.lab.Helper()
	fd, err := n.packetSocket(dev)
	if err != nil {
		n.lab.Fatalf("lab: capture on %s of %s: %v", dev, n.Name, err)
	}
	c := &Capture{file: os.NewFile(uintptr(fd), dev), done: make(chan struct{})}
	go c.read()
	n.lab.Cleanup(func() { c.Stop() })
	return c
}

func (n *Namespace) packetSocket(dev string) (fd int, err error) {
	n.inside(func() { fd, err = openPacketSocket(dev) }, &err)
	return fd, err
}

func openPacketSocket(dev string) (int, error) {
	// Made with no protocol, it hears nothing until it is bound to the device.
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return 0, os.NewSyscallError("socket", err)
	}
	index, err := ifIndex(fd, dev)
	if err == nil {
		_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, 16<<20)
		err = os.NewSyscallError("timestamps", unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_TIMESTAMPNS, 1))
	}
	if err == nil {
		err = unix.Bind(fd, &unix.SockaddrLinklayer{Protocol: networkOrder(unix.ETH_P_ALL), Ifindex: index})
	}
	if err != nil {
		unix.Close(fd)
		return 0, err
	}
	return fd, nil
}

func ifIndex(fd int, dev string) (int, error) {
	req, err := unix.NewIfreq(dev)
	if err != nil {
		return 0, err
	}
	if err := unix.IoctlIfreq(fd, unix.SIOCGIFINDEX, req); err != nil {
		return 0, os.NewSyscallError("ifindex of "+dev, err)
	}
	return int(req.Uint32()), nil
}

func networkOrder(v uint16) uint16 {
	var b [2]byte
	binary.BigEndian.PutUint16(b[:], v)
	return binary.NativeEndian.Uint16(b[:])
}

func (c *Capture) read() {
	defer close(c.done)
	raw, err := c.file.SyscallConn()
	if err != nil {
		return
	}
	buf, aside := make([]byte, 65536), make([]byte, 256)
	for {
		var size, more int
		var from unix.Sockaddr
		var failure error
		err := raw.Read(func(fd uintptr) bool {
			size, more, _, from, failure = unix.Recvmsg(int(fd), buf, aside, 0)
			return !errors.Is(failure, unix.EAGAIN)
		})
		if err != nil {
			return // closed
		}
		link, ok := from.(*unix.SockaddrLinklayer)
		if failure != nil || !ok {
			continue
		}
		if p, ok := parsePacket(buf[:size]); ok {
			p.Out, p.At = link.Pkttype == unix.PACKET_OUTGOING, stamp(aside[:more])
			c.mu.Lock()
			c.mu.packets = append(c.mu.packets, p)
			c.mu.Unlock()
		}
	}
}

// stamp reads the kernel's time of a packet out of what came beside it.
func stamp(aside []byte) time.Time {
	messages, _ := unix.ParseSocketControlMessage(aside) // the kernel's own
	for _, m := range messages {
		var at unix.Timespec
		if m.Header.Level != unix.SOL_SOCKET || m.Header.Type != unix.SCM_TIMESTAMPNS {
			continue
		}
		if _, err := binary.Decode(m.Data, binary.NativeEndian, &at); err == nil {
			return time.Unix(at.Unix())
		}
	}
	return time.Now() // later than the truth, should there be none
}

func parsePacket(b []byte) (Packet, bool) {
	if len(b) < 20 || b[0]>>4 != 4 {
		return Packet{}, false
	}
	head := int(b[0]&15) * 4
	if head < 20 || len(b) < head {
		return Packet{}, false
	}
	p := Packet{
		Src: netip.AddrFrom4([4]byte(b[12:16])), Dst: netip.AddrFrom4([4]byte(b[16:20])),
		Proto: b[9], Length: len(b), Payload: append([]byte(nil), b[head:min(len(b), head+256)]...),
	}
	if (p.Proto == unix.IPPROTO_TCP || p.Proto == unix.IPPROTO_UDP) && len(p.Payload) >= 4 {
		p.SrcPort, p.DstPort = binary.BigEndian.Uint16(p.Payload), binary.BigEndian.Uint16(p.Payload[2:])
	}
	return p, true
}

// Packets are those seen so far for which keep is true.
func (c *Capture) Packets(keep func(Packet) bool) []Packet {
	c.mu.Lock()
	defer c.mu.Unlock()
	var out []Packet
	for _, p := range c.mu.packets {
		if keep(p) {
			out = append(out, p)
		}
	}
	return out
}

// Stop ends the capture; what was seen can still be asked for.
func (c *Capture) Stop() {
	c.file.Close()
	<-c.done
}

// Touches says that one end of a packet lies in a range.
func Touches(prefix string) func(Packet) bool {
	r := netip.MustParsePrefix(prefix)
	return func(p Packet) bool { return r.Contains(p.Src) || r.Contains(p.Dst) }
}
