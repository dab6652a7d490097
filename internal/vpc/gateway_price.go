package vpc

import "slices"

// GatewayPriceSpec is what InquiryPriceCreateVpnGateway asks about.
type GatewayPriceSpec struct {
	Bandwidth     uint64
	Charge        *string
	Prepaid       *PrepaidSpec
	Type          *string
	MaxConnection *uint64
}

// InquireGateway answers what a new gateway would cost, by the same checks as making one.
func InquireGateway(spec *GatewayPriceSpec, site Site, region Region, prices *PriceBook, codes Listed) (Price, *Error) {
	d := &gatewayDraft{
		spec: &GatewaySpec{Bandwidth: spec.Bandwidth, Charge: spec.Charge, Prepaid: spec.Prepaid, Type: spec.Type, MaxConnection: spec.MaxConnection},
		env:  &GatewayEnv{Site: site, Listed: codes},
	}
	d.order = &GatewayOrder{Gateway: Gateway{Scope: Scope{Region: region}}}
	for _, check := range []func() *Error{d.checkType, d.checkPriced, d.checkBandwidth, d.checkCharge, d.checkMaxConnection} {
		if err := check(); err != nil {
			return Price{}, codes.Narrow(err)
		}
	}
	return prices.CreatePrice(d.order.Item(), d.order.Charge, d.order.Months), nil
}

// checkPriced wants the number of seats of an SSL gateway to be said.
func (d *gatewayDraft) checkPriced() *Error {
	if d.order.Type.SSL() && d.spec.MaxConnection == nil {
		return Refuse(InvalidParameterValue, "MaxConnection", "type `%s` needs it", "类型 `%s` 必须填写", d.order.Type)
	}
	return nil
}

// InquireRenewal answers what RenewGateway would charge.
func InquireRenewal(g *Gateway, p *PrepaidSpec, m *GatewayMoment) (Price, *Error) {
	months, _, err := m.renewal(g, p)
	if err != nil {
		return Price{}, err
	}
	return m.Prices.RenewPrice(g.Item(), months), nil
}

// InquireBandwidth answers what ResizeGateway would charge for a prepaid gateway.
func InquireBandwidth(g *Gateway, bandwidth uint64, m *GatewayMoment) (Price, *Error) {
	if g.Charge != Prepaid || g.Expired(m.Now) {
		return Price{}, Refuse(m.Listed.Pick(UnsupportedOperation), "VpnGatewayId", "`%s` is not prepaid, or its term is over", "`%s` 不是包年包月或已到期", g.ID)
	}
	if err := CheckBandwidth(g, bandwidth, m); err != nil {
		return Price{}, err
	}
	to := g.Item()
	to.Bandwidth = Mbps(bandwidth)
	return m.Prices.UpgradePrice(g.Item(), to, m.Now, g.Expires), nil
}

// ValidGatewayType reports whether a text names a gateway type.
func ValidGatewayType(text string) bool { return slices.Contains(gatewayTypes, GatewayType(text)) }
