package vpc

import (
	"slices"
	"testing"
)

func TestZones(t *testing.T) {
	for _, r := range append(Regions(), "xx-private", "eu-home2") {
		zones := DefaultZones(r)
		if len(zones) == 0 || !ValidRegion(string(r)) {
			t.Errorf("%s: %v", r, zones)
		}
		for _, z := range zones {
			if !ValidZone(string(z)) || CheckZone("Zone", string(z), zones, nil) != nil {
				t.Errorf("%s is not a zone of %s", z, r)
			}
		}
	}
	if !slices.Contains(DefaultZones("ap-guangzhou"), "ap-guangzhou-2") || len(DefaultZones("xx-private")) != 3 {
		t.Error("the lists of zones have changed")
	}
}

func TestCheckZone(t *testing.T) {
	for zone, want := range map[string]Code{
		"ap-guangzhou-1":   "OK",
		"ap-guangzhou-99":  ResourceNotFound,
		"ap-shanghai-1":    ResourceNotFound,
		"guangzhou":        InvalidParameterValueMalformed,
		"guangzhou-1":      InvalidParameterValueMalformed,
		"ap-guangzhou":     InvalidParameterValueMalformed,
		"ap-guangzhou-":    InvalidParameterValueMalformed,
		"ap-guangzhou-01":  InvalidParameterValueMalformed,
		"ap-guangzhou-1\n": InvalidParameterValueMalformed,
		"AP-GUANGZHOU-1":   InvalidParameterValueMalformed,
		"":                 InvalidParameterValueMalformed,
		"-1":               InvalidParameterValueMalformed,
	} {
		if got := codeOf(CheckZone("Zone", zone, DefaultZones("ap-guangzhou"), nil)); got != want {
			t.Errorf("%q: %s, want %s", zone, got, want)
		}
	}
}

func TestSites(t *testing.T) {
	for _, s := range []Site{SiteCN, SiteIntl} {
		if got, err := ParseSite(string(s)); err != nil || got != s {
			t.Errorf("%s: %v %v", s, got, err)
		}
	}
	if _, err := ParseSite("us"); err == nil {
		t.Error("a third site")
	}
	if b := SiteIntl.Bandwidths(); !slices.Equal(b, []Mbps{5, 10, 20, 50, 100}) || len(SiteCN.Bandwidths()) != 9 {
		t.Errorf("bandwidths %v", b)
	}
	if m := SiteIntl.MaxConnections(); !slices.Equal(m, []uint32{5, 10, 20, 50, 100}) || len(SiteCN.MaxConnections()) != 8 {
		t.Errorf("connections %v", m)
	}
	if SiteCN.RenewFlag() != RenewByItself || SiteIntl.RenewFlag() != RenewManually {
		t.Error("renew flags of new gateways")
	}
}
