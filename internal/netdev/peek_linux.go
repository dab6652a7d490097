package netdev

import (
	"net/netip"
	"strings"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netlink/nl"
	"github.com/vishvananda/netns"
	"golang.org/x/sys/unix"
)

// In a namespace with hundreds of ports a dump of everything costs more than all else in
// a pass, so what one far end has is asked for alone. The library only has the dumps.

// peek sends a request of its own and gives the answers. The socket is opened once.
func (s *space) peek(kind, flags int, answer uint16, parts ...nl.NetlinkRequestData) ([][]byte, error) {
	s.peeking.Lock()
	defer s.peeking.Unlock()
	if s.peeking.socket == nil {
		socket, err := nl.GetNetlinkSocketAt(s.fd, netns.None(), unix.NETLINK_ROUTE)
		if err != nil {
			return nil, err
		}
		s.peeking.socket = &nl.SocketHandle{Socket: socket} // it numbers the requests
		// Without it older kernels answer with everything, which is sorted out as well.
		_ = unix.SetsockoptInt(socket.GetFd(), unix.SOL_NETLINK, unix.NETLINK_GET_STRICT_CHK, 1)
	}
	req := nl.NewNetlinkRequest(kind, flags)
	req.Sockets = map[int]*nl.SocketHandle{unix.NETLINK_ROUTE: s.peeking.socket}
	for _, part := range parts {
		req.AddData(part)
	}
	return req.Execute(unix.NETLINK_ROUTE, answer)
}

// addresses of one link.
func (s *space) addresses(link int) ([]netip.Prefix, error) {
	ask := nl.NewIfAddrmsg(unix.AF_INET)
	ask.Index = uint32(link)
	all, err := again(func() ([][]byte, error) { return s.peek(unix.RTM_GETADDR, unix.NLM_F_DUMP, unix.RTM_NEWADDR, ask) })
	if err != nil {
		return nil, err
	}
	var out []netip.Prefix
	for _, m := range all {
		msg := nl.DeserializeIfAddrmsg(m)
		if int(msg.Index) != link || msg.Family != unix.AF_INET {
			continue
		}
		attrs, err := nl.ParseRouteAttr(m[msg.Len():])
		if err != nil {
			return nil, err
		}
		for _, a := range attrs {
			if addr, ok := netip.AddrFromSlice(a.Value); ok && a.Attr.Type == unix.IFA_LOCAL {
				out = append(out, netip.PrefixFrom(addr, int(msg.Prefixlen)))
			}
		}
	}
	return out, nil
}

// shaper is the root qdisc of one link.
func (s *space) shaper(link int) (netlink.Qdisc, error) {
	ask := &nl.TcMsg{Family: nl.FAMILY_ALL, Ifindex: int32(link), Parent: netlink.HANDLE_ROOT}
	all, err := s.peek(unix.RTM_GETQDISC, unix.NLM_F_ACK|unix.NLM_F_ECHO, unix.RTM_NEWQDISC, ask)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	msg := nl.DeserializeTcMsg(all[0])
	attrs, err := nl.ParseRouteAttr(all[0][msg.Len():])
	if err != nil {
		return nil, err
	}
	q := &netlink.Tbf{QdiscAttrs: netlink.QdiscAttrs{LinkIndex: link, Handle: msg.Handle, Parent: msg.Parent}}
	for _, a := range attrs {
		switch a.Attr.Type {
		case nl.TCA_KIND:
			if kind := strings.TrimRight(string(a.Value), "\x00"); kind != "tbf" {
				return &netlink.GenericQdisc{QdiscAttrs: q.QdiscAttrs, QdiscType: kind}, nil
			}
		case nl.TCA_OPTIONS:
			if err := readTBF(q, a.Value); err != nil {
				return nil, err
			}
		}
	}
	return q, nil
}

func readTBF(q *netlink.Tbf, options []byte) error {
	attrs, err := nl.ParseRouteAttr(options)
	if err != nil {
		return err
	}
	for _, a := range attrs {
		switch a.Attr.Type {
		case nl.TCA_TBF_PARMS:
			opt := nl.DeserializeTcTbfQopt(a.Value)
			q.Rate, q.Limit, q.Buffer = uint64(opt.Rate.Rate), opt.Limit, opt.Buffer
		case nl.TCA_TBF_RATE64:
			q.Rate = nl.NativeEndian().Uint64(a.Value)
		}
	}
	return nil
}
