package vpc

import "slices"

// Vendor is a make of customer gateway for which a configuration can be written.
type Vendor struct {
	Name     string // cisco
	Platform string // ios
	Version  string // V15.4
}

// vendors are the makes that are offered, by name and platform.
var vendors = []Vendor{
	{"cisco", "asa", "V9.8"},
	{"cisco", "ios", "V15.4"},
	{"fortinet", "fortios", "V7.0"},
	{"h3c", "comware", "V7.1"},
	{"huawei", "usg", "V600R007"},
	{"juniper", "srx", "V21.4"},
	{"libreswan", "linux", "V5.0"},
	{"mikrotik", "routeros", "V7.0"},
	{"opnsense", "freebsd", "V24.7"},
	{"paloalto", "panos", "V10.1"},
	{"pfsense", "freebsd", "V2.7"},
	{"strongswan", "linux", "V5.9"},
	{"vyos", "linux", "V1.4"},
}

// Vendors returns the makes of customer gateway, ordered by name and platform.
func Vendors() []Vendor { return slices.Clone(vendors) }
