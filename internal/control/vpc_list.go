package control

import (
	"context"
	"net/netip"
	"strings"

	"github.com/gatewright/gatewright/internal/store"
	"github.com/gatewright/gatewright/internal/vpc"
)

var vpcs = listing[vpc.VPC]{
	idParam: "VpcIds", idPrefix: vpc.PrefixVPC, malformed: vpc.InvalidParameterValueMalformed, unknown: vpc.ResourceNotFound,
	get:   getVPC,
	scope: func(v *vpc.VPC) vpc.Scope { return v.Scope },
	all:   func(r store.Reader, s vpc.Scope) source[vpc.VPC] { return from(r, store.VPCsByScope, s) },
	filters: map[string]filterRule[vpc.VPC]{
		"vpc-id": {
			Index: func(r store.Reader, s vpc.Scope, v string) source[vpc.VPC] { return one(ownVPC(r, s, vpc.VPCID(v))) },
			Value: func(_ store.Reader, row *vpc.VPC) (string, bool) { return string(row.ID), true },
		},
		"vpc-name": {Match: func(_ store.Reader, row *vpc.VPC, v string) bool { return strings.Contains(row.Name, v) }},
		"is-default": {
			Index: defaultVPCs,
			Match: func(_ store.Reader, row *vpc.VPC, v string) bool { return isSwitch(v, row.Default) },
		},
		"cidr-block": {
			Index: func(r store.Reader, s vpc.Scope, v string) source[vpc.VPC] {
				return byRange(v, func(p netip.Prefix) source[vpc.VPC] { return from(r, store.VPCsByCIDR, store.Of(s, p)) })
			},
			Match:  func(_ store.Reader, row *vpc.VPC, v string) bool { return isRange(row.CIDR, v) },
			Shared: true,
		},
		"ipv6-cidr-block": {
			Index: func(r store.Reader, s vpc.Scope, v string) source[vpc.VPC] { return one(ipv6VPC(r, s, v)) },
			Match: func(_ store.Reader, row *vpc.VPC, v string) bool {
				return anyIPv6(row, func(x vpc.IPv6Range) bool { return isRange(x.CIDR, v) })
			},
			Shared: true,
		},
		"isp-type": {Match: func(_ store.Reader, row *vpc.VPC, v string) bool {
			return anyIPv6(row, func(x vpc.IPv6Range) bool { return x.ISP == v })
		}},
		"address-type": {Match: func(_ store.Reader, row *vpc.VPC, v string) bool {
			return anyIPv6(row, func(x vpc.IPv6Range) bool { return x.Type == v })
		}},
	},
	filter: tagFilter(vpc.PrefixVPC, getVPC, func(v *vpc.VPC) string { return string(v.ID) }),
}

func getVPC(r store.Reader, id string) (*vpc.VPC, bool) { return store.VPCs.Get(r, vpc.VPCID(id)) }

// defaultVPCs finds default VPCs at once, and the others by a walk.
func defaultVPCs(r store.Reader, s vpc.Scope, value string) source[vpc.VPC] {
	if isSwitch(value, true) {
		return from(r, store.VPCsByDefault, s)
	}
	return filtered(from(r, store.VPCsByScope, s), func(v *vpc.VPC) bool { return isSwitch(value, v.Default) })
}

func ipv6VPC(r store.Reader, s vpc.Scope, value string) *vpc.VPC {
	if !strings.Contains(value, "/") {
		value += "/56"
	}
	p, err := netip.ParsePrefix(value)
	if err != nil {
		return nil
	}
	if v, ok := store.VPCsByIPv6.First(r, p); ok && v.Scope == s {
		return v
	}
	return nil
}

func anyIPv6(v *vpc.VPC, match func(vpc.IPv6Range) bool) bool {
	for _, x := range v.IPv6 {
		if match(x) {
			return true
		}
	}
	return false
}

// filtered is the part of a source that keep wants; counting it walks the source.
func filtered[R any](base source[R], keep func(*R) bool) source[R] {
	all := func(yield func(*R) bool) {
		for row := range base.all {
			if keep(row) && !yield(row) {
				return
			}
		}
	}
	return source[R]{
		count: func() int {
			n := 0
			for range all {
				n++
			}
			return n
		},
		page: func(offset, limit int) []*R {
			var out []*R
			for row := range all {
				if len(out) == limit {
					break
				}
				if offset--; offset < 0 {
					out = append(out, row)
				}
			}
			return out
		},
		all: all,
	}
}

// isSwitch reports whether a filter's text says what a flag is.
func isSwitch(text string, flag bool) bool {
	return flag && (strings.EqualFold(text, "true") || text == "1") || !flag && (strings.EqualFold(text, "false") || text == "0")
}

// isRange reports whether a filter's text names a range: with its mask, or as the
// vendor's samples do by its first address alone.
func isRange(p netip.Prefix, text string) bool {
	if !strings.Contains(text, "/") {
		a, err := netip.ParseAddr(text)
		return err == nil && a == p.Addr()
	}
	q, err := netip.ParsePrefix(text)
	return err == nil && p == q
}

// byRange is the source of rows whose IPv4 range a filter's text names.
func byRange[R any](text string, of func(netip.Prefix) source[R]) source[R] {
	if p, err := netip.ParsePrefix(text); err == nil {
		return of(p)
	}
	a, ok := vpc.ParseIPv4(text)
	if !ok {
		return one[R](nil)
	}
	var parts []source[R]
	for bits := range a.BitLen() + 1 {
		parts = append(parts, of(netip.PrefixFrom(a, bits)))
	}
	return union(parts)
}

// narrow gives a refusal of a list that the action does not document the code's stem.
func narrow(caller *Caller, err error) error {
	if refusal, ok := err.(*vpc.Error); ok {
		return caller.Codes.Narrow(refusal)
	}
	return err
}

// VPCs lists the caller's VPCs of the call's region.
func (c *Control) VPCs(ctx context.Context, caller *Caller, q Query) (int, []VPCView, error) {
	view, err := c.read(ctx)
	if err != nil {
		return 0, nil, err
	}
	total, rows, err := vpcs.list(view, caller.Scope(), q)
	if err != nil {
		return 0, nil, err
	}
	out := make([]VPCView, len(rows))
	for i, v := range rows {
		out[i] = vpcView(view, v)
	}
	return total, out, nil
}
