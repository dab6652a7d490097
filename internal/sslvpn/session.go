package sslvpn

import (
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/gatewright/gatewright/internal/vpc"
)

// Session is one connected client.
type Session struct {
	Client  vpc.SSLClientID
	Serial  string // of the certificate that it came in with; empty when an earlier run let it in and left no note
	Address netip.Addr
	Source  netip.AddrPort
	In, Out uint64 // bytes from and to the client, as of the last look
	Since   time.Time
	Cipher  string

	key uint64 // the number of the last keys that were let in
}

// parseClient reads a CLIENT_LIST line of `status 3`, without that word: name, real
// address, virtual address, virtual IPv6 address, bytes received, bytes sent, since,
// since as a number, user name, client id, peer id, cipher. One without a virtual address
// has not been let in.
func parseClient(line string) (cid uint64, s Session, ok bool) {
	f := strings.Split(line, "\t")
	if len(f) < 12 {
		return 0, s, false
	}
	cid, err := strconv.ParseUint(f[9], 10, 64)
	if err != nil {
		return 0, s, false
	}
	s.Client, s.Cipher = vpc.SSLClientID(f[0]), f[11]
	s.Source = parseSource(f[1])
	s.Address, _ = netip.ParseAddr(f[2])
	s.In, _ = strconv.ParseUint(f[4], 10, 64)
	s.Out, _ = strconv.ParseUint(f[5], 10, 64)
	if n, err := strconv.ParseInt(f[7], 10, 64); err == nil {
		s.Since = time.Unix(n, 0)
	}
	return cid, s, true
}

// parseSource reads a real address, with the protocol before it as newer OpenVPN writes.
func parseSource(text string) netip.AddrPort {
	if i := strings.LastIndexByte(text, ':'); i > 0 {
		if j := strings.IndexByte(text[:i], ':'); j >= 0 {
			text = text[j+1:]
		}
	}
	a, _ := netip.ParseAddrPort(text)
	return a
}
