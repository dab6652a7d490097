package vpc

import (
	"net/netip"
	"slices"
)

// GatewaySpec is what a caller asks of CreateVpnGateway. A nil pointer is an input that
// was left out; an optional text that is empty counts as left out.
type GatewaySpec struct {
	VPC           string
	Name          string
	Bandwidth     uint64 // Mbps
	Charge        *string
	Prepaid       *PrepaidSpec
	Zone          *string
	Type          *string
	Tags          []Tag
	CDC           *string
	MaxConnection *uint64
	BGPASN        *uint64
}

// PrepaidSpec is the input InstanceChargePrepaid.
type PrepaidSpec struct {
	Period    *uint64 // months
	RenewFlag *string
}

// GatewayEnv is what a new gateway is judged against. The functions are asked at most
// once each, and only when the checks before them have passed.
type GatewayEnv struct {
	Site    Site
	Zones   []Zone // of the caller's region; a gateway without a wish gets the first
	Scope   Scope
	Account *Account
	Prices  *PriceBook
	Stock   TagStock
	Listed  Listed

	VPC          func(VPCID) (*VPC, bool)
	InVPC        func(VPCID) int               // gateways in a VPC
	OfCCN        func() int                    // gateways of the CCN types in the region
	CDCHolds     func(CDCID, GatewayType) bool // the cluster has a gateway of that type
	Destinations func(VPCID) []Destination     // what other gateways take out of the VPC into tunnels
	Quota        func(name string) int         // the account's, in the region
}

// GatewayOrder is a gateway that may be made. Gateway has everything but what its maker
// decides: id, public address, host, times.
type GatewayOrder struct {
	Gateway
	Months int   // of the prepaid term; 0 when postpaid
	Cost   Money // to be debited at once; 0 when postpaid
}

// CheckGatewaySpec decides about a new gateway. Of several faults it reports the first
// in the order of the checks below: each input by itself, what it points at, conflicts,
// quota, tags, and last the account.
func CheckGatewaySpec(spec *GatewaySpec, env *GatewayEnv) (*GatewayOrder, *Error) {
	d := &gatewayDraft{spec: spec, env: env, order: &GatewayOrder{Gateway: Gateway{Scope: env.Scope, Name: spec.Name, Generation: 1, Version: GatewayVersion}}}
	for _, check := range []func() *Error{
		d.checkType, d.checkVPC, d.checkName, d.checkBandwidth, d.checkCharge, d.checkMaxConnection, d.checkBGP,
		d.checkZone, d.checkCDC, d.checkRanges, d.checkQuota, d.checkTags, d.checkAccount,
	} {
		if err := check(); err != nil {
			return nil, env.Listed.Narrow(err)
		}
	}
	return d.order, nil
}

// GatewayVersion is what new gateways report as their version.
const GatewayVersion = "4.0"

// gatewayDraft is an order while it is being checked.
type gatewayDraft struct {
	spec  *GatewaySpec
	env   *GatewayEnv
	order *GatewayOrder
	vpc   *VPC
}

// given returns an optional text, and false if it was left out or empty.
func given(text *string) (string, bool) {
	if text == nil || *text == "" {
		return "", false
	}
	return *text, true
}

var gatewayTypes = []GatewayType{TypeIPsec, TypeSSL, TypeCCN, TypeSSLCCN}

func (d *gatewayDraft) checkType() *Error {
	d.order.Type = TypeIPsec
	text, ok := given(d.spec.Type)
	if !ok {
		return nil
	}
	d.order.Type = GatewayType(text)
	if !slices.Contains(gatewayTypes, d.order.Type) {
		return Refuse(InvalidParameterValue, "Type", "`%s` is none of %v", "`%s` 不在 %v 之内", Clip(text), gatewayTypes)
	}
	return nil
}

func (d *gatewayDraft) checkVPC() *Error {
	id, ccn := d.spec.VPC, d.order.Type.CCN()
	switch {
	case ccn && id != "":
		return Refuse(UnsupportedOperationVpnGwVpcIdNotHave, "VpcId", "a gateway of type `%s` stands in no VPC", "类型为 `%s` 的网关不属于任何私有网络", d.order.Type)
	case ccn:
		return nil
	case id == "":
		return Refuse(UnsupportedOperationVpnGwVpcIdMustHave, "VpcId", "a gateway of type `%s` needs a VPC", "类型为 `%s` 的网关必须指定私有网络", d.order.Type)
	}
	if err := CheckID(PrefixVPC, "VpcId", id, d.env.Listed); err != nil {
		return err
	}
	v, ok := d.env.VPC(VPCID(id))
	if !ok {
		return NotFound(PrefixVPC, "VpcId", id, d.env.Listed)
	}
	d.order.VPC, d.vpc = v.ID, v
	return nil
}

func (d *gatewayDraft) checkName() *Error {
	return GatewayName.Check("VpnGatewayName", d.spec.Name, d.env.Listed)
}

