package vpc

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"iter"
	"net/netip"
	"slices"
)

// CCNRoute is a route of a CCN. Routes are computed, never stored: each range that an
// attached network brings is one.
type CCNRoute struct {
	ID           string // ccnr-xxxxxxxx; the same as long as its network stays attached
	Destination  netip.Prefix
	InstanceType string
	Instance     string
	Region       Region
	Owner        AccountID
	Since        Instant // when the CCN learned it
	Enabled      bool
	Off          bool   // disabled by the owner
	Conflict     string // the id of the enabled route that keeps this one disabled
	attached     Instant
}

// The values of a route's ExtraState.
const (
	CCNRouteRunning  = "Running"
	CCNRouteDisabled = "Disabled"
	CCNRouteConflict = "Conflict"
)

// ExtraState says why a route is or is not enabled.
func (r *CCNRoute) ExtraState() string {
	switch {
	case r.Enabled:
		return CCNRouteRunning
	case r.Off:
		return CCNRouteDisabled
	}
	return CCNRouteConflict
}

// CCNRange is a range that an attached network brings, and since when it has it.
type CCNRange struct {
	Destination netip.Prefix
	Since       Instant
}

// GatewayRanges dates the ranges that a CCN-type gateway offers: each is as old as the
// oldest connection or route that brings it.
func GatewayRanges(offered []netip.Prefix, connections []*Connection, routes []*GatewayRoute) []CCNRange {
	since := map[netip.Prefix]Instant{}
	older := func(ranges []netip.Prefix, created Instant) {
		for _, p := range ranges {
			if have, ok := since[p]; !ok || created < have {
				since[p] = created
			}
		}
	}
	for _, x := range connections {
		older(PublishedRanges([]*Connection{x}, nil), x.Created)
	}
	for _, r := range routes {
		older(PublishedRanges(nil, []*GatewayRoute{r}), r.Created)
	}
	out := make([]CCNRange, len(offered))
	for i, p := range offered {
		out[i] = CCNRange{p, since[p]}
	}
	return out
}

// CCNMember is an attached network and the ranges it brings.
type CCNMember struct {
	*Attachment
	Ranges []CCNRange
}

// CCNRoutes computes the routes of a CCN, the oldest first. A route is enabled unless
// its owner switched it off or it conflicts with an older enabled one of another
// network: any two that overlap, or with the CCN's overlap flag only those with the same
// destination, of which ECMP lets VPN gateways share one.
func CCNRoutes(c *CCN, members []CCNMember) []CCNRoute {
	routes := gatherRoutes(c, members)
	off := setOf(c.DisabledRoutes)
	used := newCCNTable(c, routes)
	for i := range routes {
		r := &routes[i]
		if r.Off = off[r.ID]; r.Off {
			continue
		}
		if other := used.conflict(r); other != nil {
			r.Conflict = other.ID
			continue
		}
		r.Enabled = true
		used.add(i)
	}
	return routes
}

func setOf(list []string) map[string]bool {
	m := make(map[string]bool, len(list))
	for _, s := range list {
		m[s] = true
	}
	return m
}

// gatherRoutes makes a route of each range, once per network and destination, in order.
func gatherRoutes(c *CCN, members []CCNMember) []CCNRoute {
	var routes []CCNRoute
	for _, m := range members {
		for _, rg := range m.Ranges {
			routes = append(routes, CCNRoute{
				Destination: rg.Destination, InstanceType: m.InstanceType, Instance: m.Instance,
				Region: m.Region, Owner: m.Owner, Since: max(rg.Since, m.Attached), attached: m.Attached,
			})
		}
	}
	slices.SortFunc(routes, olderRoute)
	seen := map[string]bool{}
	ids := map[string]bool{}
	routes = slices.DeleteFunc(routes, func(r CCNRoute) bool {
		k := r.Instance + " " + r.Destination.String()
		dup := seen[k]
		seen[k] = true
		return dup
	})
	for i := range routes {
		routes[i].ID = ccnRouteID(c.ID, &routes[i], ids)
	}
	return routes
}

func olderRoute(a, b CCNRoute) int {
	return cmp.Or(cmp.Compare(a.Since, b.Since), cmp.Compare(a.Instance, b.Instance),
		a.Destination.Addr().Compare(b.Destination.Addr()), cmp.Compare(a.Destination.Bits(), b.Destination.Bits()))
}

// ccnRouteID derives a route's id from what it is, so that it needs no row. In the
// unlikely case that two routes of one CCN get the same id, the younger is hashed again.
func ccnRouteID(ccn CCNID, r *CCNRoute, taken map[string]bool) string {
	for n := 0; ; n++ {
		sum := sha256.Sum256(fmt.Appendf(nil, "%s %s %d %s %d", ccn, r.Instance, r.attached, r.Destination, n))
		id := NewID[string](PrefixCCNRoute, func() uint64 { return binary.BigEndian.Uint64(sum[:8]) })
		if !taken[id] {
			taken[id] = true
			return id
		}
	}
}

// ccnTable is enabled routes of a CCN: by destination, and by every range around it.
type ccnTable struct {
	c      *CCN
	routes []CCNRoute
	exact  map[netip.Prefix][]int
	below  map[netip.Prefix][]int // routes strictly inside a range, of two networks at most
}

