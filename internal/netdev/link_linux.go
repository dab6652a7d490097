package netdev

import (
	"crypto/sha256"
	"errors"
	"net"
	"net/netip"
	"slices"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/gatewright/gatewright/internal/host"
	"github.com/gatewright/gatewright/internal/plan"
)

// link makes one link of the plan, or adopts it, and settles it.
func (p *pass) link(namespace string, l plan.Link) error {
	v, err := p.view(namespace)
	if err != nil {
		return err
	}
	switch l.Kind {
	case plan.LinkVeth:
		return p.workload(l, p.cable(v, l))
	case plan.LinkBridge:
		err = p.bridge(v, l)
	case plan.LinkMacvlan:
		err = p.macvlan(v, l)
	case plan.LinkMoved:
		return p.workload(l, p.guestLink(v, l))
	default:
		err = &host.Error{Op: "add link", Object: l.Name, Namespace: namespace, Err: errors.New("unknown kind " + string(l.Kind))}
	}
	if err != nil {
		return err
	}
	return p.settle(v, v.links[l.Name], near(l))
}

func (p *pass) bridge(v *view, l plan.Link) error {
	if cur := v.links[l.Name]; cur != nil {
		if cur.Type() == "bridge" {
			return nil
		}
		if err := p.remove(v, cur); err != nil {
			return err
		}
	}
	return p.add(v, &netlink.Bridge{LinkAttrs: p.attrs(v.s, l.Name, l.MTU)})
}

func (p *pass) macvlan(v *view, l plan.Link) error {
	home, err := p.open(plan.HostNamespace)
	if err != nil {
		return err
	}
	parent, err := p.parent(home, l)
	if err != nil {
		return err
	}
	if cur := v.links[l.Name]; cur != nil {
		if cur.Type() == "macvlan" && cur.Attrs().ParentIndex == parent.Attrs().Index && sees(v.s, cur, home) {
			return nil
		}
		if err := p.remove(v, cur); err != nil {
			return err
		}
	}
	attrs := p.attrs(v.s, l.Name, l.MTU)
	attrs.ParentIndex, attrs.Namespace = parent.Attrs().Index, netlink.NsFd(v.s.fd)
	err = p.do("add macvlan", l.Name, v.s.name, func() error {
		return home.nl.LinkAdd(&netlink.Macvlan{LinkAttrs: attrs, Mode: netlink.MACVLAN_MODE_BRIDGE})
	})
	if err != nil {
		return err
	}
	return p.look(v, l.Name)
}

// parent finds the host's device that a link stands on.
func (p *pass) parent(home *space, l plan.Link) (netlink.Link, error) {
	dev, err := home.link(l.Parent)
	if err == nil && dev == nil {
		p.d.index.miss(p.want.ID, device{plan.HostNamespace, l.Parent})
		err = &host.Error{Op: "find", Object: "device " + l.Parent, Err: errNoDevice, Hint: "it has to be in the namespace that the server runs in"}
	}
	return dev, err
}

// attrs are those of a new link. Its hardware address follows from its name, so that
// neighbours who knew a former one know the new one.
func (p *pass) attrs(s *space, name string, mtu int) netlink.LinkAttrs {
	a := netlink.NewLinkAttrs()
	a.Name, a.MTU, a.HardwareAddr = name, mtu, p.d.hardware(s.name, name)
	return a
}

func (m mark) hardware(namespace, name string) net.HardwareAddr {
	sum := sha256.Sum256([]byte(m.tag + "\x00" + namespace + "\x00" + name))
	return append(net.HardwareAddr{0x02}, sum[:5]...)
}

// add makes a link and looks at it.
func (p *pass) add(v *view, l netlink.Link) error {
	err := p.do("add "+l.Type(), l.Attrs().Name, v.s.name, func() error { return v.s.nl.LinkAdd(l) })
	if err != nil {
		return err
	}
	return p.look(v, l.Attrs().Name)
}

// look reads a link anew into a view.
func (p *pass) look(v *view, name string) error {
	delete(v.links, name)
	l, err := v.s.link(name)
	if err == nil && l == nil {
		err = unix.ENODEV
	}
	if err == nil {
		err = v.readLink(l)
	}
	if err != nil {
		return &host.Error{Op: "read link", Object: name, Namespace: v.s.name, Err: err, Hint: host.Hint(err)}
	}
	return nil
}

