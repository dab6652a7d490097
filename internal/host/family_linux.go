package host

import "github.com/vishvananda/netlink"

// HasFamily says whether the kernel has a generic netlink family, as any program that
// would use it asks; nil: it has. The kernel may load a module for it.
func HasFamily(name string) error {
	_, err := netlink.GenlFamilyGet(name)
	return err
}
