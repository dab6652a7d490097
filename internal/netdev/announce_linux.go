package netdev

import (
	"bytes"
	"encoding/binary"
	"net"
	"net/netip"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/gatewright/gatewright/internal/host"
)

// announcements are when neighbours of a new link are told, counted from one to the next.
// A new port of a bridge takes up to a second until it forwards; on a bridge that runs a
// spanning tree it takes half a minute, and neighbours find out when they ask again.
var announcements = []time.Duration{10 * time.Millisecond, 90 * time.Millisecond, 400 * time.Millisecond, time.Second, 1500 * time.Millisecond}

// announce tells the neighbours of a new link on a bridge who has its addresses; they may
// know another one by them, for hours. What the kernel says when the link comes up is lost,
// for the port is not up yet. It returns at once; a link that goes meanwhile is no error.
func (d *Driver) announce(namespace string, l netlink.Link, addrs []netip.Prefix) {
	mac := l.Attrs().HardwareAddr
	fd, err := packetSocket(namespace)
	if err != nil {
		d.log.Warn("netdev: neighbours are not told", "link", l.Attrs().Name, "namespace", namespace, "error", err)
		return
	}
	to := unix.SockaddrLinklayer{Protocol: networkOrder(unix.ETH_P_ARP), Ifindex: l.Attrs().Index, Halen: 6, Addr: [8]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}}
	go func() {
		defer unix.Close(fd)
		for _, pause := range announcements {
			time.Sleep(pause)
			for _, a := range addrs {
				if unix.Sendto(fd, announcement(mac, a.Addr()), 0, &to) != nil {
					return
				}
			}
		}
	}()
}

// packetSocket opens a socket in a namespace that only sends.
func packetSocket(namespace string) (fd int, err error) {
	err = host.In(namespace, func() (err error) {
		fd, err = unix.Socket(unix.AF_PACKET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
		return err
	})
	return fd, err
}

func networkOrder(n uint16) uint16 {
	return binary.NativeEndian.Uint16(binary.BigEndian.AppendUint16(nil, n))
}

// announcement is an ARP announcement of an IPv4 address (RFC 5227 section 2.3, the form
// of RFC 826).
func announcement(mac net.HardwareAddr, a netip.Addr) []byte {
	var b bytes.Buffer
	for _, part := range []any{
		uint16(1), uint16(unix.ETH_P_IP), // Ethernet, IPv4
		uint8(6), uint8(4), uint16(1), // a request
		[]byte(mac), a.As4(), // from who has it
		[6]byte{}, a.As4(), // for itself
	} {
		_ = binary.Write(&b, binary.BigEndian, part) // a buffer takes all
	}
	return b.Bytes()
}
