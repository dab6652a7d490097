package control

import (
	"context"

	"github.com/gatewright/gatewright/internal/store"
	"github.com/gatewright/gatewright/internal/vpc"
)

// CreateGateway makes a VPN gateway with a public address of its own and, where the
// caller chose a prepaid term, debits it.
func (c *Control) CreateGateway(ctx context.Context, caller *Caller, spec vpc.GatewaySpec) (GatewayView, error) {
	var out GatewayView
	err := c.update(ctx, caller, func(tx *store.Tx) error {
		acct, err := account(tx, caller.Account)
		if err != nil {
			return err
		}
		order, refusal := vpc.CheckGatewaySpec(&spec, c.gatewayEnv(tx, caller, acct, spec.Tags))
		if refusal != nil {
			return refusal
		}
		at, refusal := c.placeGateway(tx, order.Type)
		if refusal != nil {
			return refusal
		}
		id := newID(tx, store.Gateways, vpc.PrefixGateway)
		g, entry := order.Make(id, at.public, tx.Now(), c.life())
		g.Host = at.host
		store.Gateways.Put(tx, g)
		if err := book(tx, entry); err != nil {
			return err
		}
		if len(spec.Tags) > 0 {
			putTagging(tx, &vpc.Tagging{Resource: gatewayResource(id), Scope: g.Scope, Tags: spec.Tags, Created: g.Created})
		}
		out = c.gatewayView(tx, acct, g, tx.Now())
		return nil
	})
	return out, err
}

// newID draws ids until one is free.
func newID[K ~string, R any](tx *store.Tx, table *store.Table[K, R], prefix vpc.Prefix) K {
	for {
		id := vpc.NewID[K](prefix, tx.Rand().Uint64)
		if _, taken := table.Get(tx, id); !taken {
			return id
		}
	}
}

// gatewayEnv is what a new gateway is judged against, in one transaction.
func (c *Control) gatewayEnv(r store.Reader, caller *Caller, acct *vpc.Account, tags []vpc.Tag) *vpc.GatewayEnv {
	scope := caller.Scope()
	env := &vpc.GatewayEnv{
		Site: c.cfg.Site, Zones: c.zones(scope.Region), Scope: scope, Account: acct,
		Prices: c.cfg.Prices, Listed: caller.Codes,
		VPC: func(id vpc.VPCID) (*vpc.VPC, bool) {
			v, ok := store.VPCs.Get(r, id)
			return v, ok && v.Scope == scope
		},
		InVPC:        func(id vpc.VPCID) int { return store.GatewaysByVPC.Count(r, store.Of(scope, id)) },
		OfCCN:        func() int { return ccnGateways(r, scope) },
		CDCHolds:     func(id vpc.CDCID, t vpc.GatewayType) bool { return cdcHolds(r, scope, id, t) },
		Destinations: func(id vpc.VPCID) []vpc.Destination { return c.tunnelDestinations(r, scope, id) },
		Quota:        func(name string) int { return quota(r, scope.Account, name) },
	}
	if len(tags) > 0 {
		env.Stock = tagStock(r, acct.ID, tags)
	}
	return env
}

// zones are those of a region: the operator's for the server's own, else the vendor's.
func (c *Control) zones(region vpc.Region) []vpc.Zone {
	if region == c.cfg.Region && len(c.cfg.Zones) > 0 {
		return c.cfg.Zones
	}
	return vpc.DefaultZones(region)
}

func ccnGateways(r store.Reader, s vpc.Scope) int {
	return store.GatewaysByVPC.Count(r, store.Of(s, vpc.VPCID("")))
}

func cdcHolds(r store.Reader, s vpc.Scope, id vpc.CDCID, t vpc.GatewayType) bool {
	for g := range store.GatewaysByCDC.All(r, store.Of(s, id)) {
		if g.Type == t {
			return true
		}
	}
	return false
}

// tunnelDestinations are the remote ranges that the VPC's gateways, and the gateways of
// the CCN that it is attached to, send into tunnels. It looks at connections, which are
// few, and not at gateways. Of another account's gateways only the ranges count that the
// CCN has a route to: all else is that account's own affair.
func (c *Control) tunnelDestinations(r store.Reader, s vpc.Scope, id vpc.VPCID) []vpc.Destination {
	var d destinations
	for x := range store.ConnectionsByVPC.All(r, store.Of(s, id)) {
		d.add(r, x)
	}
	for a := range store.AttachmentsByInstance.All(r, string(id)) {
		if a.State != vpc.AttachmentActive { // a request to join must not tell what is inside
			continue
		}
		d.addForeign(r, s.Account, a.CCN, c.st.Now())
		for g := range store.GatewaysByNetwork.All(r, a.CCN) {
			if g.Account != s.Account {
				continue
			}
			for x := range store.ConnectionsByGateway.All(r, store.Of(g.Scope, g.ID)) {
				d.add(r, x)
			}
		}
	}
	return d.ranges
}

