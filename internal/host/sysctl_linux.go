package host

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/vishvananda/netlink"
)

// Sysctl is one setting of a namespace, by its path below /proc/sys.
type Sysctl struct{ Path, Value string }

// NamespaceSysctls are the settings of every namespace of ours, in the order in which
// they must be written: turning forwarding on or off resets others.
func NamespaceSysctls(forward bool) []Sysctl {
	on := "0"
	if forward {
		on = "1"
	}
	all := []Sysctl{
		{"net/ipv4/ip_forward", on},
		{"net/ipv4/fib_multipath_hash_policy", "1"}, // flows by their ports, not only by addresses
		// Ports on a bridge flood IPv6 multicast to each other, and slow down with their number.
		{"net/ipv6/conf/all/disable_ipv6", "1"},
		{"net/ipv6/conf/default/disable_ipv6", "1"},
	}
	// A device that comes up tells its neighbours, who may know another one by its address.
	all = append(all, Sysctl{"net/ipv4/conf/default/arp_notify", "1"})
	for _, dev := range []string{"all", "default"} {
		all = append(all,
			// Tenants choose addresses of other devices, clients' and those of ranges behind
			// tunnels: none of them is answered for on the uplink.
			Sysctl{"net/ipv4/conf/" + dev + "/arp_ignore", "1"},
			Sysctl{"net/ipv4/conf/" + dev + "/rp_filter", "0"},
			Sysctl{"net/ipv4/conf/" + dev + "/accept_redirects", "0"},
			Sysctl{"net/ipv4/conf/" + dev + "/send_redirects", "0"},
		)
	}
	return all
}

// DifferingSysctls gives the settings that the namespace of the calling thread does not
// have yet. It is to be called inside In. A setting that this kernel does not have is
// passed over: a kernel without IPv6 has none to disable.
func DifferingSysctls(all []Sysctl) ([]Sysctl, error) {
	var out []Sysctl
	for _, s := range all {
		was, err := os.ReadFile(filepath.Join("/proc/sys", s.Path))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if strings.TrimSpace(string(was)) != s.Value {
			out = append(out, s)
		}
	}
	return out, nil
}

// WriteSysctls sets them in the namespace of the calling thread.
func WriteSysctls(all []Sysctl) error {
	for _, s := range all {
		if err := os.WriteFile(filepath.Join("/proc/sys", s.Path), []byte(s.Value), 0); err != nil {
			return err
		}
	}
	return nil
}

// firstSysctls sets up a new namespace, in the order that they must have.
func firstSysctls(forward bool) error {
	differ, err := DifferingSysctls(NamespaceSysctls(forward))
	if err != nil {
		return err
	}
	if err := WriteSysctls(differ); err != nil {
		return err
	}
	differ, err = DifferingSysctls(NamespaceSysctls(forward)) // what forwarding has reset
	if err != nil {
		return err
	}
	return WriteSysctls(differ)
}

func loopbackUp() error {
	lo, err := netlink.LinkByName("lo")
	if err != nil {
		return err
	}
	return netlink.LinkSetUp(lo)
}
