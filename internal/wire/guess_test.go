package wire

import "testing"

func TestNearest(t *testing.T) {
	s := &Shape{Fields: []Field{{Name: "VpcId"}, {Name: "CidrBlock"}, {Name: "CidrBlocks"}, {Name: "RouteTableId"}}}
	for name, want := range map[string]string{
		"vpcid":         "VpcId",
		"Vpc":           "", // too short to guess at
		"VpcIds":        "VpcId",
		"VpcIdsss":      "",
		"CIDRBlocks":    "CidrBlocks",
		"CidrBlokc":     "", // two are near
		"RuoteTableId":  "RouteTableId",
		"RouteTable":    "RouteTableId",
		"MouteFableId":  "RouteTableId",
		"MouteFableIt":  "",
		"XRouteTableId": "RouteTableId",
		"":              "",
	} {
		if got := s.nearest(name); got != want {
			t.Errorf("nearest(%q) = %q, want %q", name, got, want)
		}
	}
	if got := (*Shape)(nil).nearest("VpcId"); got != "" {
		t.Errorf("below a value: %q", got)
	}
}
