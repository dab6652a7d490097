package control

import (
	"context"
	"strconv"

	"github.com/gatewright/gatewright/internal/vpc"
)

// LimitValue is a quota by the vendor's name as it counts for the caller.
type LimitValue struct {
	Name  string
	Value int
}

// Limits answers with the caller's value of each quota that is named, in that order.
func (c *Control) Limits(ctx context.Context, caller *Caller, names []string) ([]LimitValue, error) {
	if len(names) > MaxLimit {
		return nil, vpc.Refuse(caller.Codes.Pick(vpc.InvalidParameterValueLimitExceeded), "LimitTypes", "%d names, a call takes %d", "%d 个名称，每次最多 %d 个", len(names), MaxLimit)
	}
	view, err := c.read(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]LimitValue, len(names))
	for i, name := range names {
		if !vpc.VendorQuota(name) {
			return nil, vpc.Refuse(caller.Codes.Pick(vpc.InvalidParameterValue), "LimitTypes."+strconv.Itoa(i), "there is no quota `%s`", "没有配额 `%s`", vpc.Clip(name))
		}
		out[i] = LimitValue{name, quota(view, caller.Account, name)}
	}
	return out, nil
}

// ProductQuotaValue is a quota of a product as it counts for the caller.
type ProductQuotaValue struct {
	vpc.ProductQuota
	Value int
}

// ProductQuotas lists the quotas of a product as they count for the caller.
func (c *Control) ProductQuotas(ctx context.Context, caller *Caller, product string) ([]ProductQuotaValue, error) {
	list, ok := vpc.ProductQuotas(product)
	if !ok {
		return nil, vpc.Refuse(caller.Codes.Pick(vpc.InvalidParameterValue), "Product", "`%s` is none of vpc, ccn, vpn, dc, dfw, clb, eip", "`%s` 不是 vpc、ccn、vpn、dc、dfw、clb、eip 之一", vpc.Clip(product))
	}
	view, err := c.read(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]ProductQuotaValue, len(list))
	for i, q := range list {
		out[i] = ProductQuotaValue{q, quota(view, caller.Account, q.Name)}
	}
	return out, nil
}
