package main

import (
	"crypto/sha256"
	"encoding/base32"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// The values of --dataplane.
const (
	planeAuto  = "auto"
	planeLinux = "linux"
	planeOff   = "off"
)

// The uplink where none is named: a bridge with nothing plugged in, and its addresses.
const (
	ownUplink  = "gwr-uplink"
	ownNetwork = "198.51.100.0/24"
)

// The values of --openvpn-old-clients.
const (
	oldAuto = "auto"
	oldYes  = "yes"
	oldNo   = "no"
)

// uplink is the internet side of the gateways.
type uplink struct {
	Device   string         // a bridge or a real interface; ownUplink is made if it is not there
	Own      bool           // Device is ours
	Networks []netip.Prefix // those of --public-cidr that are prefixes
	Router   netip.Addr     // the gateways' way out
}

// uplink reads the flags about public addresses.
func (c *Config) uplink() (uplink, error) {
	up := uplink{Device: c.Uplink, Own: c.Uplink == ""}
	texts := c.PublicCIDRs
	if up.Own {
		up.Device = ownUplink
	}
	if len(texts) == 0 {
		texts = []string{ownNetwork}
	}
	for _, t := range texts {
		if p, err := netip.ParsePrefix(t); err == nil {
			up.Networks = append(up.Networks, p.Masked())
		}
	}
	switch {
	case c.PublicGateway != "":
		var err error
		if up.Router, err = netip.ParseAddr(c.PublicGateway); err != nil || !up.Router.Is4() {
			return up, fmt.Errorf("--public-gateway: %q is no IPv4 address", c.PublicGateway)
		}
	case len(up.Networks) == 0:
		return up, errors.New("--public-gateway: --public-cidr has no prefix whose first address could be the router, so name it")
	case up.Networks[0].Bits() > 30:
		return up, fmt.Errorf("--public-gateway: %v has no address to spare for a router, so name it", up.Networks[0])
	default:
		up.Router = up.Networks[0].Addr().Next()
	}
	return up, nil
}

func (c *Config) validatePlane(fail failFunc) {
	switch c.Dataplane {
	case planeAuto, planeOff:
	case planeLinux:
		if err := planeMissing(); err != nil {
			fail("dataplane", "this machine cannot carry packets: %v; see gatewright doctor", err)
		}
	default:
		fail("dataplane", "%q is neither auto, linux nor off", c.Dataplane)
	}
	if !slices.Contains([]string{oldAuto, oldYes, oldNo}, c.OldClients) {
		fail("openvpn-old-clients", "%q is neither auto, yes nor no", c.OldClients)
	}
	if c.Dataplane == planeOff {
		for flag, v := range map[string]string{"uplink": c.Uplink, "public-gateway": c.PublicGateway} {
			if v != "" {
				fail(flag, "it needs a data plane, and --dataplane is off")
			}
		}
	}
	if strings.ContainsAny(c.Uplink, "/ \t\n") || len(c.Uplink) > 15 {
		fail("uplink", "%q is no name of an interface", c.Uplink)
	}
	if c.Uplink != "" && len(c.PublicCIDRs) == 0 {
		fail("uplink", "which addresses of %s may be handed out? say so with --public-cidr", c.Uplink)
	}
	if c.HostName == "" || len(c.HostName) > 63 || strings.ContainsFunc(c.HostName, func(r rune) bool { return r <= ' ' || r == '/' || r > '~' }) {
		fail("host-name", "%q is no name: at most 63 printable ASCII characters without spaces and slashes", c.HostName)
	}
}

// carries reports whether this server has a data plane: what --dataplane says, and for
// auto what the machine can.
func (c *Config) carries() bool {
	return c.Dataplane == planeLinux || c.Dataplane == planeAuto && planeMissing() == nil
}

// oldClients reports whether SSL clients without AEAD are let in; offload, asked for auto,
// whether that would cost something.
func (c *Config) oldClients(offload func() bool) bool {
	return c.OldClients == oldYes || c.OldClients == oldAuto && !offload()
}

func defaultHostName() string {
	name, err := os.Hostname()
	if err != nil {
		return "localhost"
	}
	return name
}

// tag is six characters that stand for the data directory. They are in the name of
// everything that this server makes on the machine, so that servers with other data
// directories leave it alone.
func (c *Config) tag() (string, error) {
	path, err := filepath.Abs(c.DataDir)
	if err == nil {
		path, err = filepath.EvalSymlinks(path)
	}
	if err != nil {
		return "", fmt.Errorf("--data-dir: %w", err)
	}
	sum := sha256.Sum256([]byte(path))
	return strings.ToLower(base32.StdEncoding.EncodeToString(sum[:])[:6]), nil
}

// runtimeDir is where the files of child processes are.
func (c *Config) runtimeDir() (string, error) {
	if c.RuntimeDir != "" {
		return filepath.Abs(c.RuntimeDir)
	}
	tag, err := c.tag()
	return filepath.Join("/run/gatewright", tag), err
}

// home is where this server is at home: a name that another home holds is not taken over.
func (c *Config) home() string {
	dir, err := filepath.Abs(c.DataDir)
	if err != nil {
		dir = c.DataDir
	}
	return defaultHostName() + ":" + dir
}
