package vpc

// GatewayMoment is what a change of a gateway is judged against.
type GatewayMoment struct {
	Site    Site
	Now     Instant
	Life    Life
	Account *Account
	Prices  *PriceBook
	Listed  Listed
	Seen    *GatewayStatus // what the gateway's host says of it; nil: nothing that counts
}

// GatewayChange is what a caller asks of ModifyVpnGatewayAttribute; nil was left out.
type GatewayChange struct {
	Name          *string
	Charge        *string
	BGPASN        *uint64 // 0 takes the number away
	MaxConnection *uint64
	BGPInUse      bool // the gateway has BGP connections
}

// ModifyGateway decides about a change and returns the changed row with the ledger's
// lines for it.
func ModifyGateway(g *Gateway, change *GatewayChange, m *GatewayMoment) (*Gateway, []LedgerEntry, *Error) {
	n := *g
	var entries []LedgerEntry
	for _, step := range []func() *Error{
		func() *Error { return m.checkAvailable(g) },
		func() *Error { return n.rename(change.Name, m) },
		func() *Error { return n.convert(change.Charge) },
		func() *Error { return n.renumber(change.BGPASN, change.BGPInUse) },
		func() (err *Error) { entries, err = n.seat(change.MaxConnection, m); return err },
	} {
		if err := step(); err != nil {
			return nil, nil, m.Listed.Narrow(err)
		}
	}
	n.Generation++
	n.Due = m.Life.NextDue(&n)
	return &n, entries, nil
}

func (m *GatewayMoment) checkAvailable(g *Gateway) *Error {
	if state := GatewayState(g, m.Seen, m.Now, m.Life.Settle); state != StateAvailable {
		return Refuse(UnsupportedOperationInvalidState, "VpnGatewayId", "`%s` is %s", "`%s` 的状态为 %s", g.ID, state)
	}
	return nil
}

func (g *Gateway) rename(name *string, m *GatewayMoment) *Error {
	if name == nil {
		return nil
	}
	g.Name = *name
	return GatewayName.Check("VpnGatewayName", *name, m.Listed)
}

// convert tells a prepaid gateway to become postpaid when its term ends. There is no way
// back, and a postpaid gateway already is what is asked for.
func (g *Gateway) convert(charge *string) *Error {
	text, ok := given(charge)
	if !ok {
		return nil
	}
	if ChargeType(text) != Postpaid {
		return Refuse(InvalidParameterValueMalformed, "InstanceChargeType", "only %s can be asked for, not `%s`", "只能改为 %s，不能为 `%s`", Postpaid, Clip(text))
	}
	g.ConvertAtExpiry = g.Charge == Prepaid
	return nil
}

func (g *Gateway) renumber(asn *uint64, inUse bool) *Error {
	switch {
	case asn == nil || *asn == uint64(g.BGPASN):
		return nil
	case *asn != 0 && !ValidASN(*asn):
		return Refuse(InvalidParameterValueMalformed, "BgpAsn", "%d is not in 1..4294967295 or is the vendor's own", "%d 不在 1 至 4294967295 之内或为系统保留", *asn)
	case !bgpCapable(g.Type, g.Bandwidth):
		return Refuse(UnsupportedOperationVpnUnsupportedModifyBgpAsn, "BgpAsn", "a gateway of type `%s` with %d Mbps has no BGP", "类型为 `%s`、带宽为 %d Mbps 的网关不支持 BGP", g.Type, g.Bandwidth)
	case inUse:
		return Refuse(UnsupportedOperationVpnUnsupportedModifyBgpAsn, "BgpAsn", "`%s` has BGP connections", "`%s` 存在 BGP 通道", g.ID)
	}
	g.BGPASN = ASN(*asn)
	return nil
}

// seat changes how many people may dial in to an SSL gateway.
func (g *Gateway) seat(seats *uint64, m *GatewayMoment) ([]LedgerEntry, *Error) {
	if seats == nil {
		return nil, nil
	}
	list := m.Site.MaxConnections()
	if !g.Type.SSL() || !offered(list, *seats) {
		return nil, Refuse(InvalidParameterValueMalformed, "MaxConnection",
			"an SSL gateway may have one of %v, not %d", "SSL 网关可选 %v，不能为 %d", list, *seats)
	}
	to := g.Item()
	to.MaxConnection = uint32(*seats)
	if g.Charge == Prepaid && (to.MaxConnection < g.MaxConnection || g.Expired(m.Now)) {
		return nil, Refuse(UnsupportedOperationInvalidState, "MaxConnection", "a prepaid gateway can only get more within its term", "包年包月网关只能在有效期内升配")
	}
	return g.become(to, m)
}

