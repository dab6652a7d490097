package reconcile

import (
	"context"

	"github.com/gatewright/gatewright/internal/plan"
	"github.com/gatewright/gatewright/internal/store"
	"github.com/gatewright/gatewright/internal/vpc"
)

// watch makes machines due whose rows change, until ctx ends. What it costs depends on
// what changed and not on what there is.
func (l *Loops) watch(ctx context.Context) {
	view := l.View()
	whole, swept := true, false
	for {
		// A store that is being filled shows no rows for a while. Nothing may be
		// concluded from that: everything would have to go.
		if whole && store.Accounts.Len(view) > 0 {
			l.lookAtAll(view)
			whole = false
			if !swept {
				swept = true
				l.work.Go(func() { l.sweep(ctx) })
			}
		}
		select {
		case <-view.Changed():
		case <-ctx.Done():
			return
		}
		sleep(ctx, burst)
		changed := newChanges(l)
		for step, more := view.Next(); more; step, more = view.Next() {
			view, whole = step.View, whole || step.All
			for _, r := range step.Rows {
				changed.row(view, r.Row)
			}
		}
		if !whole {
			changed.tell()
		}
	}
}

// lookAtAll makes every machine due that a row wants, and every known one.
func (l *Loops) lookAtAll(view *store.View) {
	c := newChanges(l)
	for g := range store.GatewaysByHost.All(view, l.Host.Name) {
		c.gateway(g)
	}
	for w := range store.WorkloadsByHost.All(view, l.Host.Name) {
		c.wanted[plan.RouterMachine(w.VPC)] = true
	}
	for _, id := range l.Machines() {
		c.known[id] = true
	}
	c.tell()
	l.report.everything()
}

// changes gathers the machines that changed rows are about.
type changes struct {
	l      *Loops
	wanted map[plan.MachineID]bool // they are to be there
	known  map[plan.MachineID]bool // they are looked at if they are there
	host   bool                    // this host's own row
}

func newChanges(l *Loops) *changes {
	return &changes{l: l, wanted: map[plan.MachineID]bool{}, known: map[plan.MachineID]bool{}}
}

// tell makes the machines due.
func (c *changes) tell() {
	for id := range c.wanted {
		c.l.want(id, 0)
	}
	for id := range c.known {
		c.l.kick(id, 0)
	}
	if c.host {
		c.l.report.look()
	}
}

// row notes a row that was put or removed. What hosts report changes no plan.
func (c *changes) row(view *store.View, row any) {
	switch r := row.(type) {
	case *vpc.Gateway:
		if now, ok := store.Gateways.Get(view, r.ID); ok && now.Host == c.l.Host.Name {
			c.gateway(now)
			return
		}
		c.known[plan.GatewayMachine(r.ID)] = true
		c.known[plan.RouterMachine(r.VPC)] = true
	case *vpc.Connection:
		c.known[plan.GatewayMachine(r.Gateway)] = true
	case *vpc.SSLServer:
		c.known[plan.GatewayMachine(r.Gateway)] = true
		if r.VPC != "" {
			c.known[plan.RouterMachine(r.VPC)] = true
		}
	case *vpc.SSLClient:
		c.known[plan.GatewayMachine(r.Gateway)] = true
	case *vpc.GatewayRoute:
		c.known[plan.GatewayMachine(r.Gateway)] = true
	case *vpc.CustomerGateway:
		for x := range store.ConnectionsByCustomerGateway.All(view, store.Of(r.Scope, r.ID)) {
			c.known[plan.GatewayMachine(x.Gateway)] = true
		}
	case *vpc.VPC:
		c.known[plan.RouterMachine(r.ID)] = true
		for g := range store.GatewaysByVPC.All(view, store.Of(r.Scope, r.ID)) {
			c.known[plan.GatewayMachine(g.ID)] = true
		}
	case *vpc.Subnet:
		c.known[plan.RouterMachine(r.VPC)] = true
	case *vpc.RouteTable:
		c.known[plan.RouterMachine(r.VPC)] = true
	case *vpc.Workload:
		c.workload(r)
	case *vpc.Account:
		c.account(view, r)
	case *vpc.Host:
		c.host = c.host || r.Name == c.l.Host.Name
	}
}

// gateway notes a gateway of this host, and the router that its link ends in.
func (c *changes) gateway(g *vpc.Gateway) {
	c.wanted[plan.GatewayMachine(g.ID)] = true
	if g.VPC != "" {
		c.wanted[plan.RouterMachine(g.VPC)] = true
	}
}

func (c *changes) workload(w *vpc.Workload) {
	if w.Host == c.l.Host.Name {
		c.wanted[plan.RouterMachine(w.VPC)] = true
	}
}

// account notes an account's gateways when it begins or ceases to owe money; its balance
// changes far more often than that.
func (c *changes) account(view *store.View, a *vpc.Account) {
	c.l.mu.Lock()
	owed, known := c.l.mu.debts[a.ID]
	owes := a.Balance < 0
	c.l.mu.debts[a.ID] = owes
	c.l.mu.Unlock()
	if known && owed == owes {
		return
	}
	for g := range store.GatewaysByHost.All(view, c.l.Host.Name) {
		if g.Account == a.ID {
			c.known[plan.GatewayMachine(g.ID)] = true
		}
	}
}
