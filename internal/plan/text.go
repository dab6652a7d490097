package plan

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/gatewright/gatewright/internal/vpc"
)

// Text prints the machine as its tests compare it: one fact a line, in a fixed order,
// indented below what it belongs to. Secrets print as ***.
func (m Machine) Text() string {
	p := &printer{}
	p.line(0, "machine", m.ID.String(), p.number("generation", m.Generation), p.flag("gone", m.Gone), p.instant("until", m.Until))
	for _, id := range m.Needs {
		p.line(1, "needs", id.String())
	}
	for _, r := range m.Refused {
		p.line(1, "refused", string(r.Connection), strconv.Quote(r.Cause), strconv.Quote(r.Hint))
	}
	for _, ns := range m.Namespaces {
		p.namespace(ns)
	}
	for _, d := range m.Daemons {
		p.daemon(d)
	}
	for _, s := range m.SSLServers {
		p.sslServer(s)
	}
	for _, x := range m.Probes {
		p.line(0, "probe", string(x.Connection), "in", x.Namespace, "from", x.Local.String(), "to", x.Remote.String(),
			"every", x.Interval.String(), "timeout", x.Timeout.String(), "threshold", strconv.Itoa(x.Threshold))
	}
	return p.b.String()
}

// printer writes lines of words.
type printer struct{ b strings.Builder }

// line writes the words that are not empty.
func (p *printer) line(depth int, words ...string) {
	p.b.WriteString(strings.Repeat("  ", depth))
	gap := ""
	for _, w := range words {
		if w != "" {
			p.b.WriteString(gap + w)
			gap = " "
		}
	}
	p.b.WriteByte('\n')
}

func (*printer) flag(name string, on bool) string {
	if on {
		return name
	}
	return ""
}

func (*printer) text(name, value string) string {
	if value == "" {
		return ""
	}
	return name + " " + value
}

func (p *printer) number(name string, n uint64) string {
	if n == 0 {
		return ""
	}
	return p.text(name, strconv.FormatUint(n, 10))
}

func (p *printer) addr(name string, a netip.Addr) string {
	if !a.IsValid() {
		return ""
	}
	return p.text(name, a.String())
}

func (p *printer) prefix(name string, r netip.Prefix) string {
	if !r.IsValid() {
		return ""
	}
	return p.text(name, r.String())
}

// ranges writes ranges with commas between them.
func (*printer) ranges(all []netip.Prefix) string {
	words := make([]string, len(all))
	for i, r := range all {
		words[i] = r.String()
	}
	return strings.Join(words, ",")
}

func (*printer) table(n int) string {
	if n == 0 {
		return "main"
	}
	return strconv.Itoa(n)
}

func (p *printer) instant(name string, at vpc.Instant) string {
	if at == 0 {
		return ""
	}
	return p.text(name, at.Time().Format(time.RFC3339))
}

func (p *printer) namespace(ns Namespace) {
	p.line(0, "namespace", ns.Name, p.flag("forward", ns.Forward), p.number("local-rule", uint64(ns.LocalRule)))
	for _, l := range ns.Links {
		p.link(l)
	}
	for _, a := range ns.Loopback {
		p.line(1, "loopback", a.String())
	}
	for _, r := range ns.Routes {
		p.route(r)
	}
	for _, r := range ns.Rules {
		p.rule(r)
	}
	for _, c := range ns.Firewall.Chains {
		p.chain(c)
	}
}

func (p *printer) link(l Link) {
	p.line(1, "link", l.Name, string(l.Kind), p.text("parent", l.Parent), p.text("master", l.Master), p.number("mtu", uint64(l.MTU)),
		p.text("addr", p.ranges(l.Addrs)), p.shape(l.Shape), p.flag("accept-local", l.AcceptLocal))
	e := l.Peer
	if e.Name == "" && e.Workload == "" {
		return
	}
	home := e.Namespace
	if home == HostNamespace {
		home = "host"
	}
	p.line(2, "peer", e.Name, "in", home, p.text("master", e.Master), p.number("mtu", uint64(e.MTU)), p.text("addr", p.ranges(e.Addrs)),
		p.addr("default", e.Default), p.shape(e.Shape), p.text("workload", e.Workload))
}

func (p *printer) shape(s Shape) string {
	if s == (Shape{}) {
		return ""
	}
	return fmt.Sprintf("shape %d bit/s burst %d queue %d", s.Rate, s.Burst, s.Queue)
}

func (p *printer) route(r Route) {
	words := []string{"route", r.To.String(), "table", p.table(r.Table)}
	for _, h := range r.Hops {
		words = append(words, p.addr("via", h.Via), "dev", h.Dev)
	}
	switch {
	case r.Throw:
		words = append(words, "throw")
	case len(r.Hops) == 0:
		words = append(words, "drop")
	}
	p.line(1, append(words, p.number("metric", uint64(r.Metric)))...)
}

