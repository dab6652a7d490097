package vpc

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
)

// testNetwork has a subnet in its assistant range and a route to 192.168.5.0/24.
func testNetwork() Network {
	return Network{
		VPC:     &VPC{ID: "vpc-1", CIDR: netip.MustParsePrefix("10.0.0.0/16"), Assistants: []netip.Prefix{netip.MustParsePrefix("172.16.0.0/24"), netip.MustParsePrefix("172.16.1.0/24")}},
		Subnets: []*Subnet{{ID: "subnet-1", CIDR: netip.MustParsePrefix("172.16.0.0/28")}},
		Tables: []*RouteTable{{ID: "rtb-1", Routes: []Route{
			{ID: "rti-1", Destination: netip.MustParsePrefix("192.168.5.0/24")},
			{ID: "rti-2", Destination: netip.MustParsePrefix("0.0.0.0/0")},
		}}},
	}
}

func TestChangeAssistants(t *testing.T) {
	many := make([]string, 101)
	for _, c := range []struct {
		name        string
		add, remove []string
		want        string
	}{
		{"add", []string{"10.1.0.0/16"}, nil, "[172.16.0.0/24 172.16.1.0/24 10.1.0.0/16]"},
		{"swap", []string{"172.16.1.0/25"}, []string{"172.16.1.0/24"}, "[172.16.0.0/24 172.16.1.0/25]"},
		{"nothing", nil, nil, "InvalidParameterValue"},
		{"not a range", []string{"x"}, nil, "InvalidParameterValue.Malformed"},
		{"a line break", []string{"172.16.9.0/24\n"}, nil, "InvalidParameterValue.Malformed"},
		{"public", []string{"8.8.8.0/24"}, nil, "InvalidParameterValue"},
		{"twice", []string{"10.1.0.0/16", "10.1.0.0/16"}, nil, "InvalidParameterValue.Duplicate"},
		{"both ways", []string{"172.16.1.0/24"}, []string{"172.16.1.0/24"}, "InvalidParameterValue.Duplicate"},
		{"inside each other", []string{"10.1.0.0/16", "10.1.1.0/24"}, nil, "InvalidParameterValue.SubnetConflict"},
		{"main range", []string{"10.0.1.0/24"}, nil, "InvalidParameterValue.VpcCidrConflict"},
		{"assistant range", []string{"172.16.1.0/25"}, nil, "InvalidParameterValue.SubnetOverlapAssistCidr"},
		{"a route's destination", []string{"192.168.0.0/16"}, nil, "InvalidParameterValue.VpcCidrOverlapRoute"},
		{"inside a route's destination", []string{"192.168.5.0/25"}, nil, "[172.16.0.0/24 172.16.1.0/24 192.168.5.0/25]"},
		{"in use", nil, []string{"172.16.0.0/24"}, "ResourceInUse"},
		{"not there", nil, []string{"172.16.7.0/24"}, "ResourceNotFound"},
		{"too many for the VPC", []string{"10.1.0.0/16", "10.2.0.0/16"}, nil, "LimitExceeded"},
		{"too many for a call", many, nil, "InvalidParameterValue.LimitExceeded"},
	} {
		after, err := ChangeAssistants(testNetwork(), AssistantSpec{Add: c.add, Remove: c.remove, AddParam: "New", RemoveParam: "Old"}, 3, nil)
		got := fmt.Sprint(after)
		if err != nil {
			got = string(err.Code)
		}
		if got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

// TestTakeAwayOverQuota takes ranges away where there are more than the quota has by now.
func TestTakeAwayOverQuota(t *testing.T) {
	spec := AssistantSpec{Remove: []string{"172.16.1.0/24"}, RemoveParam: "Old"}
	if after, err := ChangeAssistants(testNetwork(), spec, 0, nil); err != nil || len(after) != 1 {
		t.Errorf("%v, %v", after, err)
	}
	if conflicts, err := AssistantConflicts(testNetwork(), spec, 0, nil); err != nil || len(conflicts) != 0 {
		t.Errorf("%v, %v", conflicts, err)
	}
}

func TestAssistantConflicts(t *testing.T) {
	for _, c := range []struct {
		name        string
		add, remove []string
		want        string
	}{
		{"free", []string{"10.1.0.0/16"}, nil, ""},
		{"own ranges", []string{"172.16.0.0/16"}, nil, "vpc-1 172.16.0.0/16: vpc-1 172.16.0.0/24, vpc-1 172.16.1.0/24"},
		{"routes", []string{"192.168.0.0/16"}, nil, "rtb-1 192.168.0.0/16: rti-1 192.168.5.0/24"},
		{"in use", nil, []string{"172.16.0.0/24"}, "subnet-1 172.16.0.0/24: subnet-1 172.16.0.0/28"},
		{"going", []string{"172.16.1.0/25"}, []string{"172.16.1.0/24"}, ""},
		{"not there", nil, []string{"172.16.7.0/24"}, "ResourceNotFound"},
		{"nothing", nil, nil, "InvalidParameterValue"},
		{"too many for the VPC", []string{"10.1.0.0/16", "10.2.0.0/16"}, nil, "LimitExceeded"},
	} {
		got := printConflicts(AssistantConflicts(testNetwork(), AssistantSpec{Add: c.add, Remove: c.remove, AddParam: "New", RemoveParam: "Old"}, 3, nil))
		if got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

func printConflicts(conflicts []Conflict, err *Error) string {
	if err != nil {
		return string(err.Code)
	}
	var lines []string
	for _, c := range conflicts {
		var items []string
		for _, i := range c.With {
			items = append(items, i.ID+" "+i.Range.String())
		}
		lines = append(lines, fmt.Sprintf("%s %s: %s", c.Source, c.Range, strings.Join(items, ", ")))
	}
	return strings.Join(lines, "\n")
}
