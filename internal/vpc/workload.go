package vpc

import (
	"net/netip"
	"regexp"
	"strings"
)

// WorkloadSpec is what the operator asks to attach to a subnet.
type WorkloadSpec struct {
	Subnet    SubnetID `json:"subnet"`
	Namespace string   `json:"namespace,omitempty"` // or Device
	Device    string   `json:"device,omitempty"`
	Address   string   `json:"address,omitempty"` // with Namespace; empty: a free one
}

var (
	namespaceName = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.@:-]{0,62}$`)
	deviceName    = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.@-]{0,14}$`) // the kernel's IFNAMSIZ, less the final zero
)

// Check refuses what is no namespace and no device. Names become file and link names.
func (w *WorkloadSpec) Check() *Error {
	switch {
	case (w.Namespace == "") == (w.Device == ""):
		return Refuse(InvalidParameter, "netns", "name either a namespace or a device", "须指定命名空间或设备之一")
	case w.Namespace != "" && !namespaceName.MatchString(w.Namespace):
		return Refuse(InvalidParameterValueMalformed, "netns", "`%s` is no name of a namespace below /run/netns", "`%s` 不是 /run/netns 下的命名空间名", Clip(w.Namespace))
	case w.Device != "" && !deviceName.MatchString(w.Device):
		return Refuse(InvalidParameterValueMalformed, "dev", "`%s` is no name of a network device", "`%s` 不是网络设备名", Clip(w.Device))
	case w.Device != "" && w.Address != "":
		return Refuse(InvalidParameterCoexist, "address", "what is behind a device brings its own addresses", "设备后的主机自带地址，不能指定")
	}
	return nil
}

// WorkloadInterface is what a workload's interface is called in its own namespace.
func WorkloadInterface(id WorkloadID) string {
	return "at" + strings.TrimPrefix(string(id), string(PrefixWorkload)+"-")
}

// Interface is what carries a workload's packets where it lives.
func (w *Workload) Interface() string {
	if w.Device != "" {
		return w.Device
	}
	return WorkloadInterface(w.ID)
}

// Lends returns an address of the subnet for a workload: the one that is asked for, or
// else the lowest that is free. taken tells what the others have.
func (s *Subnet) Lends(text string, taken map[netip.Addr]bool) (netip.Addr, *Error) {
	const param = "address"
	last := s.last()
	if text == "" {
		for a := s.Gateway().Next(); a.Less(last); a = a.Next() {
			if !taken[a] {
				return a, nil
			}
		}
		return netip.Addr{}, Refuse(ResourceInsufficient, "", "no address of subnet `%s` is free", "子网 `%s` 没有空闲地址", s.ID)
	}
	a, ok := ParseIPv4(text)
	switch {
	case !ok:
		return a, Refuse(InvalidParameterValueMalformed, param, "`%s` is not an IPv4 address", "`%s` 不是 IPv4 地址", Clip(text))
	case !s.CIDR.Contains(a):
		return a, Refuse(InvalidParameterValueRange, param, "`%s` does not lie in `%s`", "`%s` 不在 `%s` 之内", a, s.CIDR)
	case a == s.CIDR.Addr() || a == s.Gateway() || a == last:
		return a, Refuse(InvalidParameterValueReserved, param, "`%s` is the network's, the router's or the broadcast address of `%s`", "`%s` 是 `%s` 的网络、网关或广播地址", a, s.CIDR)
	case taken[a]:
		return a, Refuse(ResourceInUse, param, "`%s` is another workload's", "`%s` 已被占用", a)
	}
	return a, nil
}

// last is the subnet's broadcast address.
func (s *Subnet) last() netip.Addr {
	return numberAddr(addrNumber(s.CIDR.Addr()) + uint32(uint64(1)<<(32-s.CIDR.Bits())-1))
}
