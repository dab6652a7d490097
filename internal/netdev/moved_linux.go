package netdev

import (
	"errors"
	"fmt"
	"net"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/gatewright/gatewright/internal/host"
	"github.com/gatewright/gatewright/internal/plan"
)

func (p *pass) guestLink(v *view, l plan.Link) error {
	if err := p.moved(v, l); err != nil {
		return err
	}
	return p.settle(v, v.links[l.Name], near(l))
}

// moved brings a device of the host into a namespace of the machine. It is marked before
// it moves, so that it can be given back whenever the server stops in between.
func (p *pass) moved(v *view, l plan.Link) error {
	home, err := p.open(plan.HostNamespace)
	if err != nil {
		return err
	}
	cur := p.guest(v, l.Parent)
	if cur == nil {
		dev, err := p.spare(v, home, l)
		if err != nil {
			return err
		}
		if other := v.links[l.Name]; other != nil {
			if err := p.remove(v, other); err != nil {
				return err
			}
		}
		if cur, err = p.fetch(v, home, dev); err != nil {
			return err
		}
	}
	return p.rename(v, cur, l.Name)
}

// guest finds a moved device by where it came from.
func (p *pass) guest(v *view, parent string) netlink.Link {
	for _, l := range v.links {
		if o, ok := p.d.origin(l.Attrs().Alias); ok && o.name == parent {
			return l
		}
	}
	return nil
}

// spare finds the device that a link is, if it may be taken.
func (p *pass) spare(v *view, home *space, l plan.Link) (netlink.Link, error) {
	dev, err := p.parent(home, l)
	if err != nil {
		return nil, err
	}
	if id, ours := p.d.owner(dev.Attrs().Alias); ours && id != p.want.ID {
		return nil, &host.Error{Op: "move", Object: l.Parent, Namespace: v.s.name, Err: errForeign, Hint: "it belongs to " + id.String()}
	}
	if why := p.d.duty(dev); why != "" {
		return nil, &host.Error{
			Op: "move", Object: l.Parent, Namespace: v.s.name, Err: fmt.Errorf("%w: it is %s", errBusy, why),
			Hint: "nothing was changed; name a device that has nothing else to do",
		}
	}
	return dev, nil
}

// fetch marks a device of the host and moves it.
func (p *pass) fetch(v *view, home *space, dev netlink.Link) (netlink.Link, error) {
	a := dev.Attrs()
	if _, marked := p.d.origin(a.Alias); !marked {
		alias := p.d.movedAlias(p.want.ID, origin{a.Name, a.Flags&net.FlagUp != 0, a.Alias})
		err := p.do("mark device", a.Name, "", func() error { return home.nl.LinkSetAlias(dev, alias) })
		if err != nil {
			return nil, err
		}
	}
	err := p.do("move", a.Name, v.s.name, func() error { return home.nl.LinkSetNsFd(dev, int(v.s.fd)) })
	if err != nil {
		return nil, err
	}
	if err := p.look(v, a.Name); err != nil {
		return nil, err
	}
	return v.links[a.Name], nil
}

// errBusy is matched by errors about a device that has something else to do.
var errBusy = errors.New("it cannot be taken away")

// duty is why a device of the host must stay where it is; empty if it may go.
func (d *Driver) duty(l netlink.Link) string {
	a := l.Attrs()
	switch {
	case a.Flags&net.FlagLoopback != 0:
		return "the loopback device"
	case a.Name == *d.uplink.Load():
		return "the gateways' uplink"
	case a.MasterIndex != 0:
		return "a port of a bridge or bond"
	case l.Type() == "bridge":
		return "a bridge, which has no wire of its own"
	}
	return ""
}

func (p *pass) rename(v *view, l netlink.Link, name string) error {
	was := l.Attrs().Name
	if was == name {
		return nil
	}
	err := p.do("rename "+was+" to", name, v.s.name, func() error {
		if err := v.s.nl.LinkSetDown(l); err != nil { // older kernels rename only what is down
			return err
		}
		return v.s.nl.LinkSetName(l, name)
	})
	if err != nil {
		return err
	}
	delete(v.links, was)
	return p.look(v, name)
}

// giveBack moves a device home, under the name it had.
func (p *pass) giveBack(v *view, l netlink.Link, o origin) error {
	home, err := p.open(plan.HostNamespace)
	if err != nil {
		return err
	}
	if err := p.rename(v, l, o.name); err != nil {
		return err
	}
	l = v.links[o.name]
	err = p.do("give back", o.name, v.s.name, func() error { return v.s.nl.LinkSetNsFd(l, int(home.fd)) })
	if err != nil {
		return err
	}
	delete(v.links, o.name)
	back, err := home.link(o.name)
	if err == nil && back == nil {
		err = &host.Error{Op: "find", Object: "device " + o.name, Err: unix.ENODEV}
	}
	return errors.Join(err, p.unmark(home, back, o))
}

// unmark makes a device at home what it was before it was moved.
func (p *pass) unmark(home *space, l netlink.Link, o origin) error {
	if l == nil {
		return nil
	}
	if o.up {
		err := p.do("bring up", o.name, "", func() error { return home.nl.LinkSetUp(l) })
		if err != nil {
			return err
		}
	}
	return p.do("unmark device", o.name, "", func() error { return home.nl.LinkSetAlias(l, o.alias) })
}