// destinations collects the remote ranges behind connections and their gateways' routes.
type destinations struct {
	ranges []vpc.Destination
	seen   map[vpc.GatewayID]bool // gateways whose routes are in
}

func (d *destinations) add(r store.Reader, x *vpc.Connection) {
	for _, p := range x.Policies {
		for _, remote := range p.Remotes {
			d.ranges = append(d.ranges, vpc.Destination{Range: remote})
		}
	}
	if d.seen[x.Gateway] {
		return
	}
	if d.seen == nil {
		d.seen = map[vpc.GatewayID]bool{}
	}
	d.seen[x.Gateway] = true
	for route := range store.GatewayRoutesByGateway.All(r, store.Of(x.Scope, x.Gateway)) {
		d.ranges = append(d.ranges, vpc.Destination{Range: route.Destination})
	}
}

// addForeign adds the CCN's enabled routes to gateways of other accounts.
func (d *destinations) addForeign(r store.Reader, account vpc.AccountID, id vpc.CCNID, now vpc.Instant) {
	ccn, ok := store.CCNs.Get(r, id)
	if !ok || ccn.Account == account { // a gateway joins the CCNs of its own account only
		return
	}
	for _, route := range vpc.CCNRoutes(ccn, ccnMembers(r, ccn, now)) {
		if route.Enabled && route.InstanceType == vpc.InstanceGateway && route.Owner != account {
			d.ranges = append(d.ranges, vpc.Destination{Range: route.Destination, Foreign: true})
		}
	}
}

// ModifyGateway changes a gateway's name, BGP number or seats, or makes a prepaid one
// postpaid at the end of its term.
func (c *Control) ModifyGateway(ctx context.Context, caller *Caller, id string, change vpc.GatewayChange) error {
	return c.changeGateway(ctx, caller, id, func(tx *store.Tx, g *vpc.Gateway, m *vpc.GatewayMoment) (*vpc.Gateway, []vpc.LedgerEntry, *vpc.Error) {
		change.BGPInUse = hasBGP(tx, g)
		return vpc.ModifyGateway(g, &change, m)
	})
}

// ResizeGateway gives a gateway another bandwidth.
func (c *Control) ResizeGateway(ctx context.Context, caller *Caller, id string, bandwidth uint64) error {
	return c.changeGateway(ctx, caller, id, func(_ *store.Tx, g *vpc.Gateway, m *vpc.GatewayMoment) (*vpc.Gateway, []vpc.LedgerEntry, *vpc.Error) {
		return vpc.ResizeGateway(g, bandwidth, m)
	})
}

// DeleteGateway starts the deletion of a gateway; it reads DELETING until it is gone.
// VPC routes that point at it stay, and drop.
func (c *Control) DeleteGateway(ctx context.Context, caller *Caller, id string) error {
	return c.changeGateway(ctx, caller, id, func(tx *store.Tx, g *vpc.Gateway, m *vpc.GatewayMoment) (*vpc.Gateway, []vpc.LedgerEntry, *vpc.Error) {
		use := vpc.GatewayUse{Connections: store.ConnectionsByGateway.Count(tx, store.Of(g.Scope, g.ID)), SSLServers: liveServers(tx, g)}
		return vpc.DeleteGateway(g, use, m)
	})
}

// RenewGateway adds months to a prepaid term and debits them.
func (c *Control) RenewGateway(ctx context.Context, caller *Caller, id string, term *vpc.PrepaidSpec) error {
	return c.changeGateway(ctx, caller, id, func(_ *store.Tx, g *vpc.Gateway, m *vpc.GatewayMoment) (*vpc.Gateway, []vpc.LedgerEntry, *vpc.Error) {
		return vpc.RenewGateway(g, term, m)
	})
}

