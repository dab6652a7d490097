//go:build linux

package lab

import (
	"encoding/binary"
	"net/netip"
	"os"

	"golang.org/x/sys/unix"
)

// Raw sends IPv4 packets that nobody made but the caller, from any address.
type Raw struct {
	lab *Lab
	fd  int
}

// Raw opens a raw socket in the namespace, until the lab goes.
func (n *Namespace) Raw() *Raw {
	n.lab.Helper()
	r := &Raw{lab: n.lab}
	var err error
	n.inside(func() {
		r.fd, err = unix.Socket(unix.AF_INET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.IPPROTO_RAW)
		err = os.NewSyscallError("socket", err)
	}, &err)
	if err != nil {
		n.lab.Fatalf("lab: raw socket of %s: %v", n.Name, err)
	}
	n.lab.Cleanup(func() { unix.Close(r.fd) })
	return r
}

// UDP sends a datagram in one packet, whose checksum is left out. It must fit the link.
func (r *Raw) UDP(from, to netip.AddrPort, payload []byte) {
	r.lab.Helper()
	r.Fragment(from.Addr(), to.Addr(), unix.IPPROTO_UDP, 0, 0, false, Datagram(from.Port(), to.Port(), payload))
}

// Datagram is a UDP datagram without a checksum.
func Datagram(from, to uint16, payload []byte) []byte {
	b := binary.BigEndian.AppendUint16(nil, from)
	b = binary.BigEndian.AppendUint16(b, to)
	b = binary.BigEndian.AppendUint16(b, uint16(8+len(payload)))
	return append(append(b, 0, 0), payload...)
}

// Fragment sends a part of a packet: offset counts in units of eight bytes, and more says
// that another part follows. With id 0 the kernel chooses one.
func (r *Raw) Fragment(from, to netip.Addr, proto byte, id, offset uint16, more bool, payload []byte) {
	r.lab.Helper()
	if more {
		offset |= 0x2000
	}
	b := []byte{0x45, 0}
	b = binary.BigEndian.AppendUint16(b, uint16(20+len(payload)))
	b = binary.BigEndian.AppendUint16(b, id)
	b = binary.BigEndian.AppendUint16(b, offset)
	b = append(b, 64, proto, 0, 0) // the kernel fills in the checksum
	b = append(append(b, from.AsSlice()...), to.AsSlice()...)
	if err := unix.Sendto(r.fd, append(b, payload...), 0, &unix.SockaddrInet4{Addr: to.As4()}); err != nil {
		r.lab.Fatalf("lab: send %d bytes from %v to %v: %v", len(payload), from, to, err)
	}
}