func (d *gatewayDraft) checkBandwidth() *Error {
	n, list := d.spec.Bandwidth, d.env.Site.Bandwidths()
	if !offered(list, n) {
		return Refuse(InvalidParameterValue, "InternetMaxBandwidthOut", "%d is none of %v Mbps", "%d 不在 %v（Mbps）之内", n, list)
	}
	d.order.Bandwidth = Mbps(n)
	if d.order.Bandwidth == fixedBandwidth && d.order.Type.SSL() {
		return Refuse(UnsupportedOperation, "InternetMaxBandwidthOut", "a gateway of type `%s` cannot have %d Mbps", "类型为 `%s` 的网关不支持 %d Mbps", d.order.Type, n)
	}
	return nil
}

func (d *gatewayDraft) checkCharge() *Error {
	o := d.order
	var err *Error
	if o.Charge, err = parseCharge(d.spec.Charge); err != nil {
		return err
	}
	o.RenewFlag = RenewByItself // what clients expect to read of a postpaid gateway
	if o.Charge == Prepaid {
		o.Months, o.RenewFlag, err = parsePrepaid(d.spec.Prepaid, d.env.Site.RenewFlag())
	}
	return err
}

func parseCharge(text *string) (ChargeType, *Error) {
	charge := Postpaid
	if s, ok := given(text); ok {
		charge = ChargeType(s)
	}
	if charge != Postpaid && charge != Prepaid {
		return "", Refuse(InvalidParameterValue, "InstanceChargeType", "`%s` is neither %s nor %s", "`%s` 既不是 %s 也不是 %s", Clip(*text), Postpaid, Prepaid)
	}
	return charge, nil
}

// parsePrepaid reads a term's months, and the renew flag, which falls back to another.
func parsePrepaid(p *PrepaidSpec, fallback RenewFlag) (months int, flag RenewFlag, err *Error) {
	if p == nil {
		return 0, "", Refuse(InvalidParameterValueEmpty, "InstanceChargePrepaid", "PREPAID needs it", "包年包月时不能为空")
	}
	if p.Period == nil {
		return 0, "", Refuse(InvalidParameterValueEmpty, "InstanceChargePrepaid.Period", "PREPAID needs it", "包年包月时不能为空")
	}
	if !ValidPeriod(*p.Period) {
		return 0, "", Refuse(InvalidParameterValue, "InstanceChargePrepaid.Period", "%d is none of %v months", "%d 不在 %v（月）之内", *p.Period, Periods)
	}
	flag = fallback
	if s, ok := given(p.RenewFlag); ok {
		flag = RenewFlag(s)
	}
	if flag != fallback && flag != RenewByItself && flag != RenewManually {
		return 0, "", Refuse(InvalidParameterValue, "InstanceChargePrepaid.RenewFlag",
			"`%s` is neither %s nor %s", "`%s` 既不是 %s 也不是 %s", Clip(string(flag)), RenewByItself, RenewManually)
	}
	return int(*p.Period), flag, nil
}

// defaultMaxConnection is how many people may dial in to an SSL gateway whose buyer
// does not say.
const defaultMaxConnection = 5

func (d *gatewayDraft) checkMaxConnection() *Error {
	n := d.spec.MaxConnection
	if !d.order.Type.SSL() {
		if n != nil {
			return Refuse(UnsupportedOperation, "MaxConnection", "a gateway of type `%s` has none", "类型为 `%s` 的网关不支持该参数", d.order.Type)
		}
		return nil
	}
	d.order.MaxConnection = defaultMaxConnection
	if n == nil {
		return nil
	}
	if list := d.env.Site.MaxConnections(); !offered(list, *n) {
		return Refuse(InvalidParameterValue, "MaxConnection", "%d is none of %v", "%d 不在 %v 之内", *n, list)
	}
	d.order.MaxConnection = uint32(*n)
	return nil
}

func (d *gatewayDraft) checkBGP() *Error {
	n := d.spec.BGPASN
	switch {
	case n == nil:
		return nil
	case !bgpCapable(d.order.Type, d.order.Bandwidth):
		return Refuse(UnsupportedOperationVpnUnsupportedBgp, "BgpAsn", "BGP needs type IPSEC or CCN and at least %d Mbps", "BGP 要求网关类型为 IPSEC 或 CCN 且带宽不低于 %d Mbps", leastBGPBandwidth)
	case !ValidASN(*n):
		return Refuse(InvalidParameterValue, "BgpAsn", "%d is not in 1..4294967295 or is the vendor's own", "%d 不在 1 至 4294967295 之内或为系统保留", *n)
	}
	d.order.BGPASN = ASN(*n)
	return nil
}

