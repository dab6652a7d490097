package host

import (
	"encoding/binary"
	"errors"
	"net/netip"
	"os"

	"golang.org/x/sys/unix"
)

// Flow is traffic that is waited for: from one of some ranges to one of others.
type Flow struct{ From, To []netip.Prefix }

// FlowWatch sees the packets of some flows that come into a namespace.
type FlowWatch struct{ file *os.File }

// WatchFlows calls see for packets of the flows that come in on any device of a
// namespace, before anything there routes or drops them. The kernel filters, so other
// traffic costs nothing here. see runs on one goroutine, which ends with Close.
func WatchFlows(namespace string, flows []Flow, see func(from, to netip.Addr)) (*FlowWatch, error) {
	filter, err := flowFilter(flows)
	if err != nil {
		return nil, err
	}
	fd := -1
	err = In(namespace, func() (err error) {
		// Protocol 0 takes nothing before the filter is in place.
		fd, err = unix.Socket(unix.AF_PACKET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
		return err
	})
	if err == nil {
		err = listen(fd, filter)
	}
	if err != nil {
		if fd >= 0 {
			unix.Close(fd)
		}
		return nil, &Error{Op: "watch flows", Namespace: namespace, Err: err, Hint: hint(err)}
	}
	w := &FlowWatch{file: os.NewFile(uintptr(fd), "flows")}
	go w.read(see)
	return w, nil
}

func listen(fd int, filter []unix.SockFilter) error {
	prog := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	if err := unix.SetsockoptSockFprog(fd, unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, &prog); err != nil {
		return err
	}
	return unix.Bind(fd, &unix.SockaddrLinklayer{Protocol: binary.BigEndian.Uint16(binary.NativeEndian.AppendUint16(nil, unix.ETH_P_IP))})
}

// Close ends the watch.
func (w *FlowWatch) Close() { w.file.Close() }

func (w *FlowWatch) read(see func(from, to netip.Addr)) {
	packet := make([]byte, ipv4Header)
	for {
		n, err := w.file.Read(packet)
		if errors.Is(err, unix.ENETDOWN) {
			continue // one device went down; the others still speak
		}
		if err != nil {
			return
		}
		if n == ipv4Header {
			see(netip.AddrFrom4([4]byte(packet[12:16])), netip.AddrFrom4([4]byte(packet[16:20])))
		}
	}
}

// ipv4Header is as much of a packet as is looked at.
const ipv4Header = 20

// Offsets in what SOCK_DGRAM gives, and of the packet's type in what the kernel adds.
const (
	offsetFrom  = 12
	offsetTo    = 16
	packetType  = 0xfffff000 + 4 // SKF_AD_OFF + SKF_AD_PKTTYPE
	outgoing    = 4              // PACKET_OUTGOING
	filterLimit = 4096
)

// flowFilter is a socket filter in the kernel's own code: it keeps the header of a packet
// that comes in and whose addresses belong to one of the flows.
func flowFilter(flows []Flow) ([]unix.SockFilter, error) {
	prog := []unix.SockFilter{
		{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: packetType},
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: outgoing, Jf: 1},
		{Code: unix.BPF_RET | unix.BPF_K, K: 0},
	}
	for _, f := range flows {
		for _, to := range f.To {
			for _, from := range f.From {
				prog = append(prog, within(offsetTo, to, 4)...)
				prog = append(prog, within(offsetFrom, from, 1)...)
				prog = append(prog, unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: ipv4Header})
			}
		}
	}
	prog = append(prog, unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: 0})
	if len(prog) > filterLimit {
		return nil, &Error{Op: "watch flows", Err: errors.New("too many pairs of ranges")}
	}
	return prog, nil
}

// within loads an address and skips some instructions when it is not of a range.
func within(offset uint32, p netip.Prefix, skip uint8) []unix.SockFilter {
	mask := uint32(0xffffffff)
	if p.Bits() < 32 {
		mask <<= 32 - p.Bits()
	}
	a := p.Masked().Addr().As4()
	return []unix.SockFilter{
		{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: offset},
		{Code: unix.BPF_ALU | unix.BPF_AND | unix.BPF_K, K: mask},
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: binary.BigEndian.Uint32(a[:]), Jf: skip},
	}
}