// remove takes a link away: a moved device goes back, others are deleted.
func (p *pass) remove(v *view, l netlink.Link) error {
	if o, ok := p.d.origin(l.Attrs().Alias); ok {
		return p.giveBack(v, l, o)
	}
	err := p.do("delete link", l.Attrs().Name, v.s.name, func() error {
		if err := v.s.nl.LinkDel(l); err != nil && !errors.Is(err, unix.ENODEV) { // it went with its other end
			return err
		}
		return nil
	})
	if err == nil {
		delete(v.links, l.Attrs().Name)
	}
	return err
}

// sees says whether a link's other side is in that namespace.
func sees(s *space, l netlink.Link, other *space) bool {
	if s == other {
		return l.Attrs().NetNsID == -1
	}
	id, err := s.nl.GetNetNsIdByFd(int(other.fd))
	return err == nil && id >= 0 && id == l.Attrs().NetNsID
}

// settings are what a link is to have, whatever its kind.
type settings struct {
	mtu    int
	master string
	addrs  []netip.Prefix
	shape  plan.Shape
}

func near(l plan.Link) settings {
	s := settings{l.MTU, l.Master, l.Addrs, l.Shape}
	if l.Kind == plan.LinkVeth {
		s.mtu = orEthernet(l.MTU)
	}
	return s
}

func far(e plan.End) settings { return settings{orEthernet(e.MTU), e.Master, e.Addrs, e.Shape} }

// orEthernet is what the kernel gives a new veth. An adopted one may have had another.
func orEthernet(mtu int) int {
	if mtu == 0 {
		return 1500
	}
	return mtu
}

// settle marks a link and gives it its settings. Addresses come before it is up, for its
// neighbours are told then.
func (p *pass) settle(v *view, l netlink.Link, want settings) error {
	a := l.Attrs()
	if _, moved := p.d.origin(a.Alias); a.Alias != p.alias && !moved {
		err := p.do("mark link", a.Name, v.s.name, func() error { return v.s.nl.LinkSetAlias(l, p.alias) })
		if err != nil {
			return err
		}
	}
	if want.mtu != 0 && want.mtu != a.MTU {
		err := p.do("set MTU of", a.Name, v.s.name, func() error { return v.s.nl.LinkSetMTU(l, want.mtu) })
		if err != nil {
			return err
		}
	}
	if err := p.master(v, l, want.master); err != nil {
		return err
	}
	if err := p.addresses(v, l, want.addrs); err != nil {
		return err
	}
	if a.Flags&net.FlagUp == 0 {
		err := p.do("bring up", a.Name, v.s.name, func() error { return v.s.nl.LinkSetUp(l) })
		if err != nil {
			return err
		}
	}
	return p.shape(v, l, want.shape)
}

func (p *pass) master(v *view, l netlink.Link, name string) error {
	a := l.Attrs()
	if name == "" {
		if a.MasterIndex == 0 {
			return nil
		}
		return p.do("free", a.Name, v.s.name, func() error { return v.s.nl.LinkSetNoMaster(l) })
	}
	m := v.links[name]
	if m == nil {
		var err error
		if m, err = v.s.link(name); err != nil {
			return &host.Error{Op: "read link", Object: name, Namespace: v.s.name, Err: err, Hint: host.Hint(err)}
		}
	}
	if m == nil {
		p.d.index.miss(p.want.ID, device{v.s.name, name})
		return &host.Error{Op: "find", Object: "bridge " + name, Namespace: v.s.name, Err: unix.ENODEV, Hint: a.Name + " is to be its port"}
	}
	if a.MasterIndex == m.Attrs().Index {
		return nil
	}
	return p.do("join "+name+" with", a.Name, v.s.name, func() error { return v.s.nl.LinkSetMasterByIndex(l, m.Attrs().Index) })
}

// addresses adds what is missing.
func (p *pass) addresses(v *view, l netlink.Link, want []netip.Prefix) error {
	have := v.addrs[l.Attrs().Index]
	for _, a := range want {
		if slices.Contains(have, a) {
			continue
		}
		err := p.do("add address", a.String()+" to "+l.Attrs().Name, v.s.name, func() error {
			return v.s.nl.AddrAdd(l, &netlink.Addr{IPNet: ipNet(a)})
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func ipNet(p netip.Prefix) *net.IPNet {
	return &net.IPNet{IP: p.Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), p.Addr().BitLen())}
}

// prefixOf turns back what ipNet made; the zero Prefix for none.
func prefixOf(n *net.IPNet) netip.Prefix {
	if n == nil {
		return netip.Prefix{}
	}
	addr, _ := netip.AddrFromSlice(n.IP)
	ones, _ := n.Mask.Size()
	return netip.PrefixFrom(addr.Unmap(), ones)
}
