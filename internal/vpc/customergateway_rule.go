package vpc

// CustomerGatewaySpec is what CreateCustomerGateway asks for.
type CustomerGatewaySpec struct {
	Name string
	Addr string
	ASN  *int64
	Tags []Tag
}

// CustomerGatewayChange is what ModifyCustomerGatewayAttribute asks for.
type CustomerGatewayChange struct {
	Name string
	ASN  *uint64
}

// AllowCustomerGatewayASN is the allow-list of accounts that may change the BGP number
// of a customer gateway.
const AllowCustomerGatewayASN = "customer-gateway-asn"

// NewCustomerGateway checks the text of a new customer gateway. Id, scope and time are
// the caller's to fill in.
func NewCustomerGateway(spec CustomerGatewaySpec, codes Listed) (*CustomerGateway, *Error) {
	if err := CustomerGatewayName.Check("CustomerGatewayName", spec.Name, codes); err != nil {
		return nil, err
	}
	addr, err := CheckPeerAddr("IpAddress", spec.Addr, codes)
	if err != nil {
		return nil, err
	}
	g := &CustomerGateway{Name: spec.Name, Addr: addr}
	if spec.ASN != nil {
		g.BGPASN, err = checkPeerASN(*spec.ASN)
	}
	return g, err
}

// CheckChange checks a change of g and returns the changed copy. allowed says whether
// the account may change numbers, speaking whether a Bgp connection uses this one.
func (g *CustomerGateway) CheckChange(change CustomerGatewayChange, allowed, speaking bool, codes Listed) (*CustomerGateway, *Error) {
	if err := CustomerGatewayName.Check("CustomerGatewayName", change.Name, codes); err != nil {
		return nil, err
	}
	out := *g
	out.Name = change.Name
	if change.ASN == nil || *change.ASN != 0 && *change.ASN == uint64(g.BGPASN) {
		return &out, nil
	}
	if !allowed || speaking {
		return nil, Refuse(UnsupportedOperationVpnUnsupportedModifyBgpAsn, "BgpAsn",
			"this account may not change it, or a connection of RouteType `Bgp` uses it", "账号无权修改，或有路由类型为 `Bgp` 的通道正在使用")
	}
	var err *Error
	out.BGPASN, err = checkPeerASN(int64(min(*change.ASN, maxASN+1)))
	return &out, err
}

func checkPeerASN(n int64) (ASN, *Error) {
	if n < 1 || !ValidASN(uint64(n)) {
		return 0, Refuse(InvalidParameterValue, "BgpAsn",
			"%d is not in 1..%d or is one of %v", "%d 不在 1 至 %d 之内，或属于 %v", n, uint64(maxASN), vendorASNs)
	}
	return ASN(n), nil
}
