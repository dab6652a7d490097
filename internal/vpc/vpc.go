package vpc

import (
	"net/netip"
	"strconv"
	"strings"
)

// VPCID names a virtual private cloud: vpc-xxxxxxxx.
type VPCID string

// VPC is a private network: a main range, extra (assistant) ranges, subnets and route tables.
type VPC struct {
	ID VPCID `json:"id"`
	Scope
	Name        string         `json:"name"`
	CIDR        netip.Prefix   `json:"cidr"`
	Assistants  []netip.Prefix `json:"assistants,omitempty"`
	IPv6        []IPv6Range    `json:"ipv6,omitempty"`
	Default     bool           `json:"default,omitempty"`
	Multicast   bool           `json:"multicast,omitempty"`
	DNS         []string       `json:"dns,omitempty"`
	Domain      string         `json:"domain,omitempty"`
	DHCP        string         `json:"dhcp,omitempty"` // dopt-xxxxxxxx
	Publish     bool           `json:"publish,omitempty"`
	PublishIPv6 bool           `json:"publishIpv6,omitempty"`
	CDCPublish  bool           `json:"cdcPublish,omitempty"`
	Created     Instant        `json:"created"`
}

// IPv6Range is an IPv6 range of a VPC.
type IPv6Range struct {
	CIDR netip.Prefix `json:"cidr"`
	ISP  string       `json:"isp"`  // BGP
	Type string       `json:"type"` // GUA or ULA
}

// The kinds of IPv6 ranges that AssignIpv6CidrBlock gives.
const (
	GlobalIPv6 = "GUA"
	LocalIPv6  = "ULA"
)

// The default VPC of an account in a region.
const (
	DefaultVPCName    = "Default-VPC"
	DefaultSubnetName = "Default-Subnet"
)

var defaultVPCRange = netip.MustParsePrefix("172.16.0.0/16")

// maxDNS is how many DNS servers a VPC may have.
const maxDNS = 4

// VPCSpec is what CreateVpc asks for.
type VPCSpec struct {
	Name      string
	CIDR      string
	Multicast string // "true", "false" or "" for false
	DNS       []string
	Domain    string
	Tags      []Tag

	Publish, PublishIPv6 bool // routes of whole ranges go to a CCN, not those of subnets
}

// VPCChange is what ModifyVpcAttribute asks for; nil leaves things as they are.
type VPCChange struct {
	Name      *string
	Multicast *string
	DNS       []string // empty but not nil: none
	Domain    *string

	Publish, PublishIPv6, CDCPublish *bool
}

// NewVPC checks a spec and makes the row of it, without id, scope and time.
func NewVPC(spec VPCSpec, codes Listed) (*VPC, *Error) {
	if err := VPCName.Check("VpcName", spec.Name, codes); err != nil {
		return nil, err
	}
	cidr, err := CheckVPCRange("CidrBlock", spec.CIDR, codes)
	if err != nil {
		return nil, err
	}
	v := &VPC{Name: spec.Name, CIDR: cidr, Publish: spec.Publish, PublishIPv6: spec.PublishIPv6}
	if spec.Multicast != "" {
		if v.Multicast, err = CheckSwitch("EnableMulticast", spec.Multicast, codes); err != nil {
			return nil, err
		}
	}
	if v.DNS, err = checkDNS(spec.DNS, codes); err != nil {
		return nil, err
	}
	if err := checkDomain(spec.Domain, codes); err != nil {
		return nil, err
	}
	v.Domain = spec.Domain
	return v, nil
}

// DefaultVPC makes the row of a default VPC, without id, scope and time.
func DefaultVPC() *VPC {
	return &VPC{Name: DefaultVPCName, CIDR: defaultVPCRange, Default: true}
}

// Apply checks a change and makes the changed row. The subnets are those of the VPC.
func (ch VPCChange) Apply(old *VPC, subnets []*Subnet, codes Listed) (*VPC, *Error) {
	v := *old
	if ch.Name != nil {
		if err := VPCNewName.Check("VpcName", *ch.Name, codes); err != nil {
			return nil, err
		}
		v.Name = *ch.Name
	}
	var err *Error
	if ch.Multicast != nil {
		if v.Multicast, err = CheckSwitch("EnableMulticast", *ch.Multicast, codes); err != nil {
			return nil, err
		}
	}
	if ch.DNS != nil {
		if v.DNS, err = checkDNS(ch.DNS, codes); err != nil {
			return nil, err
		}
	}
	if ch.Domain != nil {
		if err := checkDomain(*ch.Domain, codes); err != nil {
			return nil, err
		}
		v.Domain = *ch.Domain
	}
	if ch.CDCPublish != nil && *ch.CDCPublish {
		if err := checkCDCPublish(subnets); err != nil {
			return nil, err
		}
	}
	setFlag(&v.Publish, ch.Publish)
	setFlag(&v.PublishIPv6, ch.PublishIPv6)
	setFlag(&v.CDCPublish, ch.CDCPublish)
	return &v, nil
}

