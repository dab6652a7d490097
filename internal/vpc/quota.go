package vpc

// Quota is an operator's override of a limit, for one account or (Account 0) for all.
type Quota struct {
	Account AccountID `json:"account,omitempty"`
	Name    string    `json:"name"` // as DescribeVpcLimits spells it
	Value   int       `json:"value"`
}

// The quotas that rules here look at. The first ten are the vendor's names; the others
// are ours, where the vendor has a limit without a name.
const (
	QuotaVPCs                = "appid-max-vpcs"
	QuotaSubnets             = "vpc-max-subnets"
	QuotaRouteTables         = "vpc-max-route-tables"
	QuotaRoutes              = "route-table-max-policies"
	QuotaGateways            = "vpc-max-vpn-gateways"
	QuotaCustomerGateways    = "appid-max-custom-gateways"
	QuotaConnections         = "appid-max-vpn-connections"
	QuotaCustomerConnections = "custom-gateway-max-vpn-connections"
	QuotaGatewayConnections  = "vpn-gateway-max-custom-gateways"
	QuotaAssistants          = "vpc-max-assistant_cidrs"
	QuotaCCNGateways         = "region-max-ccn-vpn-gateways"
	QuotaPolicyRules         = "vpn-connection-max-spd-rules"
	QuotaPolicyRemotes       = "spd-rule-max-remote-cidrs"
	QuotaPolicyPairs         = "vpn-gateway-max-spd-pairs"
	QuotaGatewayRoutes       = "vpn-gateway-max-routes"
	QuotaSSLClients          = "ssl-server-max-clients"
	QuotaCCNs                = "appid-max-ccns"
	QuotaCCNAttachments      = "ccn-max-attached-instances"
)

// maxQuota is the largest value that an operator may give a quota.
const maxQuota = 1 << 30

// quotaDefault is one quota's value where no operator has set another.
type quotaDefault struct {
	name   string
	value  int
	vendor bool // a name that DescribeVpcLimits knows
}

// quotaDefaults holds every quota, the vendor's 36 in its order first. Values that the
// vendor's pages state are those of the pages; the others are guesses in their style.
var quotaDefaults = []quotaDefault{
	{QuotaVPCs, 20, true},
	{QuotaSubnets, 100, true},
	{QuotaRouteTables, 10, true},
	{QuotaRoutes, 50, true},
	{QuotaGateways, 10, true},
	{QuotaCustomerGateways, 20, true},
	{QuotaConnections, 20, true},
	{QuotaCustomerConnections, 10, true},
	{QuotaGatewayConnections, 20, true},
	{"vpc-max-network-acls", 50, true},
	{"network-acl-max-inbound-policies", 20, true},
	{"network-acl-max-outbound-policies", 20, true},
	{"vpc-max-vpcpeers", 10, true},
	{"vpc-max-available-vpcpeers", 10, true},
	{"vpc-max-basic-network-interconnections", 100, true},
	{"direct-connection-max-snats", 100, true},
	{"direct-connection-max-dnats", 100, true},
	{"direct-connection-max-snapts", 100, true},
	{"direct-connection-max-dnapts", 100, true},
	{"vpc-max-nat-gateways", 3, true},
	{"nat-gateway-max-eips", 10, true},
	{"vpc-max-enis", 1000, true},
	{"vpc-max-havips", 10, true},
	{"eni-max-private-ips", 50, true},
	{"nat-gateway-max-dnapts", 200, true},
	{"vpc-max-ipv6s", 1, true},
	{"eni-max-ipv6s", 10, true},
	{QuotaAssistants, 5, true},
	{"appid-max-end-point-services", 10, true},
	{"appid-max-end-point-service-white-lists", 20, true},
	{"vpc-max-cmcc-ipv6-cidrs", 1, true},
	{"vpc-max-ctcc-ipv6-cidrs", 1, true},
	{"vpc-max-cucc-ipv6-cidrs", 1, true},
	{"vpc-max-bgp-ipv6-cidrs", 1, true},
	{"vpc-max-custom-ipv6-cidrs", 1, true},
	{"vpc-max-ula-ipv6-cidrs", 1, true},
	{QuotaCCNGateways, 10, false},
	{QuotaPolicyRules, 10, false},
	{QuotaPolicyRemotes, 50, false},
	{QuotaPolicyPairs, 200, false},
	{QuotaGatewayRoutes, 100, false},
	{QuotaSSLClients, 2000, false},
	{QuotaCCNs, 5, false},
	{QuotaCCNAttachments, 50, false},
}

var quotaByName = func() map[string]quotaDefault {
	m := make(map[string]quotaDefault, len(quotaDefaults))
	for _, q := range quotaDefaults {
		m[q.name] = q
	}
	return m
}()

// QuotaNames returns the names of all quotas, those of DescribeVpcLimits first.
func QuotaNames() []string {
	names := make([]string, len(quotaDefaults))
	for i, q := range quotaDefaults {
		names[i] = q.name
	}
	return names
}

// VendorQuota reports whether DescribeVpcLimits knows the name.
func VendorQuota(name string) bool { return quotaByName[name].vendor }

// QuotaDefault returns a quota's value where no operator has set another.
func QuotaDefault(name string) (int, bool) {
	q, ok := quotaByName[name]
	return q.value, ok
}

// QuotaOf returns what a quota is for an account: the operator's value for that account,
// else the operator's value for all accounts, else the default. Overridden returns an
// operator's value, for account 0 the one for all. An unknown name is 0.
func QuotaOf(account AccountID, name string, overridden func(AccountID, string) (int, bool)) int {
	for _, a := range []AccountID{account, 0} {
		if v, ok := overridden(a, name); ok {
			return v
		}
	}
	return quotaByName[name].value
}

// CheckQuota refuses an override of an unknown quota or by a value out of range.
func CheckQuota(q Quota) *Error {
	if _, ok := quotaByName[q.Name]; !ok {
		return Refuse(InvalidParameterValue, "Name", "there is no quota `%s`", "没有配额 `%s`", Clip(q.Name))
	}
	if q.Value < 0 || q.Value > maxQuota {
		return Refuse(InvalidParameterValue, "Value", "%d is not in 0..%d", "%d 不在 0 至 %d 之内", q.Value, maxQuota)
	}
	return nil
}

// OverQuota refuses one more of something when there are already as many as the quota
// allows.
func OverQuota(code Code, param, quota string, have, limit int) *Error {
	return OverQuotaBy(code, param, quota, have, 1, limit)
}

// OverQuotaBy refuses more of something when that would exceed the quota.
func OverQuotaBy(code Code, param, quota string, have, more, limit int) *Error {
	if more == 0 || have+more <= limit {
		return nil
	}
	return Refuse(code, param, "the quota `%s` is %d and %d are in use", "配额 `%s` 为 %d，已使用 %d", quota, limit, have)
}
