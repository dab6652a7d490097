package sslvpn

import (
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"strconv"
	"strings"
)

// Offload is whether the kernel can carry the data channels of OpenVPN on this host, for
// clients with AEAD.
type Offload struct {
	Can  bool
	Text string // what was found
}

var versionLine = regexp.MustCompile(`^OpenVPN (\d+)\.(\d+)`)

// kernelFamily reads from what `openvpn --version` says by which family of generic netlink
// that program would reach the kernel's OpenVPN module: 2.6 knows the module that is built
// apart from the kernel, 2.7 and later the one that is part of Linux since 6.16. Without a
// family it cannot, and why says so.
func kernelFamily(said string) (family, why string) {
	line, _, _ := strings.Cut(said, "\n")
	m := versionLine.FindStringSubmatch(line)
	if m == nil {
		return "", "openvpn does not tell its version"
	}
	major, _ := strconv.Atoi(m[1]) // digits, and few
	minor, _ := strconv.Atoi(m[2])
	switch {
	case !strings.Contains(line, "[DCO]"):
		return "", m[0] + " is built without it"
	case major == 2 && minor == 6:
		return "ovpn-dco-v2", ""
	case major > 2 || minor > 6:
		return "ovpn", ""
	}
	return "", m[0] + " is older than 2.6"
}

// offload joins what the program says with what the kernel has.
func offload(said string, has func(family string) error) Offload {
	family, why := kernelFamily(said)
	if family == "" {
		return Offload{Text: why}
	}
	switch err := has(family); {
	case errors.Is(err, fs.ErrNotExist):
		return Offload{Text: fmt.Sprintf("the kernel has no %s, which this openvpn would use", family)}
	case err != nil:
		return Offload{Text: fmt.Sprintf("the kernel's %s, which this openvpn would use: %v", family, err)}
	}
	return Offload{Can: true, Text: "the kernel has " + family}
}