func setFlag(field *bool, wanted *bool) {
	if wanted != nil {
		*field = *wanted
	}
}

// CheckSwitch reads one of the API's texts for a boolean, in any case.
func CheckSwitch(param, text string, codes Listed) (bool, *Error) {
	switch {
	case strings.EqualFold(text, "true"):
		return true, nil
	case strings.EqualFold(text, "false"):
		return false, nil
	}
	return false, Refuse(codes.Pick(InvalidParameterValue, InvalidParameterValueMalformed), param,
		"`%s` is neither true nor false", "`%s` 既不是 true 也不是 false", Clip(text))
}

func checkDNS(servers []string, codes Listed) ([]string, *Error) {
	if len(servers) > maxDNS {
		return nil, Refuse(codes.Pick(InvalidParameterValueLimitExceeded, InvalidParameterValue), "DnsServers",
			"%d addresses, a VPC may have %d", "%d 个地址，私有网络最多 %d 个", len(servers), maxDNS)
	}
	for i, s := range servers {
		if a, ok := ParseIPv4(s); !ok || a.IsUnspecified() || a.IsMulticast() {
			return nil, Refuse(codes.Pick(InvalidParameterValueMalformed, InvalidParameterValue), "DnsServers."+strconv.Itoa(i),
				"`%s` is not the IPv4 address of a server", "`%s` 不是服务器的 IPv4 地址", Clip(s))
		}
	}
	if len(servers) == 0 {
		return nil, nil
	}
	return append([]string(nil), servers...), nil
}

// checkDomain takes what a DHCP server can hand out as a domain: nothing, or labels of
// letters, digits and inner hyphens (RFC 1123, section 2.1; RFC 2132, section 3.17).
func checkDomain(domain string, codes Listed) *Error {
	if domain == "" {
		return nil
	}
	if err := DomainName.Check("DomainName", domain, codes); err != nil {
		return err
	}
	for label := range strings.SplitSeq(domain, ".") {
		if !domainLabel(label) {
			return Refuse(codes.Pick(InvalidParameterValueMalformed, InvalidParameterValue), "DomainName",
				"`%s` is not a domain name", "`%s` 不是域名", Clip(domain))
		}
	}
	return nil
}

func domainLabel(label string) bool {
	if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
		return false
	}
	for i := range len(label) {
		c := label[i] | 0x20
		if (c < 'a' || c > 'z') && (label[i] < '0' || label[i] > '9') && label[i] != '-' {
			return false
		}
	}
	return true
}

// checkCDCPublish refuses to publish the subnets of a dedicated cluster where there are
// none, or where there are those of several.
func checkCDCPublish(subnets []*Subnet) *Error {
	var cdc CDCID
	for _, s := range subnets {
		switch {
		case s.CDC == "" || s.CDC == cdc:
		case cdc != "":
			return Refuse(UnsupportedOperationSubnetMismatchVpcCdcId, "EnableCdcPublish",
				"the VPC has subnets of several dedicated clusters", "私有网络的子网属于多个专属集群")
		default:
			cdc = s.CDC
		}
	}
	if cdc == "" {
		return Refuse(UnsupportedOperationCdcPublishNeedCdcId, "EnableCdcPublish",
			"the VPC has no subnet in a dedicated cluster", "私有网络没有专属集群的子网")
	}
	return nil
}

// Ranges are the main range and the assistant ranges.
func (v *VPC) Ranges() []netip.Prefix {
	return append([]netip.Prefix{v.CIDR}, v.Assistants...)
}

// IPv6Ranges are the IPv6 ranges.
func (v *VPC) IPv6Ranges() []netip.Prefix {
	out := make([]netip.Prefix, len(v.IPv6))
	for i, r := range v.IPv6 {
		out[i] = r.CIDR
	}
	return out
}

// Holds reports whether an address lies in one of the VPC's ranges.
func (v *VPC) Holds(a netip.Addr) bool {
	ranges := v.Ranges()
	if a.Is6() {
		ranges = v.IPv6Ranges()
	}
	return CoveredByAny(netip.PrefixFrom(a, a.BitLen()), ranges)
}
