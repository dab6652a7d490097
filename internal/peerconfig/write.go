package peerconfig

import (
	"slices"

	"github.com/gatewright/gatewright/internal/vpc"
)

// dialect is the language of one make.
type dialect struct {
	comment    string // begins a comment
	uncomment  string // ends one, where the end of the line does not
	ike1, ike2 phase
	esp1, esp2 phase
	// name writes an identity's name as one word of the language, key the pre-shared
	// key; false says that the language has no way to.
	name, key func(string) (string, bool)
	// refuses says what else would keep the tunnel down; a zero reason is none.
	refuses func(*tunnel) reason
	write   func(*tunnel, *text)
}

// dialects are keyed by the platform, which is unique except for freebsd and linux,
// where the name of the make is.
var dialects = map[string]*dialect{
	"cisco/asa":         &asa,
	"cisco/ios":         &ios,
	"fortinet/fortios":  &fortios,
	"h3c/comware":       &comware,
	"huawei/usg":        &usg,
	"juniper/srx":       &srx,
	"libreswan/linux":   &libreswan,
	"mikrotik/routeros": &routeros,
	"opnsense/freebsd":  &opnsense,
	"paloalto/panos":    &panos,
	"pfsense/freebsd":   &pfsense,
	"strongswan/linux":  &strongswan,
	"vyos/linux":        &vyos,
}

// Write returns the configuration for one make, or says what of the connection that
// make cannot do. The text holds the pre-shared key.
func Write(s Site, codes vpc.Listed) (vpc.Secret, *vpc.Error) {
	d, err := s.dialect(codes)
	if err != nil {
		return "", err
	}
	if err := checkInterface(s.Interface, codes); err != nil {
		return "", err
	}
	t, err := s.tunnel(d, codes)
	if err != nil {
		return "", err
	}
	w := &text{comment: d.comment, uncomment: d.uncomment}
	d.write(t, w)
	if w.broken {
		return "", cannot(s.Vendor, codes, "carry the texts of this connection", "承载该通道的文本")
	}
	return vpc.Secret(w.String()), nil
}

func (s Site) dialect(codes vpc.Listed) (*dialect, *vpc.Error) {
	const param = "CustomerGatewayVendor"
	if !slices.Contains(vpc.Vendors(), s.Vendor) {
		return nil, vpc.Refuse(codes.Pick(vpc.InvalidParameterValueMalformed), param,
			"`%s` `%s` `%s` is not one of DescribeCustomerGatewayVendors", "`%s` `%s` `%s` 不在 DescribeCustomerGatewayVendors 之中",
			vpc.Clip(s.Vendor.Name), vpc.Clip(s.Vendor.Platform), vpc.Clip(s.Vendor.Version))
	}
	return dialects[s.Vendor.Name+"/"+s.Vendor.Platform], nil
}

// reason is why a make cannot be the peer of a connection, in both languages.
type reason struct{ en, zh string }

// cannot refuses what a make has no words for.
func cannot(v vpc.Vendor, codes vpc.Listed, en, zh string, args ...any) *vpc.Error {
	args = append([]any{v.Name, v.Platform}, args...)
	return vpc.Refuse(codes.Pick(vpc.InvalidParameterValueMalformed), "CustomerGatewayVendor", "`%s` `%s` cannot "+en, "`%s` `%s` 无法"+zh, args...)
}

// maxInterface is the longest name of an interface, in bytes.
const maxInterface = 63

// checkInterface takes what makers call their interfaces: eth0.20, GigabitEthernet0/0/1,
// ge-0/0/0.0, ethernet1/1, outside.
func checkInterface(name string, codes vpc.Listed) *vpc.Error {
	const param = "InterfaceName"
	switch {
	case name == "":
		return vpc.Refuse(codes.Pick(vpc.InvalidParameterValueEmpty, vpc.InvalidParameterValueMalformed), param, "it is empty", "不能为空")
	case len(name) > maxInterface || !only(name, letters+digits+"._/:-") || !only(name[:1], letters+digits):
		return vpc.Refuse(codes.Pick(vpc.InvalidParameterValueMalformed), param,
			"`%s` is not 1 to %d letters, digits and ._/:- with a letter or digit first", "`%s` 不是以字母或数字开头、由字母、数字和 ._/:- 组成的 1 至 %d 个字符", vpc.Clip(name), maxInterface)
	}
	return nil
}