func newCCNTable(c *CCN, routes []CCNRoute) *ccnTable {
	return &ccnTable{c: c, routes: routes, exact: map[netip.Prefix][]int{}, below: map[netip.Prefix][]int{}}
}

func (t *ccnTable) add(i int) {
	d := t.routes[i].Destination
	t.exact[d] = append(t.exact[d], i)
	for p := range rangesAround(d) {
		have := t.below[p]
		if len(have) == 0 || (len(have) == 1 && t.routes[have[0]].Instance != t.routes[i].Instance) {
			t.below[p] = append(have, i)
		}
	}
}

// conflict finds a route in the table, of another network, that r cannot be beside.
func (t *ccnTable) conflict(r *CCNRoute) *CCNRoute {
	for _, i := range t.exact[r.Destination] {
		if o := &t.routes[i]; o.Instance != r.Instance && !t.share(o, r) {
			return o
		}
	}
	if t.c.Overlap {
		return nil
	}
	for p := range rangesAround(r.Destination) {
		if o := t.foreign(t.exact[p], r); o != nil {
			return o
		}
	}
	return t.foreign(t.below[r.Destination], r)
}

func (t *ccnTable) share(a, b *CCNRoute) bool {
	return t.c.ECMP && a.InstanceType == InstanceGateway && b.InstanceType == InstanceGateway
}

func (t *ccnTable) foreign(routes []int, r *CCNRoute) *CCNRoute {
	for _, i := range routes {
		if o := &t.routes[i]; o.Instance != r.Instance {
			return o
		}
	}
	return nil
}

// rangesAround yields every range that holds p, the next larger first, without p itself.
func rangesAround(p netip.Prefix) iter.Seq[netip.Prefix] {
	return func(yield func(netip.Prefix) bool) {
		for bits := p.Bits() - 1; bits >= 0; bits-- {
			around, err := p.Addr().Prefix(bits)
			if err != nil || !yield(around) {
				return
			}
		}
	}
}

// EnableRoutes returns the CCN's disabled routes when those with the given ids, which
// exist, are switched on. It refuses one that conflicts with an enabled route: Ecmp if
// they have the same destination, CcnRouteCidrOverlap otherwise.
func EnableRoutes(c *CCN, members []CCNMember, ids []string, codes Listed) ([]string, *Error) {
	before := CCNRoutes(c, members)
	on := setOf(ids)
	next := *c
	next.DisabledRoutes = nil
	for _, r := range before {
		if r.Off && !on[r.ID] {
			next.DisabledRoutes = append(next.DisabledRoutes, r.ID)
		}
	}
	after := CCNRoutes(&next, members)
	for i := range after {
		if r := &after[i]; !r.Enabled && (on[r.ID] || before[i].Enabled) {
			return nil, refuseConflict(r, after, on, ids, codes)
		}
	}
	return next.DisabledRoutes, nil
}

// refuseConflict says which of the routes to be switched on conflicts with which other;
// loser is the one that would end up disabled.
func refuseConflict(loser *CCNRoute, routes []CCNRoute, on map[string]bool, ids []string, codes Listed) *Error {
	other := &routes[slices.IndexFunc(routes, func(r CCNRoute) bool { return r.ID == loser.Conflict })]
	wanted := loser
	if !on[wanted.ID] {
		wanted, other = other, loser
	}
	code := codes.Pick(UnsupportedOperationCcnRouteCidrOverlap, UnsupportedOperationEcmp)
	if wanted.Destination == other.Destination {
		code = codes.Pick(UnsupportedOperationEcmp, UnsupportedOperationCcnRouteCidrOverlap)
	}
	return Refuse(code, fmt.Sprintf("RouteIds.%d", slices.Index(ids, wanted.ID)),
		"the route to %s conflicts with the route `%s` to %s", "到 %s 的路由与路由 `%s`（%s）冲突", wanted.Destination, other.ID, other.Destination)
}

// DisableRoutes returns the CCN's disabled routes when those with the given ids, which
// exist, are switched off. A route that was disabled by a conflict with them stays
// disabled until it is switched on.
func DisableRoutes(c *CCN, members []CCNMember, ids []string) []string {
	routes := CCNRoutes(c, members)
	off := setOf(ids)
	left := newCCNTable(c, routes)
	for i, r := range routes {
		if r.Enabled && !off[r.ID] {
			left.add(i)
		}
	}
	var disabled []string
	for i := range routes {
		r := &routes[i]
		if r.Off || off[r.ID] || (!r.Enabled && left.conflict(r) == nil) {
			disabled = append(disabled, r.ID)
		}
	}
	return disabled
}

// KeepsRoutes reports whether every enabled route of a CCN stays enabled when the CCN
// changes.
func KeepsRoutes(old, changed *CCN, members []CCNMember) bool {
	before, after := CCNRoutes(old, members), CCNRoutes(changed, members)
	for i := range before {
		if before[i].Enabled && !after[i].Enabled {
			return false
		}
	}
	return true
}

// StillDisabled returns those of a CCN's disabled routes that there still are.
func StillDisabled(c *CCN, members []CCNMember) []string {
	var disabled []string
	for _, r := range CCNRoutes(c, members) {
		if r.Off {
			disabled = append(disabled, r.ID)
		}
	}
	return disabled
}
