package vpc

import "testing"

func TestQuotaTable(t *testing.T) {
	vendor, seen := 0, map[string]bool{}
	for _, name := range QuotaNames() {
		if seen[name] {
			t.Errorf("%s is there twice", name)
		}
		seen[name] = true
		if VendorQuota(name) {
			vendor++
		}
		if v, ok := QuotaDefault(name); !ok || v < 1 {
			t.Errorf("%s has no default", name)
		}
	}
	if vendor != 36 {
		t.Errorf("%d names of DescribeVpcLimits, want 36", vendor)
	}
	for name, want := range map[string]int{
		QuotaGateways: 10, QuotaCustomerGateways: 20, QuotaConnections: 20, QuotaCustomerConnections: 10, QuotaGatewayConnections: 20,
		QuotaPolicyRules: 10, QuotaPolicyRemotes: 50, QuotaPolicyPairs: 200, QuotaGatewayRoutes: 100, QuotaCCNGateways: 10,
	} {
		if got, _ := QuotaDefault(name); got != want {
			t.Errorf("%s is %d, want %d", name, got, want)
		}
	}
	if _, ok := QuotaDefault("vpc-max-cats"); ok || VendorQuota("vpc-max-cats") || VendorQuota(QuotaGatewayRoutes) {
		t.Error("a name that the vendor does not know is known")
	}
}

func TestQuotaOf(t *testing.T) {
	set := map[Quota]bool{{Account: 0, Name: QuotaGateways, Value: 7}: true, {Account: 2, Name: QuotaGateways, Value: 0}: true}
	overridden := func(a AccountID, name string) (int, bool) {
		for q := range set {
			if q.Account == a && q.Name == name {
				return q.Value, true
			}
		}
		return 0, false
	}
	for _, c := range []struct {
		account AccountID
		name    string
		want    int
	}{
		{1, QuotaGateways, 7},
		{2, QuotaGateways, 0},
		{2, QuotaConnections, 20},
		{1, "nothing", 0},
	} {
		if got := QuotaOf(c.account, c.name, overridden); got != c.want {
			t.Errorf("account %d, %s: %d, want %d", c.account, c.name, got, c.want)
		}
	}
}

func TestCheckQuota(t *testing.T) {
	for _, c := range []struct {
		q    Quota
		want Code
	}{
		{Quota{Name: QuotaGateways, Value: 0}, "OK"},
		{Quota{Name: QuotaGateways, Value: 1 << 30}, "OK"},
		{Quota{Name: QuotaGateways, Value: 1<<30 + 1}, InvalidParameterValue},
		{Quota{Name: QuotaGateways, Value: -1}, InvalidParameterValue},
		{Quota{Name: "x", Value: 1}, InvalidParameterValue},
	} {
		if got := codeOf(CheckQuota(c.q)); got != c.want {
			t.Errorf("%+v: %s, want %s", c.q, got, c.want)
		}
	}
	if OverQuota(LimitExceeded, "VpcId", QuotaGateways, 9, 10) != nil {
		t.Error("the tenth of ten is refused")
	}
	if codeOf(OverQuota(LimitExceeded, "VpcId", QuotaGateways, 10, 10)) != LimitExceeded {
		t.Error("the eleventh of ten is not refused")
	}
	if OverQuotaBy(LimitExceeded, "Routes", QuotaGatewayRoutes, 98, 2, 100) != nil || OverQuotaBy(LimitExceeded, "Routes", QuotaGatewayRoutes, 98, 3, 100) == nil {
		t.Error("a batch is counted wrongly")
	}
}
