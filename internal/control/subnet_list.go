package control

import (
	"context"

	"github.com/gatewright/gatewright/internal/store"
	"github.com/gatewright/gatewright/internal/vpc"
)

var subnets = listing[vpc.Subnet]{
	idParam: "SubnetIds", idPrefix: vpc.PrefixSubnet, malformed: vpc.InvalidParameterValueMalformed, unknown: vpc.ResourceNotFound,
	maxFilters: 20,
	get:        getSubnet,
	scope:      func(s *vpc.Subnet) vpc.Scope { return s.Scope },
	all:        func(r store.Reader, s vpc.Scope) source[vpc.Subnet] { return from(r, store.SubnetsByScope, s) },
	filters: map[string]filterRule[vpc.Subnet]{
		"subnet-id": {
			Index: func(r store.Reader, s vpc.Scope, v string) source[vpc.Subnet] {
				return one(ownSubnet(r, s, vpc.SubnetID(v)))
			},
			Value: func(_ store.Reader, row *vpc.Subnet) (string, bool) { return string(row.ID), true },
		},
		"vpc-id": {
			Index: func(r store.Reader, s vpc.Scope, v string) source[vpc.Subnet] {
				return from(r, store.SubnetsByVPC, store.Of(s, vpc.VPCID(v)))
			},
			Value: func(_ store.Reader, row *vpc.Subnet) (string, bool) { return string(row.VPC), true },
		},
		"subnet-name": {
			Index: func(r store.Reader, s vpc.Scope, v string) source[vpc.Subnet] {
				return from(r, store.SubnetsByName, store.Of(s, v))
			},
			Value: func(_ store.Reader, row *vpc.Subnet) (string, bool) { return row.Name, true },
		},
		"cidr-block": {Match: func(_ store.Reader, row *vpc.Subnet, v string) bool { return isRange(row.CIDR, v) }},
		"ipv6-cidr-block": {Match: func(_ store.Reader, row *vpc.Subnet, v string) bool {
			return row.IPv6.IsValid() && isRange(row.IPv6, v)
		}},
		"zone":          {Value: func(_ store.Reader, row *vpc.Subnet) (string, bool) { return string(row.Zone), true }},
		"cdc-id":        {Value: func(_ store.Reader, row *vpc.Subnet) (string, bool) { return string(row.CDC), row.CDC != "" }},
		"is-cdc-subnet": {Match: func(_ store.Reader, row *vpc.Subnet, v string) bool { return isSwitch(v, row.CDC != "") }},
		"is-default":    {Match: func(_ store.Reader, row *vpc.Subnet, v string) bool { return isSwitch(v, row.Default) }},
		// No subnet here lends its addresses to another VPC.
		"is-remote-vpc-snat": {Match: func(_ store.Reader, _ *vpc.Subnet, v string) bool { return isSwitch(v, false) }},
		"isp-type": {Match: func(r store.Reader, row *vpc.Subnet, v string) bool {
			x, ok := subnetIPv6(r, row)
			return ok && x.ISP == v
		}},
		"address-type": {Match: func(r store.Reader, row *vpc.Subnet, v string) bool {
			x, ok := subnetIPv6(r, row)
			return ok && x.Type == v
		}},
	},
	filter: tagFilter(vpc.PrefixSubnet, getSubnet, func(s *vpc.Subnet) string { return string(s.ID) }),
}

func getSubnet(r store.Reader, id string) (*vpc.Subnet, bool) {
	return store.Subnets.Get(r, vpc.SubnetID(id))
}

// subnetIPv6 finds the range of the VPC that a subnet's IPv6 range is cut from.
func subnetIPv6(r store.Reader, s *vpc.Subnet) (vpc.IPv6Range, bool) {
	v := ownVPC(r, s.Scope, s.VPC)
	if v == nil || !s.IPv6.IsValid() {
		return vpc.IPv6Range{}, false
	}
	for _, x := range v.IPv6 {
		if vpc.Covers(x.CIDR, s.IPv6) {
			return x, true
		}
	}
	return vpc.IPv6Range{}, false
}

// Subnets lists the caller's subnets of the call's region.
func (c *Control) Subnets(ctx context.Context, caller *Caller, q Query) (int, []SubnetView, error) {
	view, err := c.read(ctx)
	if err != nil {
		return 0, nil, err
	}
	total, rows, err := subnets.list(view, caller.Scope(), q)
	if err != nil {
		return 0, nil, err
	}
	out := make([]SubnetView, len(rows))
	for i, s := range rows {
		out[i] = subnetView(view, s)
	}
	return total, out, nil
}

// SubnetResources is what the addresses of one subnet are used for.
type SubnetResources struct {
	*vpc.Subnet
	Gateways  int // addresses of the VPC's router
	Workloads int // addresses of what is attached
}

// SubnetResources counts what is in each of the named subnets.
func (c *Control) SubnetResources(ctx context.Context, caller *Caller, ids []string) ([]SubnetResources, error) {
	view, err := c.read(ctx)
	if err != nil {
		return nil, err
	}
	_, rows, err := subnets.list(view, caller.Scope(), Query{IDs: ids, HasIDs: true, Limit: MaxLimit})
	if err != nil || len(ids) == 0 {
		return nil, err
	}
	out := make([]SubnetResources, len(rows))
	for i, s := range rows {
		out[i] = SubnetResources{Subnet: s, Gateways: 1, Workloads: len(lent(view, s))}
	}
	return out, nil
}
