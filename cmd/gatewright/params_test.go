package main

import (
	"strings"
	"testing"

	"github.com/gatewright/gatewright/internal/wire"
)

func TestParseParams(t *testing.T) {
	for _, c := range []struct {
		action string
		args   []string
		want   string // JSON, or error: and a part of it
	}{
		{"CreateVpnGateway", []string{"VpcId=vpc-1", "InternetMaxBandwidthOut=5", "VpnGatewayName=5"}, `{"VpcId":"vpc-1","InternetMaxBandwidthOut":5,"VpnGatewayName":"5"}`},
		{"CreateVpnGateway", []string{"VpnGatewayName=true"}, `{"VpnGatewayName":"true"}`},
		{"CreateVpnGateway", []string{"VpnGatewayName="}, `{"VpnGatewayName":""}`},
		{"CreateVpnGateway", []string{"VpnGatewayName=a=b<&>\"\n"}, `{"VpnGatewayName":"a=b<&>\"\n"}`},
		{"CreateVpnGateway", []string{"InternetMaxBandwidthOut=five"}, `{"InternetMaxBandwidthOut":"five"}`},
		{"CreateVpnGateway", []string{"Tags.0.Key=city", "Tags.0.Value=7", "Tags.1.Key=k"}, `{"Tags":[{"Key":"city","Value":"7"},{"Key":"k"}]}`},
		{"CreateVpnGateway", []string{"Tags.1.Key=b", "Tags.0.Key=a"}, `{"Tags":[{"Key":"a"},{"Key":"b"}]}`},
		{"CreateVpnGateway", []string{"Tags=[]"}, `{"Tags":[]}`},
		{"CreateVpnGateway", []string{`Tags=[{"Key":"a"}]`}, `{"Tags":[{"Key":"a"}]}`},
		{"CreateVpnGateway", []string{"InstanceChargePrepaid.Period=1", "InstanceChargePrepaid.RenewFlag=X"}, `{"InstanceChargePrepaid":{"Period":1,"RenewFlag":"X"}}`},
		{"CreateVpnGateway", []string{"Foo=1", "Bar=x", "Baz.0.A=true"}, `{"Foo":1,"Bar":"x","Baz":[{"A":true}]}`},
		{"DescribeVpcs", []string{"Filters.0.Name=vpc-name", "Filters.0.Values.0=1", "Limit=20"}, `{"Filters":[{"Name":"vpc-name","Values":["1"]}],"Limit":"20"}`},
		{"DescribeVpnGateways", []string{"VpnGatewayIds.0=vpngw-1", "Limit=20"}, `{"VpnGatewayIds":["vpngw-1"],"Limit":20}`},
		{"NoSuchAction", []string{"A.B=1", "C=x"}, `{"A":{"B":1},"C":"x"}`},
		{"NoSuchAction", nil, `{}`},

		{"CreateVpnGateway", []string{"VpcId"}, "error: not Key=Value"},
		{"CreateVpnGateway", []string{"=x"}, "error: not Key=Value"},
		{"CreateVpnGateway", []string{"VpcId=a", "VpcId=b"}, "error: given twice"},
		{"CreateVpnGateway", []string{"VpcId=a", "VpcId.x=b"}, "error: does not fit"},
		{"CreateVpnGateway", []string{"VpcId.x=b", "VpcId=a"}, "error: given twice"},
		{"CreateVpnGateway", []string{"VpcId.x=b"}, "error: takes one value"},
		{"CreateVpnGateway", []string{"Tags.Key=a"}, "error: Tags is a list"},
		{"CreateVpnGateway", []string{"Tags.1.Key=a"}, "error: without a gap"},
		{"CreateVpnGateway", []string{"Tags=city"}, "error: write Tags.0.Key="},
		{"CreateVpnGateway", []string{"InstanceChargePrepaid=1"}, "error: InstanceChargePrepaid.Period="},
		{"DescribeVpnGateways", []string{"VpnGatewayIds=vpngw-1"}, "error: write VpnGatewayIds.0="},
		{"CreateVpnGateway", []string{"Tags..Key=a"}, "error: does not fit"},
	} {
		var shape *wire.Shape
		if a := wire.Actions[c.action]; a != nil {
			shape = a.In
		}
		got, err := parseParams(shape, c.args)
		if part, wantErr := strings.CutPrefix(c.want, "error: "); wantErr {
			if err == nil || !strings.Contains(err.Error(), part) {
				t.Errorf("%s %q: error %v, want one with %q", c.action, c.args, err, part)
			}
		} else if err != nil || string(got) != c.want {
			t.Errorf("%s %q: %s %v, want %s", c.action, c.args, got, err, c.want)
		}
	}
}
