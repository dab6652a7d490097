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
			Sysctl{"net/ipv4/conf/" + dev + "/rp_filter", "0"},
			Sysctl{"net/ipv4/conf/" + dev + "/accept_redirects", "0"},
			Sysctl{"net/ipv4/conf/" + dev + "/send_redirects", "0"},
		)
	}
	return all
}

// SetSysctls writes the settings of the namespace that the calling thread is in, those
// that differ only, and says whether there were any. It is to be called inside In. A
// setting that this kernel does not have is passed over: a kernel without IPv6 has none
// to disable.
func SetSysctls(all []Sysctl) (changed bool, err error) {
	for _, s := range all {
		path := filepath.Join("/proc/sys", s.Path)
		was, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) || err == nil && strings.TrimSpace(string(was)) == s.Value {
			continue
		}
		if err != nil {
			return changed, err
		}
		if err := os.WriteFile(path, []byte(s.Value), 0); err != nil {
			return changed, err
		}
		changed = true
	}
	return changed, nil
}

func writeSysctls(forward bool) error {
	_, err := SetSysctls(NamespaceSysctls(forward))
	return err
}

func loopbackUp() error {
	lo, err := netlink.LinkByName("lo")
	if err != nil {
		return err
	}
	return netlink.LinkSetUp(lo)
}
