package wire_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/gatewright/gatewright/internal/wire"
)

// TestServedActions counts the served actions of each group, so that none is lost
// between the tables and the server.
func TestServedActions(t *testing.T) {
	got := map[string]int{}
	for name, a := range wire.Actions {
		if a.Name != name || !a.Served {
			t.Errorf("%s: named %s, served %t", name, a.Name, a.Served)
		}
		got[a.Service+" "+a.Version+" "+a.Group]++
	}
	want := map[string]int{
		"vpc 2017-03-12 vpn_gateway": 39, "vpc 2017-03-12 vpc": 16, "vpc 2017-03-12 subnet": 9, "vpc 2017-03-12 route_table": 16,
		"vpc 2017-03-12 ccn": 15, "vpc 2017-03-12 quota_task_other": 8, "vpc 2017-03-12 gateway_traffic_monitor": 6, "tag 2018-08-13 tag": 12, "sts 2018-08-13 sts": 1,
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v\nwant %v", got, want)
	}
}

// TestActionRows holds each row of the table against its own types.
func TestActionRows(t *testing.T) {
	for name, a := range wire.Actions {
		for what, typ := range map[string]string{"Request": reflect.TypeOf(a.New()).Elem().Name(), "Response": reflect.TypeOf(a.Reply()).Elem().Name()} {
			if typ != name+what {
				t.Errorf("%s: %s is a %s", name, what, typ)
			}
		}
		if a.In.Name != name+"Request" || len(a.In.Fields) != reflect.TypeOf(a.New()).Elem().NumField() {
			t.Errorf("%s: shape %s with %d fields", name, a.In.Name, len(a.In.Fields))
		}
		if !slices.IsSorted(a.Codes) || len(slices.Compact(slices.Clone(a.Codes))) != len(a.Codes) {
			t.Errorf("%s: codes are not sorted, or repeat: %v", name, a.Codes)
		}
		if a.Service == "vpc" && !wire.Known(name) {
			t.Errorf("%s: not among the vendor's names", name)
		}
		// One download hands out private keys: it counts as a write, and is audited.
		if reads := !a.Write; reads != (name != "DownloadVpnGatewaySslClientCert" && hasPrefix(name, "Describe", "Get", "Inquiry", "Check", "Generate", "Download")) {
			t.Errorf("%s: write is %t", name, a.Write)
		}
		if hasFilters := slices.ContainsFunc(a.In.Fields, func(f wire.Field) bool { return f.Filter }); hasFilters != (len(a.Filters) > 0) {
			t.Errorf("%s: filters %v", name, a.Filters)
		}
	}
}

func hasPrefix(name string, prefixes ...string) bool {
	return slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(name, p) })
}

func TestCreateVpnGatewayCodes(t *testing.T) {
	if n := len(wire.Actions["CreateVpnGateway"].Codes); n != 47 {
		t.Errorf("%d codes, the vendor documents 47", n)
	}
}

func TestKnown(t *testing.T) {
	for name, want := range map[string]bool{
		"CreateVpnGateway": true, "CreateVpnGatewaySslServer": true, "DownloadCustomerGatewayConfiguration": true, "AcceptVpcPeeringConnection": true,
		"": false, "createVpnGateway": false, "CreateVpnGateway2": false, "../CreateVpnGateway": false, "GetCallerIdentity": false, "VPC": false,
	} {
		if wire.Known(name) != want {
			t.Errorf("Known(%q) is %t", name, !want)
		}
	}
}
