package api

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/gatewright/gatewright/internal/control"
	"github.com/gatewright/gatewright/internal/vpc"
	"github.com/gatewright/gatewright/internal/wire"
)

func TestResolve(t *testing.T) {
	stubCreate(t)
	stub(t, "DescribeTags", func(context.Context, *control.Caller, *wire.DescribeTagsRequest) (*wire.DescribeTagsResponse, error) {
		return nil, nil
	})
	const vpcVersion, tagVersion = "2017-03-12", "2018-08-13"
	for _, c := range []struct{ service, host, version, action, want string }{
		{"vpc", "vpc.tencentcloudapi.com", vpcVersion, "CreateVpnGateway", "vpc CreateVpnGateway"},
		{"tag", "tag.tencentcloudapi.com", tagVersion, "DescribeTags", "tag DescribeTags"},
		{"vpc", "10.0.0.1:9080", vpcVersion, "CreateVpnGateway", "vpc CreateVpnGateway"},
		{"127", "127.0.0.1:9080", vpcVersion, "CreateVpnGateway", "vpc CreateVpnGateway"},
		{"127", "127.0.0.1:9080", tagVersion, "DescribeTags", "tag DescribeTags"},
		{"localhost:9080", "localhost:9080", tagVersion, "DescribeTags", "tag DescribeTags"},
		{"gw", "gw.example.test", tagVersion, "DescribeTags", "tag DescribeTags"},
		{"vpc", "vpc.localhost:9080", tagVersion, "DescribeTags", "tag DescribeTags"}, // Node, tags at an endpoint named vpc
		{"", "tag.example.test", tagVersion, "DescribeTags", "tag DescribeTags"},
		{"", "127.0.0.1", vpcVersion, "CreateVpnGateway", "vpc CreateVpnGateway"},
		{"cvm", "127.0.0.1", vpcVersion, "CreateVpnGateway", "vpc CreateVpnGateway"},

		{"vpc", "x", vpcVersion, "CreateNatGateway", "UnsupportedOperation"},
		{"127", "127.0.0.1", vpcVersion, "CreateNatGateway", "UnsupportedOperation"},
		{"gw", "gw.example.test", vpcVersion, "CreateNatGateway", "NoSuchProduct"},
		{"tag", "x", tagVersion, "CreateNatGateway", "InvalidAction"},
		{"tag", "x", tagVersion, "CreateVpnGateway", "InvalidAction"},
		{"sts", "x", tagVersion, "DescribeTags", "InvalidAction"},
		{"vpc", "x", vpcVersion, "DescribeTags", "InvalidAction"},
		{"vpc", "x", vpcVersion, "createVpnGateway", "InvalidAction"},
		{"vpc", "x", vpcVersion, "", "InvalidAction"},
		{"vpc", "x", tagVersion, "CreateVpnGateway", "NoSuchVersion"},
		{"vpc", "x", "2017-03-13", "CreateVpnGateway", "NoSuchVersion"},
		{"127", "127.0.0.1", "2017-03-13", "CreateVpnGateway", "NoSuchVersion"},
		{"", "127.0.0.1", "2017-03-13", "CreateVpnGateway", "NoSuchVersion"},
		{"", "127.0.0.1", vpcVersion, "RunInstances", "InvalidAction"},
		{"cvm", "cvm.tencentcloudapi.com", vpcVersion, "RunInstances", "NoSuchProduct"},
		{"cvm", "vpc.tencentcloudapi.com", vpcVersion, "RunInstances", "InvalidAction"},
	} {
		a, err := resolve(c.service, c.host, c.version, c.action)
		got := ""
		if refused := (*vpc.Error)(nil); errors.As(err, &refused) {
			got = string(refused.Code)
		} else if err == nil {
			got = a.Service + " " + a.Name
		}
		if got != c.want {
			t.Errorf("%s %s %s %s: got %s, want %s (%v)", c.service, c.host, c.version, c.action, got, c.want, err)
		}
	}
}

func TestRegions(t *testing.T) {
	if !slices.IsSorted(regions) {
		t.Error("the regions are not sorted")
	}
	s := newServer(Config{Region: "my-cellar"}, &fakeKeeper{})
	for named, want := range map[string]string{
		"": "my-cellar", "my-cellar": "my-cellar", "ap-guangzhou": "ap-guangzhou", "sa-saopaulo": "sa-saopaulo", "ap-osaka": "ap-osaka",
		"AP-GUANGZHOU": "refused", "ap-guangzhou-1": "refused", "my-attic": "refused", " ": "refused",
	} {
		got, err := s.region(named)
		if err != nil {
			got = "refused"
		}
		if string(got) != want {
			t.Errorf("%q: got %q, want %q (%v)", named, got, want, err)
		}
	}
}

// TestHosts holds what a signature may have been made for.
func TestHosts(t *testing.T) {
	for _, c := range []struct {
		host string
		want string
	}{
		{"a.test", "a.test"}, {"a.test:80", "a.test"}, {"127.0.0.1:9080", "127.0.0.1"},
		{"[::1]:9080", "[::1]"}, {"[::1]", "[::1]"}, {"", ""},
	} {
		if got := withoutPort(c.host); got != c.want {
			t.Errorf("%s: got %s, want %s", c.host, got, c.want)
		}
	}
}

// TestEveryServedActionIsRegistered holds the table of actions against the methods.
func TestEveryServedActionIsRegistered(t *testing.T) {
	for name, a := range wire.Actions {
		if a.Served && methods[name] == nil {
			t.Errorf("%s is served by the table, but nothing answers it", name)
		}
	}
}
