package ipsec

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"time"

	"github.com/gatewright/gatewright/internal/host"
	"github.com/gatewright/gatewright/internal/plan"
)

// Ability is what this host can do for tunnels.
type Ability struct {
	Engine     plan.Engine // plan.EngineNone: no tunnel can be
	Algorithms []string    // the API's names of the ciphers, digests and groups that it has, sorted
	Findings   []Finding   // how that came about, for `gatewright doctor`
}

// Finding is one thing that was looked for.
type Finding struct {
	What    string
	Good    bool
	Text    string // what was found
	Install string // what to do where it is not good; empty: nothing, another way was found
}

// Packages of Debian with what is needed.
const (
	installCharon   = "apt-get install --no-install-recommends charon-systemd strongswan-charon strongswan-swanctl"
	installLibipsec = "apt-get install --no-install-recommends libcharon-extra-plugins"
	installOpenSSL  = "apt-get install --no-install-recommends libstrongswan-standard-plugins libstrongswan-extra-plugins"
)

// probeTime bounds a probe.
const probeTime = 30 * time.Second

// Probe asks the kernel and a charon in a throw-away namespace what they can do. It
// returns what it found also when it fails.
func Probe(ctx context.Context, children *host.Children) (Ability, error) {
	var a Ability
	ctx, cancel := context.WithTimeout(ctx, probeTime)
	defer cancel()
	a.runtime(children)
	kernel, err := host.ProbeKernelESP()
	if err != nil {
		a.bad("ESP in the kernel", err.Error(), "run as root")
		return a, err
	}
	if kernel.Usable() {
		a.good("ESP in the kernel", "CBC with HMAC and GCM are taken")
	} else {
		a.bad("ESP in the kernel", kernel.Why(), "")
	}
	if _, err := os.Stat(charon); err != nil {
		a.bad("strongSwan", charon+" is not there", installCharon)
		return a, nil
	}
	engine := plan.EngineLibipsec
	if kernel.Usable() {
		engine = plan.EngineKernel
	}
	has, plugins, err := interrogate(ctx, children, engine)
	if err != nil {
		a.bad("strongSwan", err.Error(), installCharon)
		return a, err
	}
	a.conclude(engine, kernel, has, plugins)
	return a, nil
}

func (a *Ability) good(what, text string) {
	a.Findings = append(a.Findings, Finding{What: what, Good: true, Text: text})
}

func (a *Ability) bad(what, text, install string) {
	a.Findings = append(a.Findings, Finding{What: what, Text: text, Install: install})
}

// runtime looks at where keys lie.
func (a *Ability) runtime(children *host.Children) {
	dir := children.Path("", "")
	if host.InMemory(dir) {
		a.good("runtime directory", "files of child processes are on a tmpfs")
		return
	}
	a.bad("runtime directory", dir+" is on a disk, where keys must not lie", "run as root, so that a tmpfs can be mounted, or choose a directory below /run")
}

// conclude chooses the engine from what charon has loaded.
func (a *Ability) conclude(engine plan.Engine, kernel host.KernelESP, has algorithms, plugins []string) {
	a.good("strongSwan", "charon answers over VICI")
	if !slices.Contains(plugins, "openssl") {
		a.bad("OpenSSL in strongSwan", "the plugin is missing: several algorithms are, and the rest is slow", installOpenSSL)
	}
	encrypts := func(string) bool { return true }
	switch {
	case engine == plan.EngineKernel:
		encrypts = func(name string) bool {
			return slices.Contains(kernel.Ciphers, name) || slices.Contains(kernel.Digests, name)
		}
	case slices.Contains(plugins, "kernel-libipsec"):
		a.good("ESP in user space", "charon has kernel-libipsec")
	default:
		_, err := os.Stat("/dev/net/tun")
		if err != nil {
			a.bad("ESP in user space", "charon's kernel-libipsec needs /dev/net/tun: "+err.Error(), "modprobe tun, or give the container the device")
		} else {
			a.bad("ESP in user space", "charon has no kernel-libipsec", installLibipsec)
		}
		return
	}
	a.Engine, a.Algorithms = engine, has.names(encrypts)
	a.good("engine", string(engine))
}

// interrogate starts a charon for a moment.
func interrogate(ctx context.Context, children *host.Children, engine plan.Engine) (has algorithms, plugins []string, err error) {
	namespace := fmt.Sprintf("gwr-probe-%d", os.Getpid())
	if err := host.CreateNamespace(namespace, false); err != nil {
		return nil, nil, err
	}
	defer host.DeleteNamespace(namespace)
	d := &daemon{name: "probe", host: children, log: slog.Default(), dial: dialUnix, want: &plan.Daemon{Name: "probe", Namespace: namespace, Engine: engine}}
	defer func() {
		if ended := d.end(context.WithoutCancel(ctx)); err == nil {
			err = ended
		}
	}()
	if err := d.start(); err != nil {
		return nil, nil, err
	}
	if err := d.connect(ctx); err != nil {
		return nil, nil, err
	}
	return d.session.abilities()
}

// abilities are charon's lists of algorithms, by kind, and of plugins.
func (s *session) abilities() (algorithms, []string, error) {
	reply, err := s.call("get-algorithms", nil)
	if err != nil {
		return nil, nil, err
	}
	has := algorithms{}
	for _, kind := range []string{"encryption", "aead", "integrity", "dh"} {
		has[kind] = keys(reply, kind)
	}
	stats, err := s.call("stats", nil)
	if err != nil {
		return nil, nil, err
	}
	plugins, _ := stats.Get("plugins").([]string)
	return has, plugins, nil
}