// SetRenewFlags decides what happens at the end of the terms of up to MaxLimit
// gateways: all of them, or after an error none. A type, where one is given, must be a
// gateway type; it picks nothing.
func (c *Control) SetRenewFlags(ctx context.Context, caller *Caller, ids []string, number int64, gatewayType *string) error {
	flag, refusal := vpc.ParseRenewNumber(number)
	switch {
	case refusal != nil:
		return refusal
	case gatewayType != nil && !vpc.ValidGatewayType(*gatewayType):
		return vpc.Refuse(vpc.InvalidParameterValue, "Type", "`%s` is no gateway type", "`%s` 不是网关类型", vpc.Clip(*gatewayType))
	case len(ids) == 0:
		return vpc.Refuse(caller.Codes.Pick(vpc.InvalidParameterValueEmpty, vpc.InvalidParameterValue), "VpnGatewayIds", "it is empty", "不能为空")
	case len(ids) > MaxLimit:
		return vpc.Refuse(caller.Codes.Pick(vpc.InvalidParameterValueLimitExceeded, vpc.InvalidParameterValue), "VpnGatewayIds", "at most %d ids are allowed", "最多允许 %d 个 ID", MaxLimit)
	}
	return c.update(ctx, caller, func(tx *store.Tx) error {
		for _, id := range ids {
			_, g, err := c.gatewayNamed(tx, caller, "VpnGatewayIds", id)
			if err != nil {
				return err
			}
			changed, refusal := vpc.SetRenewFlag(g, flag, caller.Codes)
			if refusal != nil {
				return refusal
			}
			store.Gateways.Put(tx, changed)
		}
		return nil
	})
}

// gatewayRule decides about a change: the changed row, and the ledger's lines for it.
type gatewayRule func(tx *store.Tx, g *vpc.Gateway, m *vpc.GatewayMoment) (*vpc.Gateway, []vpc.LedgerEntry, *vpc.Error)

// changeGateway puts what a rule makes of one of the caller's gateways.
func (c *Control) changeGateway(ctx context.Context, caller *Caller, id string, rule gatewayRule) error {
	return c.update(ctx, caller, func(tx *store.Tx) error {
		acct, g, err := c.findGateway(tx, caller, id)
		if err != nil {
			return err
		}
		changed, entries, refusal := rule(tx, g, c.gatewayMoment(tx, caller, acct, g, tx.Now()))
		if refusal != nil {
			return refusal
		}
		store.Gateways.Put(tx, changed)
		return bookAll(tx, entries)
	})
}

// gatewayMoment is what a change or an inquiry is judged against.
func (c *Control) gatewayMoment(r store.Reader, caller *Caller, acct *vpc.Account, g *vpc.Gateway, now vpc.Instant) *vpc.GatewayMoment {
	return &vpc.GatewayMoment{
		Site: c.cfg.Site, Now: now, Life: c.life(), Account: acct, Seen: gatewaySeen(r, g),
		Prices: c.cfg.Prices, Listed: caller.Codes,
	}
}

func (c *Control) life() vpc.Life { return vpc.Life{Settle: c.cfg.Settle, Grace: c.cfg.Grace} }

func hasBGP(r store.Reader, g *vpc.Gateway) bool {
	for x := range store.ConnectionsByGateway.All(r, store.Of(g.Scope, g.ID)) {
		if x.RouteType == vpc.RouteBGP {
			return true
		}
	}
	return false
}

// findGateway finds the caller's account and the gateway that VpnGatewayId names, in the
// call's region.
func (c *Control) findGateway(r store.Reader, caller *Caller, id string) (*vpc.Account, *vpc.Gateway, error) {
	return c.gatewayNamed(r, caller, "VpnGatewayId", id)
}

func (c *Control) gatewayNamed(r store.Reader, caller *Caller, param, id string) (*vpc.Account, *vpc.Gateway, error) {
	if err := vpc.CheckID(vpc.PrefixGateway, param, id, caller.Codes); err != nil {
		return nil, nil, err
	}
	acct, err := account(r, caller.Account)
	if err != nil {
		return nil, nil, err
	}
	g := ownGateway(r, caller.Scope(), vpc.GatewayID(id))
	if g == nil {
		return nil, nil, vpc.NotFound(vpc.PrefixGateway, param, id, caller.Codes)
	}
	return acct, g, nil
}

// InquireGateway answers what a new gateway would cost.
func (c *Control) InquireGateway(_ context.Context, caller *Caller, spec vpc.GatewayPriceSpec) (vpc.Price, error) {
	price, refusal := vpc.InquireGateway(&spec, c.cfg.Site, caller.Region, c.cfg.Prices, caller.Codes)
	return price, refused(refusal)
}

// InquireRenewal answers what RenewGateway would charge.
func (c *Control) InquireRenewal(ctx context.Context, caller *Caller, id string, term *vpc.PrepaidSpec) (vpc.Price, error) {
	return c.inquire(ctx, caller, id, func(g *vpc.Gateway, m *vpc.GatewayMoment) (vpc.Price, *vpc.Error) {
		return vpc.InquireRenewal(g, term, m)
	})
}

