package netdev

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/gatewright/gatewright/internal/host"
	"github.com/gatewright/gatewright/internal/plan"
	"github.com/gatewright/gatewright/internal/reconcile"
	"github.com/gatewright/gatewright/internal/reconcile/planetest"
)

// passing is what `ip` prints that differs each time a thing is made anew.
var passing = regexp.MustCompile(`(?m)^\d+: |@if\d+|link/\S+ \S+ brd \S+|link-netns\S* \S+|qdisc \S+|state \S+|qlen \d+|group \S+|inet6 .*`)

// state prints what the driver may have made on the host, but not counters and numbers.
func (r *rig) state() string {
	r.Helper()
	var b strings.Builder
	names, err := host.Namespaces(r.prefix())
	if err != nil {
		r.Fatal(err)
	}
	for _, name := range append(names, r.host.Name) {
		ns := r.lab.Existing(name)
		fmt.Fprintln(&b, "namespace", name)
		for _, args := range [][]string{{"ip", "-o", "link"}, {"ip", "route", "show", "table", "all", "proto", "83"}, {"ip", "rule"}, {"nft", "-s", "list", "ruleset"}} {
			fmt.Fprintln(&b, passing.ReplaceAllString(ns.Run(args...), ""))
		}
	}
	return b.String()
}

// TestConformance holds both planes together to what the loops rely on.
func TestConformance(t *testing.T) {
	planetest.Conformance(t, func(t *testing.T) planetest.Subject {
		r := newRig(t)
		machine := func(n int) plan.Machine { return r.routerPlan(fmt.Sprintf("vpc-%08d", n)) }
		return planetest.Subject{
			Planes:  []reconcile.Plane{r.Build(), r.Prune()},
			Machine: machine,
			Changed: func(n int) plan.Machine {
				m := machine(n)
				ns := &m.Namespaces[0]
				ns.Links = append(ns.Links, plan.Link{Name: "sn2", Kind: plan.LinkBridge, Addrs: prefixes("10.0.2.1/24")})
				ns.Routes = append(ns.Routes, plan.Route{Table: 1001, To: prefix("10.9.0.0/16"), Throw: true})
				ns.Rules[1].In = "sn2"
				return m
			},
			State: func(*testing.T) string { return r.state() },
			Fail: func(n int) func() bool {
				var seen atomic.Int64
				r.fault = func(string, string, string) error {
					if seen.Add(1) == int64(n)+1 {
						return errors.New("injected")
					}
					return nil
				}
				return func() bool { r.fault = nil; return seen.Load() > int64(n) }
			},
		}
	})
}