// become gives a gateway a new size and charges for it.
func (g *Gateway) become(to Item, m *GatewayMoment) ([]LedgerEntry, *Error) {
	from := g.Item()
	g.Bandwidth, g.MaxConnection = to.Bandwidth, to.MaxConnection
	if g.Charge == Postpaid {
		return g.charge(m.Prices.Hourly(to), m.Account, m.Now), nil
	}
	cost := m.Prices.Upgrade(from, to, m.Now, g.Expires)
	if cost <= 0 {
		return nil, nil
	}
	entry := g.entry(m.Now)
	entry.Kind, entry.Amount = LedgerResize, -cost
	return []LedgerEntry{entry}, checkFunds(m.Account.Balance, cost, m.Prices)
}

// CheckBandwidth decides whether a gateway may have another bandwidth.
func CheckBandwidth(g *Gateway, bandwidth uint64, m *GatewayMoment) *Error {
	return m.Listed.Narrow(checkBandwidth(g, bandwidth, m))
}

func checkBandwidth(g *Gateway, bandwidth uint64, m *GatewayMoment) *Error {
	const param = "InternetMaxBandwidthOut"
	if !offered(bandwidths, bandwidth) || Mbps(bandwidth) == fixedBandwidth && g.Bandwidth != fixedBandwidth {
		return Refuse(InvalidParameterValueMalformed, param, "%d is none of %v Mbps", "%d 不在 %v（Mbps）之内", bandwidth, bandwidths[:len(bandwidths)-1])
	}
	if err := m.checkAvailable(g); err != nil {
		return err
	}
	to := Mbps(bandwidth)
	switch {
	case g.Expired(m.Now):
		return Refuse(UnsupportedOperationInvalidState, "VpnGatewayId", "the term of `%s` is over", "`%s` 已到期", g.ID)
	case !sameBand(g.Bandwidth, to):
		return Refuse(UnsupportedOperation, param, "`%s` cannot go from %d to %d Mbps: bands are 5..100 and 200..1000", "`%s` 不能从 %d 调整为 %d Mbps：只能在 5 至 100 或 200 至 1000 之内调整", g.ID, g.Bandwidth, to)
	case g.Charge == Prepaid && to < g.Bandwidth:
		return Refuse(UnsupportedOperationVpnUnsupportedModifyBandwidth, param, "`%s` is prepaid, its bandwidth cannot be lowered from %d to %d Mbps", "`%s` 为包年包月，带宽不能从 %d 降为 %d Mbps", g.ID, g.Bandwidth, to)
	}
	return nil
}

// ResizeGateway gives a gateway another bandwidth and returns the changed row with the
// ledger's lines for it.
func ResizeGateway(g *Gateway, bandwidth uint64, m *GatewayMoment) (*Gateway, []LedgerEntry, *Error) {
	if err := CheckBandwidth(g, bandwidth, m); err != nil {
		return nil, nil, err
	}
	n := *g
	to := n.Item()
	to.Bandwidth = Mbps(bandwidth)
	entries, err := n.become(to, m)
	if err != nil {
		return nil, nil, m.Listed.Narrow(err)
	}
	n.Generation++
	return &n, entries, nil
}

// checkRenewable takes prepaid gateways of the types that carry connections; those for
// people dialling in are renewed in the vendor's console only.
func (m *GatewayMoment) checkRenewable(g *Gateway) *Error {
	switch {
	case g.Charge != Prepaid:
		return Refuse(UnsupportedOperation, "VpnGatewayId", "`%s` is not prepaid", "`%s` 不是包年包月", g.ID)
	case !g.Type.Tunnels():
		return Refuse(UnsupportedOperation, "VpnGatewayId", "a gateway of type `%s` cannot be renewed", "类型为 `%s` 的网关不能续费", g.Type)
	case g.Deleted != 0:
		return Refuse(UnsupportedOperation, "VpnGatewayId", "`%s` is being deleted", "`%s` 正在删除", g.ID)
	}
	return nil
}

