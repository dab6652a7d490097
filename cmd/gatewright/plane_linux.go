package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/gatewright/gatewright/internal/host"
	"github.com/gatewright/gatewright/internal/ipsec"
	"github.com/gatewright/gatewright/internal/netdev"
	"github.com/gatewright/gatewright/internal/operator"
	"github.com/gatewright/gatewright/internal/plan"
	"github.com/gatewright/gatewright/internal/probe"
	"github.com/gatewright/gatewright/internal/reconcile"
	"github.com/gatewright/gatewright/internal/sslvpn"
	"github.com/gatewright/gatewright/internal/store"
	"github.com/gatewright/gatewright/internal/vpc"
)

// ikeDaemon is the program that negotiates; its package is charon-systemd.
const ikeDaemon = "/usr/sbin/charon-systemd"

// planeMissing says why this machine cannot carry packets, as far as that can be known
// without trying; nil: it looks as if it can.
func planeMissing() error {
	if os.Geteuid() != 0 {
		return errors.New("it needs root")
	}
	if _, err := exec.LookPath(ikeDaemon); err != nil {
		return errors.New("strongSwan's charon-systemd is not installed")
	}
	if _, err := os.Stat("/proc/self/ns/net"); err != nil {
		return errors.New("the kernel has no network namespaces")
	}
	return nil
}

// dataplane is what carries packets on this host.
type dataplane struct {
	tag      string
	children *host.Children
	netdev   *netdev.Driver
	ipsec    *ipsec.Plane
	sslvpn   *sslvpn.Plane
	probe    *probe.Plane
	ability  ipsec.Ability
	old      bool // SSL clients without AEAD are let in
	uplink   plan.Uplink
	meter    *meter
	loops    *reconcile.Loops
}

// openPlane finds out what this host can do, and adopts what an earlier run has left.
// Nothing of that is changed before there are plans.
func (s *server) openPlane(ctx context.Context) (*dataplane, error) {
	p, err := newPlane(s.conf, s.log)
	if err != nil {
		return nil, err
	}
	if p.ability, err = ipsec.Probe(ctx, p.children); err != nil {
		return nil, fmt.Errorf("what this host can do: %w", err)
	}
	if p.ability.Engine == plan.EngineNone {
		return nil, errors.New("nothing here can encrypt; see gatewright doctor")
	}
	if p.ipsec, err = ipsec.New(p.children, s.log); err != nil {
		return nil, err
	}
	p.old = s.conf.oldClients(func() bool { return sslvpn.Probe(ctx).Can })
	if p.sslvpn, err = sslvpn.New(p.children, s.log); err != nil {
		return nil, err
	}
	return p, p.raiseUplink(ctx, s.conf)
}

// noCoreFiles keeps keys off the disk when this process or a child of it crashes: both
// settings are inherited.
func noCoreFiles() error { return host.NoCoreFiles() }

// newPlane opens what a clean-up needs, too.
func newPlane(conf *Config, log *slog.Logger) (*dataplane, error) {
	tag, err := conf.tag()
	if err != nil {
		return nil, err
	}
	dir, err := conf.runtimeDir()
	if err != nil {
		return nil, err
	}
	p := &dataplane{tag: tag, meter: &meter{file: filepath.Join(dir, "billed.json"), log: log}}
	if p.children, err = host.OpenChildren(dir, tag); err != nil {
		return nil, err
	}
	p.netdev, err = netdev.New(tag, log)
	return p, err
}

// raiseUplink checks the uplink, or makes our own.
func (p *dataplane) raiseUplink(ctx context.Context, conf *Config) error {
	up, err := conf.uplink()
	if err != nil {
		return err
	}
	p.uplink = plan.Uplink{Device: up.Device, Kind: plan.UplinkBridge, Router: up.Router}
	if len(up.Networks) > 0 {
		p.uplink.Prefix = up.Networks[0]
	}
	var own netip.Prefix
	if p.uplink.Prefix.Contains(up.Router) {
		own = netip.PrefixFrom(up.Router, p.uplink.Prefix.Bits())
	}
	got, err := p.netdev.EnsureUplink(ctx, conf.Uplink, own)
	if err != nil {
		return err
	}
	if got.Kind == plan.LinkMacvlan {
		p.uplink.Kind = plan.UplinkInterface
	}
	// Of addresses that are given one by one only the uplink itself tells the network.
	if i := slices.IndexFunc(got.Addrs, func(a netip.Prefix) bool { return a.Contains(up.Router) }); i >= 0 && !p.uplink.Prefix.IsValid() {
		p.uplink.Prefix = got.Addrs[i].Masked()
	}
	return nil
}

// announce makes this process a host.
func (p *dataplane) announce(ctx context.Context, s *server) error {
	pool, err := s.conf.pool()
	if err != nil {
		return err
	}
	_, err = s.store.Announce(ctx, vpc.Host{
		Name: vpc.HostName(s.conf.HostName), Home: s.conf.home(), Engine: string(p.ability.Engine), Algorithms: p.ability.Algorithms, Pool: pool,
	})
	return err
}

