package netdev

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/gatewright/gatewright/internal/host"
	"github.com/gatewright/gatewright/internal/plan"
)

// EnsureUplink checks the device that the operator has named; it is not changed. Without
// one it makes OwnUplink with the gateway's address, OwnGateway if that is not valid.
func (d *Driver) EnsureUplink(ctx context.Context, name string, gateway netip.Prefix) (Uplink, error) {
	p := d.pass(ctx, plan.Machine{})
	defer p.close()
	home, err := p.open(plan.HostNamespace)
	if err != nil {
		return Uplink{}, err
	}
	if name != "" {
		up, err := p.checkUplink(home, name)
		d.uplink.Store(&up.Device)
		return up, err
	}
	if !gateway.IsValid() {
		gateway = OwnGateway
	}
	p.alias = d.uplinkAlias()
	return Uplink{OwnUplink, plan.LinkVeth, []netip.Prefix{gateway}}, p.ownUplink(home, gateway)
}

// uplinkAlias marks the bridge. It has no machine's form.
func (m mark) uplinkAlias() string { return "gatewright " + m.tag + " uplink" }

func (p *pass) checkUplink(home *space, name string) (Uplink, error) {
	refuse := func(err error, hint string) (Uplink, error) {
		return Uplink{}, &host.Error{Op: "use uplink", Object: name, Err: err, Hint: hint}
	}
	v, l, err := p.far(home, name)
	switch {
	case err != nil:
		return refuse(err, host.Hint(err))
	case l == nil:
		return refuse(unix.ENODEV, "`--uplink` names a bridge or an Ethernet device of the server's namespace")
	case l.Attrs().Flags&net.FlagUp == 0:
		return refuse(errors.New("it is down"), "ip link set "+name+" up")
	case l.Type() == "bridge":
		return Uplink{name, plan.LinkVeth, v.addrs[l.Attrs().Index]}, nil
	case l.Attrs().Flags&net.FlagLoopback != 0 || l.Attrs().EncapType != "ether":
		return refuse(fmt.Errorf("it is a %s with link type %s", l.Type(), l.Attrs().EncapType), "gateways need Ethernet")
	case l.Attrs().MasterIndex != 0:
		return refuse(errors.New("it is a port of a bridge or bond"), "name the bridge or bond itself")
	}
	return Uplink{name, plan.LinkMacvlan, v.addrs[l.Attrs().Index]}, nil
}

func (p *pass) ownUplink(home *space, gateway netip.Prefix) error {
	v, l, err := p.far(home, OwnUplink)
	if err != nil {
		return err
	}
	if l == nil {
		if err := p.add(v, &netlink.Bridge{LinkAttrs: p.attrs(home, OwnUplink, 0)}); err != nil {
			return err
		}
		l = v.links[OwnUplink]
	} else if l.Type() != "bridge" || !strings.HasPrefix(l.Attrs().Alias, "gatewright ") && !slices.Contains(v.addrs[l.Attrs().Index], gateway) {
		return &host.Error{Op: "make uplink", Object: OwnUplink, Err: errForeign, Hint: "rename it, or name it with `--uplink`"}
	}
	if strings.HasPrefix(l.Attrs().Alias, "gatewright ") {
		p.alias = l.Attrs().Alias // it may be another server's; whoever made it removes it
	}
	return p.settle(v, l, settings{addrs: []netip.Prefix{gateway}})
}

// Cleanup removes everything on the host that bears this server's mark. The bridge that
// stands for the internet stays while others have ports on it: inUse names those.
func (d *Driver) Cleanup(ctx context.Context) (inUse []string, err error) {
	ids, err := d.machines(ctx)
	errs := []error{err}
	for _, id := range ids {
		_, err := d.Prune().Apply(ctx, plan.Machine{ID: id, Gone: true})
		errs = append(errs, err)
	}
	p := d.pass(ctx, plan.Machine{Gone: true})
	defer p.close()
	d.owned.Lock()
	nobody := slices.Clone(d.owned.nobody)
	d.owned.Unlock()
	for _, name := range nobody {
		errs = append(errs, p.demolish(name))
	}
	inUse, err = p.removeUplink()
	return inUse, errors.Join(append(errs, err)...)
}

// removeUplink removes the bridge if this server has made it and no other has ports on
// it, which it names.
func (p *pass) removeUplink() (ports []string, err error) {
	home, err := p.open(plan.HostNamespace)
	if err != nil {
		return nil, err
	}
	links, err := again(home.nl.LinkList)
	if err != nil {
		return nil, &host.Error{Op: "read links", Err: err, Hint: host.Hint(err)}
	}
	i := slices.IndexFunc(links, func(l netlink.Link) bool { return l.Attrs().Name == OwnUplink })
	if i < 0 || links[i].Attrs().Alias != p.d.uplinkAlias() {
		return nil, nil
	}
	for _, l := range links {
		if l.Attrs().MasterIndex == links[i].Attrs().Index {
			ports = append(ports, l.Attrs().Name)
		}
	}
	if len(ports) > 0 {
		return ports, nil
	}
	return nil, p.do("delete link", OwnUplink, "", func() error { return home.nl.LinkDel(links[i]) })
}
