package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"slices"

	"github.com/gatewright/gatewright/internal/host"
	"github.com/gatewright/gatewright/internal/ipsec"
	"github.com/gatewright/gatewright/internal/netdev"
	"github.com/gatewright/gatewright/internal/plan"
	"github.com/gatewright/gatewright/internal/sslvpn"
)

// tools are programs that the server starts, or that its demo and tests need, and the
// Debian package of each.
var tools = []struct{ path, need, debian string }{
	{ikeDaemon, "IPsec tunnels", "charon-systemd"},
	{"openvpn", "SSL VPN servers", "openvpn"},
	{"ip", "the demo and the tests", "iproute2"},
	{"nft", "the demo and the tests", "nftables"},
	{"swanctl", "the demo and the tests", "strongswan-swanctl"},
	{"iperf3", "the demo and the tests", "iperf3"},
}

// examine looks at everything. It starts a charon for a moment in a namespace of its own
// and leaves nothing behind; a server that runs is not disturbed.
func examine(ctx context.Context) examination {
	var x examination
	if os.Geteuid() != 0 {
		x.Checks = append(x.Checks, check{What: "root", Found: fmt.Sprintf("this is user %d", os.Geteuid()), Mend: "sudo gatewright doctor"})
		return x.tools()
	}
	x.Checks = append(x.Checks, check{What: "root", Good: true, Found: "this is root"})
	ability, err := probeHost(ctx)
	for _, f := range ability.Findings {
		x.Checks = append(x.Checks, check{What: f.What, Good: f.Good, Found: f.Text, Mend: f.Install})
	}
	if err != nil && !slices.ContainsFunc(x.Checks, func(c check) bool { return c.Found == err.Error() }) {
		x.Checks = append(x.Checks, check{What: "probe", Found: err.Error()})
	}
	x.Checks = append(x.Checks, offloadCheck(sslvpn.Probe(ctx)), trackingCheck(netdev.ProbeTracking()))
	x.Engine, x.Algorithms = string(ability.Engine), ability.Algorithms
	x.Carries = err == nil && ability.Engine != plan.EngineNone
	return x.tools()
}

// offloadCheck tells whether the kernel can carry SSL VPN, and what that means for serve.
func offloadCheck(o sslvpn.Offload) check {
	old := &Config{OldClients: oldAuto}
	is := oldNo
	if old.oldClients(func() bool { return o.Can }) {
		is = oldYes
	}
	return check{What: "OpenVPN's data channel in the kernel", Good: o.Can, Found: o.Text + "; --openvpn-old-clients auto is " + is}
}

// trackingCheck tells whether access policies of SSL servers have a direction.
func trackingCheck(err error) check {
	c := check{What: "connection tracking in nftables", Good: err == nil, Found: "what an access policy of an SSL server names can only answer clients"}
	if err != nil {
		c.Found = fmt.Sprintf("%v; what an access policy of an SSL server names can also begin to talk to its clients", err)
		c.Mend = "a kernel with nf_conntrack and nft_ct; where they are modules, modprobe nft_ct"
	}
	return c
}

// tools adds what of the programs is there.
func (x examination) tools() examination {
	for _, t := range tools {
		c := check{What: "program for " + t.need, Found: t.path, Good: true}
		if _, err := exec.LookPath(t.path); err != nil {
			c.Good, c.Found, c.Mend = false, t.path+" is not there", "apt-get install --no-install-recommends "+t.debian
		}
		x.Checks = append(x.Checks, c)
	}
	return x
}

// probeHost asks ipsec with a runtime directory that is thrown away.
func probeHost(ctx context.Context) (ipsec.Ability, error) {
	children, err := host.OpenChildren(fmt.Sprintf("/run/gatewright-doctor-%d", os.Getpid()), "doctor")
	if err != nil {
		return ipsec.Ability{}, err
	}
	ability, err := ipsec.Probe(ctx, children)
	if gone := children.Remove(); err == nil {
		err = gone
	}
	return ability, err
}