// run keeps this host's machines until ctx ends. Tunnels stay up after that, for the
// next run to adopt.
func (p *dataplane) run(ctx context.Context, s *server) error {
	if err := p.count(ctx, s); err != nil {
		return err
	}
	p.probe = probe.New(s.log)
	p.loops = reconcile.New(reconcile.Options{
		Host: plan.Host{Name: vpc.HostName(s.conf.HostName), Tag: p.tag, Engine: p.ability.Engine, Uplink: p.uplink, OldClients: p.old},
		View: s.store.View, Now: s.store.Now, Unseal: s.store.Unseal, Report: s.control.Report, Log: s.log,
		Planes: []reconcile.Plane{p.netdev.Build(), p.ipsec, p.probe, p.sslvpn, p.meter, p.netdev.Prune()},
	})
	s.running.Go(func() {
		if err := p.loops.Run(ctx); err != nil && ctx.Err() == nil {
			s.failed(fmt.Errorf("data plane: %w", err))
		}
	})
	return nil
}

// count lets the meter go on from where the last run stopped.
func (p *dataplane) count(ctx context.Context, s *server) error {
	p.meter.bill = s.control.Meter
	p.meter.gateways = func() []*vpc.Gateway {
		return slices.Collect(store.GatewaysByHost.All(s.store.View(), vpc.HostName(s.conf.HostName)))
	}
	p.meter.read = func(ctx context.Context, id vpc.GatewayID) (map[string]netdev.Traffic, error) {
		return p.netdev.Counters(ctx, "gwr-"+p.tag+"-"+string(id))
	}
	return p.meter.begin(ctx)
}

// traffic is what a gateway of this host has carried in a minute.
func (p *dataplane) traffic(_ context.Context, id vpc.GatewayID, minute vpc.Instant) ([]vpc.PeerTraffic, error) {
	return p.meter.traffic(id, minute), nil
}

// withdraw takes this host's row back, when nothing reports any more.
func (p *dataplane) withdraw(ctx context.Context, s *server) {
	if err := s.store.Withdraw(ctx); err != nil {
		s.log.Warn("this host's row stays for a while", "error", err)
	}
	p.netdev.Close()
}

func (p *dataplane) describe() (text, prefix string) {
	return fmt.Sprintf("linux, tunnels by %s, uplink %s", p.ability.Engine, p.uplink.Device), "gwr-" + p.tag + "-"
}

// look prints one machine for the operator.
func (p *dataplane) look(_ context.Context, id string) (operator.Machine, error) {
	machine := plan.GatewayMachine(vpc.GatewayID(id))
	if strings.HasPrefix(id, string(vpc.PrefixVPC)+"-") {
		machine = plan.RouterMachine(vpc.VPCID(id))
	}
	seen, ok := p.loops.Inspect(machine)
	if !ok {
		return operator.Machine{}, vpc.Refuse(vpc.ResourceNotFound, "", "this host has no machine `%s`; name a gateway, or a VPC with gateways or workloads", "本主机上没有 `%s`", id)
	}
	return operator.Machine{Plan: seen.Plan, Observed: seen.Observed, Diff: seen.Diff, Fault: seen.LastError, Passes: seen.Passes, Faults: seen.Faults}, nil
}

// negotiations are the last lines that charon has said of a connection.
func (p *dataplane) negotiations(_ context.Context, id vpc.ConnectionID) ([]string, error) {
	var lines []string
	for _, e := range p.ipsec.Log(id) {
		lines = append(lines, e.At.UTC().Format(time.RFC3339)+" "+e.Group+" "+e.Text)
	}
	return lines, nil
}

// dialled tells who is connected to an SSL server of this host: nobody, where it has no
// process, as on a blocked gateway.
func (p *dataplane) dialled(_ context.Context, gateway vpc.GatewayID, id vpc.SSLServerID) (operator.SSLServer, error) {
	sessions, refused, runs := p.sslvpn.Sessions(id)
	if _, here := p.loops.Inspect(plan.GatewayMachine(gateway)); !runs && !here {
		return operator.SSLServer{}, vpc.Refuse(vpc.ResourceNotFound, "", "`%s` does not run on this host", "`%s` 不在本主机上运行", id)
	}
	if !runs {
		refused = map[string]int{}
	}
	out := operator.SSLServer{Sessions: []operator.SSLSession{}, Refused: refused, Expelled: p.sslvpn.Counts()[id].Expelled, Invalid: []operator.SSLInvalid{}, Hints: []string{}}
	for _, why := range slices.Sorted(maps.Keys(refused)) {
		if hint := sslvpn.Hint(why); hint != "" && refused[why] > 0 {
			out.Hints = append(out.Hints, hint)
		}
	}
	for _, c := range p.sslvpn.Invalid(id) {
		out.Invalid = append(out.Invalid, operator.SSLInvalid{Client: c.ID, Cause: c.Why(vpc.At(time.Now()))})
	}
	for _, s := range sessions {
		out.Sessions = append(out.Sessions, operator.SSLSession{
			Client: s.Client, Address: s.Address.String(), Source: s.Source.String(),
			In: s.In, Out: s.Out, Since: s.Since.UTC().Format(time.RFC3339), Cipher: s.Cipher,
		})
	}
	return out, nil
}

// cleanUp removes everything that a server with this data directory has made on the
// machine: child processes first, then namespaces and links, then the files.
func cleanUp(ctx context.Context, conf *Config, log *slog.Logger) (inUse []string, err error) {
	p, err := newPlane(conf, log)
	if err != nil {
		return nil, err
	}
	defer p.netdev.Close()
	children, err := p.children.All()
	errs := []error{err}
	for _, c := range children {
		errs = append(errs, c.Stop(ctx, 2*time.Second))
		c.Release()
	}
	inUse, err = p.netdev.Cleanup(ctx)
	return inUse, errors.Join(append(errs, err, p.children.Remove())...)
}