// InquireBandwidth answers what ResizeGateway would charge for a prepaid gateway.
func (c *Control) InquireBandwidth(ctx context.Context, caller *Caller, id string, bandwidth uint64) (vpc.Price, error) {
	return c.inquire(ctx, caller, id, func(g *vpc.Gateway, m *vpc.GatewayMoment) (vpc.Price, *vpc.Error) {
		return vpc.InquireBandwidth(g, bandwidth, m)
	})
}

func (c *Control) inquire(ctx context.Context, caller *Caller, id string, rule func(*vpc.Gateway, *vpc.GatewayMoment) (vpc.Price, *vpc.Error)) (vpc.Price, error) {
	view, err := c.read(ctx)
	if err != nil {
		return vpc.Price{}, err
	}
	acct, g, err := c.findGateway(view, caller, id)
	if err != nil {
		return vpc.Price{}, err
	}
	price, refusal := rule(g, c.gatewayMoment(view, caller, acct, g, c.st.Now()))
	return price, refused(refusal)
}

// refused is a refusal as an error; nil stays nil.
func refused(e *vpc.Error) error {
	if e == nil {
		return nil
	}
	return e
}

// advanceGateway does to a gateway what time has done. One that is gone takes what
// stands on it along, in portions that fit a transaction.
func (c *Control) advanceGateway(tx *store.Tx, g *vpc.Gateway) error {
	acct, err := account(tx, g.Account)
	if err != nil {
		return err
	}
	next, entries, gone := vpc.AdvanceGateway(g, acct, tx.Now(), c.cfg.Prices, c.life())
	if gone {
		if done, err := c.removeGateway(tx, g); err != nil || !done {
			return err
		}
	} else {
		store.Gateways.Put(tx, next)
	}
	return bookAll(tx, entries)
}

// removeGateway removes a gateway and what stands on it, if that fits; a row that is not
// done stays due, and the rest goes next time.
func (c *Control) removeGateway(tx *store.Tx, g *vpc.Gateway) (done bool, err error) {
	if done, err = c.clearGateway(tx, g); err != nil || !done {
		return false, err
	}
	store.Gateways.Delete(tx, g.ID)
	store.GatewayStatuses.Delete(tx, g.ID)
	untag(tx, gatewayResource(g.ID))
	store.ReleasedAddresses.Put(tx, &vpc.ReleasedAddress{Addr: g.Public, Due: tx.Now().Add(c.cfg.ReuseAfter)})
	return true, nil
}

// portion is how many rows one transaction takes along with a gateway.
const portion = 30

// clearGateway removes what stands on a gateway that is gone, and reports whether
// nothing is left.
func (c *Control) clearGateway(tx *store.Tx, g *vpc.Gateway) (done bool, err error) {
	left := portion
	for _, r := range store.GatewayRoutesByGateway.Page(tx, store.Of(g.Scope, g.ID), 0, left) {
		store.GatewayRoutes.Delete(tx, r.ID)
		left--
	}
	for _, r := range store.GatewayCCNRoutesByGateway.Page(tx, store.Of(g.Scope, g.ID), 0, left) {
		store.GatewayCCNRoutes.Delete(tx, r.ID)
		left--
	}
	for _, x := range store.ConnectionsByGateway.Page(tx, store.Of(g.Scope, g.ID), 0, left) {
		if err := removeConnection(c, tx, x); err != nil {
			return false, err
		}
		left -= 3
	}
	for _, s := range store.SSLServersByGateway.Page(tx, store.Of(g.Scope, g.ID), 0, serversPerGateway) {
		left = clearSSLServer(tx, s, left)
	}
	if g.Network != "" {
		store.Attachments.Delete(tx, store.AttachmentKey{CCN: g.Network, Instance: string(g.ID)})
	}
	return left > 0, nil
}

// SetBlocked sets a gateway's IsAddressBlocked. It is the operator's.
func (c *Control) SetBlocked(ctx context.Context, caller *Caller, id vpc.GatewayID, blocked bool) error {
	return c.update(ctx, caller, func(tx *store.Tx) error {
		g, ok := store.Gateways.Get(tx, id)
		if !ok {
			return vpc.NotFound(vpc.PrefixGateway, "gateway", string(id), nil)
		}
		changed := *g
		changed.Blocked = blocked
		changed.Generation++
		store.Gateways.Put(tx, &changed)
		return nil
	})
}