func (p *printer) rule(r Rule) {
	words := []string{"rule", strconv.Itoa(r.Priority), p.text("in", r.In), p.prefix("from", r.From), p.prefix("to", r.To), p.number("mark", uint64(r.Mark))}
	if r.Drop {
		p.line(1, append(words, "drop")...)
		return
	}
	p.line(1, append(words, "table", p.table(r.Table))...)
}

func (p *printer) chain(c Chain) {
	rest := Drop
	if c.Accept {
		rest = Accept
	}
	p.line(1, "chain", string(c.Hook), "else", string(rest))
	for _, f := range c.Rules {
		p.filter(f)
	}
}

func (p *printer) filter(f Filter) {
	p.line(2, p.text("in", f.In), p.text("out", f.Out), p.prefix("src", f.Src), p.prefix("dst", f.Dst),
		p.prefix("src-not", f.SrcNot), p.prefix("dst-not", f.DstNot), f.Proto,
		p.number("sport", uint64(f.SrcPort)), p.number("dport", uint64(f.DstPort)), f.ICMPType, p.prefix("quoted-dst", f.Quoted),
		p.flag("was-ipsec", f.IPsecIn), p.flag("will-be-ipsec", f.IPsecOut), p.flag("reply", f.Reply), p.rate(f.Over),
		p.flag("notrack", f.NoTrack), p.number("mark", uint64(f.SetMark)), p.flag("clamp", f.ClampMSS), p.number("mss", uint64(f.MSS)), p.text("counter", f.Counter), string(f.Verdict))
}

func (*printer) rate(r Rate) string {
	if r == (Rate{}) {
		return ""
	}
	return fmt.Sprintf("over %d byte/s burst %d", r.Bytes, r.Burst)
}

func (p *printer) daemon(d Daemon) {
	p.line(0, "daemon", d.Name, "in", d.Namespace, string(d.Engine), p.flag("aggressive", d.Aggressive))
	for _, t := range d.Tunnels {
		p.tunnel(t)
	}
}

func (p *printer) tunnel(t Tunnel) {
	remote := "any"
	if t.Remote.IsValid() {
		remote = t.Remote.String()
	}
	p.line(1, "tunnel", string(t.Connection), p.number("generation", t.Generation), p.number("resets", uint64(t.Resets)), t.Local.String(), "to", remote, string(t.Start))
	p.line(2, "identity", p.identity(t.LocalID), "peer", p.identity(t.RemoteID), "key", t.Key.String())
	p.line(2, "ike", t.IKE.Version, t.IKE.Exchange, t.IKE.Encryption, t.IKE.Integrity, t.IKE.DHGroup, fmt.Sprintf("%ds", t.IKE.Lifetime))
	p.line(2, "ipsec", t.IPsec.Encryption, t.IPsec.Integrity, "pfs", t.IPsec.PFS, fmt.Sprintf("%ds %dKiB", t.IPsec.Lifetime, t.IPsec.LifetimeKiB))
	if t.DPD.Enable {
		p.line(2, "dpd", fmt.Sprintf("%ds", t.DPD.Timeout), t.DPD.Action)
	}
	for _, c := range t.Children {
		p.line(2, "child", c.Name, p.ranges(c.Local), "to", p.ranges(c.Remote))
	}
}

// sslServer writes all clients in one line: there may be thousands, and Diff compares
// lines with one another.
func (p *printer) sslServer(s SSLServer) {
	p.line(0, "sslserver", string(s.ID), "in", s.Namespace, "listen", s.Listen.String(), "address", s.Address.String(),
		s.Encryption, s.Integrity, p.number("sessions", uint64(s.Sessions)))
	for _, r := range s.Routes {
		p.line(1, "push route", r.String())
	}
	for _, a := range s.DNS {
		p.line(1, "push dns", a.String())
	}
	p.clients("clients", s.Clients)
	p.clients("invalid", s.Invalid)
}

func (p *printer) clients(name string, all []SSLClient) {
	if len(all) == 0 {
		return
	}
	words := make([]string, len(all))
	for i, c := range all {
		words[i] = strings.TrimRight(fmt.Sprintf("%s at %s serial %s %s", c.ID, c.Address, c.Serial, p.instant("until", c.Until)), " ")
	}
	p.line(1, name, strings.Join(words, ", "))
}

// identity quotes what a user wrote: it may hold anything but control characters.
func (*printer) identity(id Identity) string { return id.Kind + ":" + strconv.Quote(id.Text) }
