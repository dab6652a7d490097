package netdev

import (
	"github.com/google/nftables"
	"github.com/vishvananda/netns"

	"github.com/gatewright/gatewright/internal/host"
	"github.com/gatewright/gatewright/internal/plan"
)

// probes are rules that need one feature each.
var probes = map[feature]plan.Filter{
	ipsecIn:  {IPsecIn: true, Verdict: plan.Accept},
	ipsecOut: {IPsecOut: true, Verdict: plan.Accept},
	clampMSS: {ClampMSS: true},
	tracking: {Reply: true, Verdict: plan.Accept},
}

// ProbeTracking finds out in a throw-away namespace whether this kernel tracks connections
// for nftables, so that what answers a flow is told from what begins one.
func ProbeTracking() error {
	return host.Throwaway(func() error {
		here, err := netns.Get()
		if err != nil {
			return err
		}
		defer here.Close()
		return tryRule(here, probes[tracking])
	})
}

// probe finds out in a throw-away namespace what this kernel lacks. Where it cannot ask,
// nothing is taken to be lacking, and the kernel refuses what it does not know.
func (d *Driver) probe() map[feature]bool {
	lacks := map[feature]bool{}
	err := host.Throwaway(func() error {
		here, err := netns.Get()
		if err != nil {
			return err
		}
		defer here.Close()
		for what, f := range probes {
			if err := tryRule(here, f); err != nil {
				lacks[what] = true
				d.log.Warn("the kernel lacks an expression of nftables", "expression", string(what), "err", err)
			}
		}
		return nil
	})
	if err != nil {
		d.log.Warn("cannot probe nftables", "err", err)
	}
	return lacks
}

func tryRule(here netns.NsHandle, f plan.Filter) error {
	all, err := compile(plan.Firewall{Chains: []plan.Chain{{Hook: plan.HookForward, Rules: []plan.Filter{f}}}}, nil)
	if err != nil {
		return err
	}
	c, err := nftables.New(nftables.WithNetNSFd(int(here)))
	if err != nil {
		return err
	}
	all.queue(c, ruleset{})
	return c.Flush()
}