func (d *gatewayDraft) checkZone() *Error {
	text, ok := given(d.spec.Zone)
	if !ok {
		if len(d.env.Zones) > 0 {
			d.order.Zone = d.env.Zones[0]
		}
		return nil
	}
	d.order.Zone = Zone(text)
	return CheckZone("Zone", text, d.env.Zones, d.env.Listed)
}

// checkCDC takes a dedicated cluster of the account's; a cluster carries one gateway of
// each type.
func (d *gatewayDraft) checkCDC() *Error {
	text, ok := given(d.spec.CDC)
	if !ok {
		return nil
	}
	if err := CheckID(PrefixCDC, "CdcId", text, d.env.Listed); err != nil {
		return err
	}
	id := CDCID(text)
	if !slices.Contains(d.env.Account.CDCs, id) {
		return NotFound(PrefixCDC, "CdcId", text, d.env.Listed)
	}
	if d.env.CDCHolds(id, d.order.Type) {
		return Refuse(InvalidParameterValueDuplicate, "CdcId", "`%s` has a gateway of type `%s` already", "`%s` 已有类型为 `%s` 的网关", text, d.order.Type)
	}
	d.order.CDC = id
	return nil
}

// checkRanges refuses a gateway in a VPC that has a range which another of its gateways
// sends into a tunnel.
func (d *gatewayDraft) checkRanges() *Error {
	if d.vpc == nil {
		return nil
	}
	own := d.vpc.Ranges()
	for _, dst := range d.env.Destinations(d.vpc.ID) {
		if dst.Range == Everywhere {
			continue
		}
		if clash, ok := FirstOverlap(dst.Range, own); ok {
			return dst.refuse(clash)
		}
	}
	return nil
}

// Destination is a range that a gateway sends into a tunnel. 0.0.0.0/0 stands for
// everything else and clashes with nothing.
type Destination struct {
	Range   netip.Prefix
	Foreign bool // it is another account's, and must not be named
}

// refuse says that a VPC's range overlaps the destination.
func (d Destination) refuse(vpcRange netip.Prefix) *Error {
	if d.Foreign {
		return Refuse(InvalidParameterValueVpnConnCidrConflict, "VpcId",
			"its range `%s` overlaps one that a gateway of its CCN sends into a tunnel", "其网段 `%s` 与所属云联网中其他网关的通道目的网段重叠", vpcRange)
	}
	return Refuse(InvalidParameterValueVpnConnCidrConflict, "VpcId",
		"its range `%s` overlaps `%s`, which another gateway of the VPC sends into a tunnel", "其网段 `%s` 与同一私有网络中其他网关的通道目的网段 `%s` 重叠", vpcRange, d.Range)
}

func (d *gatewayDraft) checkQuota() *Error {
	if d.vpc != nil {
		return OverQuota(LimitExceeded, "VpcId", QuotaGateways, d.env.InVPC(d.vpc.ID), d.env.Quota(QuotaGateways))
	}
	return OverQuota(LimitExceeded, "Type", QuotaCCNGateways, d.env.OfCCN(), d.env.Quota(QuotaCCNGateways))
}

func (d *gatewayDraft) checkTags() *Error {
	return CheckTags(d.env.Account, d.spec.Tags, d.env.Stock, d.env.Listed)
}

// checkAccount asks for a verified account that can pay: the whole of a prepaid term, or
// the first hour of a postpaid gateway.
func (d *gatewayDraft) checkAccount() *Error {
	if !d.env.Account.Verified {
		return Refuse(UnauthorizedOperationNoRealNameAuthentication, "", "the account's owner is not verified", "账号未完成实名认证")
	}
	o := d.order
	need := d.env.Prices.Hourly(o.Item())
	if o.Charge == Prepaid {
		_, o.Cost = d.env.Prices.Term(o.Item(), o.Months)
		need = o.Cost
	} else {
		o.Rate = need
	}
	return checkFunds(d.env.Account.Balance, need, d.env.Prices)
}

// checkFunds refuses to sell something that costs more than there is.
func checkFunds(balance, need Money, prices *PriceBook) *Error {
	if balance >= need {
		return nil
	}
	return Refuse(UnsupportedOperationInsufficientFunds, "", "it costs %s %s and the balance is %s", "需要 %s %s，余额为 %s", need, prices.Currency, balance)
}

// Make turns an order into a row, with the ledger's line for it.
func (o *GatewayOrder) Make(id GatewayID, public netip.Addr, now Instant, life Life) (*Gateway, LedgerEntry) {
	g := o.Gateway
	g.ID, g.Public, g.Created = id, public, now
	entry := LedgerEntry{Account: g.Account, At: now, Resource: string(id)}
	if g.Charge == Prepaid {
		g.Expires = AddMonths(now, o.Months)
		entry.Kind, entry.Amount = LedgerPurchase, -o.Cost
	} else {
		g.RateSince = now
		entry.Kind, entry.Rate = LedgerRate, g.Rate
	}
	g.Due = life.NextDue(&g)
	return &g, entry
}