// renewal reads what is asked of a renewal; a renew flag that is left out stays.
func (m *GatewayMoment) renewal(g *Gateway, p *PrepaidSpec) (months int, flag RenewFlag, err *Error) {
	if err := m.checkRenewable(g); err != nil {
		return 0, "", m.Listed.Narrow(err)
	}
	months, flag, err = parsePrepaid(p, g.RenewFlag)
	if err != nil {
		err.Code = m.Listed.Pick(err.Code, InvalidParameterValueMalformed)
		return 0, "", err
	}
	if AddMonths(g.Expires, months) > AddMonths(m.Now, maxTermAhead) {
		return 0, "", Refuse(m.Listed.Pick(InvalidParameterValueMalformed, InvalidParameterValue), "InstanceChargePrepaid.Period",
			"the term, which ends on %s, can reach %d months ahead", "当前到期时间为 %s，有效期最多可延至 %d 个月之后", g.Expires, maxTermAhead)
	}
	return months, flag, nil
}

// maxTermAhead is how many months ahead of now a prepaid term may end.
const maxTermAhead = 120

// RenewGateway adds months to a prepaid term, counted from its end even where that has
// passed, and lifts the isolation of a gateway whose new term is not over.
func RenewGateway(g *Gateway, p *PrepaidSpec, m *GatewayMoment) (*Gateway, []LedgerEntry, *Error) {
	months, flag, err := m.renewal(g, p)
	if err != nil {
		return nil, nil, err
	}
	_, cost := m.Prices.Term(g.Item(), months)
	if err := checkFunds(m.Account.Balance, cost, m.Prices); err != nil {
		return nil, nil, m.Listed.Narrow(err)
	}
	n := *g
	n.RenewFlag, n.Expires = flag, AddMonths(g.Expires, months)
	if !n.Expired(m.Now) {
		n.Isolated = 0
	}
	n.Generation++
	n.Due = m.Life.NextDue(&n)
	entry := n.entry(m.Now)
	entry.Kind, entry.Amount = LedgerRenew, -cost
	return &n, []LedgerEntry{entry}, nil
}

// renewFlags are the flags by the number that SetVpnGatewaysRenewFlag has for them.
var renewFlags = []RenewFlag{RenewManually, RenewByItself, RenewNever}

// ParseRenewNumber reads AutoRenewFlag: 0 by hand, 1 by itself, 2 never.
func ParseRenewNumber(n int64) (RenewFlag, *Error) {
	if n < 0 || n >= int64(len(renewFlags)) {
		return "", Refuse(InvalidParameterValue, "AutoRenewFlag", "%d is none of 0, 1, 2", "%d 不在 0、1、2 之内", n)
	}
	return renewFlags[n], nil
}

// SetRenewFlag decides what happens at the end of a gateway's term.
func SetRenewFlag(g *Gateway, flag RenewFlag, codes Listed) (*Gateway, *Error) {
	if g.Charge != Prepaid || g.Deleted != 0 {
		return nil, Refuse(codes.Pick(UnsupportedOperation), "VpnGatewayIds", "`%s` is not prepaid, or is being deleted", "`%s` 不是包年包月或正在删除", g.ID)
	}
	n := *g
	n.RenewFlag = flag
	n.Generation++
	return &n, nil
}

// GatewayUse is what stands on a gateway.
type GatewayUse struct {
	Connections, SSLServers int
}

// DeleteGateway decides about a deletion: nothing may stand on the gateway or be
// attached to it, and a prepaid term must be over. It returns the row that reads
// DELETING until it is due, and the ledger's lines that end its hourly rate.
func DeleteGateway(g *Gateway, use GatewayUse, m *GatewayMoment) (*Gateway, []LedgerEntry, *Error) {
	const param = "VpnGatewayId"
	var err *Error
	switch {
	case g.Deleted != 0:
		err = Refuse(UnsupportedOperation, param, "`%s` is being deleted already", "`%s` 已在删除", g.ID)
	case use.Connections > 0:
		err = Refuse(UnsupportedOperation, param, "`%s` still has %d connections", "`%s` 仍有 %d 个通道", g.ID, use.Connections)
	case use.SSLServers > 0:
		err = Refuse(UnsupportedOperation, param, "`%s` still has %d SSL servers", "`%s` 仍有 %d 个 SSL 服务端", g.ID, use.SSLServers)
	case g.Network != "":
		err = Refuse(UnsupportedOperation, param, "`%s` is still attached to `%s`", "`%s` 仍关联于 `%s`", g.ID, g.Network)
	case g.Charge == Prepaid && !g.Expired(m.Now):
		err = Refuse(UnsupportedOperation, param, "`%s` is paid until %s", "`%s` 在 %s 到期前不能删除", g.ID, g.Expires)
	}
	if err != nil {
		return nil, nil, m.Listed.Narrow(err)
	}
	n := *g
	entries := n.charge(0, m.Account, m.Now)
	n.Deleted = m.Now
	n.Generation++
	n.Due = m.Life.NextDue(&n)
	return &n, entries, nil
}
