package ipsec

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/strongswan/govici/vici"

	"github.com/gatewright/gatewright/internal/plan"
	"github.com/gatewright/gatewright/internal/vpc"
)

func sample() plan.Tunnel {
	p := netip.MustParsePrefix
	return plan.Tunnel{
		Connection: "vpnx-aaaaaaaa", Local: netip.MustParseAddr("198.51.100.1"), Remote: netip.MustParseAddr("203.0.113.5"),
		LocalID:  plan.Identity{Kind: vpc.IdentityAddress, Text: "198.51.100.1"},
		RemoteID: plan.Identity{Kind: vpc.IdentityFQDN, Text: "@a.b"},
		Key:      "0x61",
		IKE:      vpc.IKEOptions{Encryption: "AES-CBC-128", Integrity: "SHA-256", Exchange: "AGGRESSIVE", DHGroup: "GROUP14", Lifetime: 86400, Version: ikeV1},
		IPsec:    vpc.IPsecOptions{Encryption: "AES128GCM128", Integrity: "MD5", PFS: "DH-GROUP24", Lifetime: 3600, LifetimeKiB: 2560},
		DPD:      vpc.DPD{Enable: true, Timeout: 30, Action: "clear"},
		Children: []plan.Child{{Name: "c", Local: []netip.Prefix{p("10.1.0.0/16")}, Remote: []netip.Prefix{p("10.2.0.0/16"), p("10.3.0.0/16")}}},
	}
}

// TestDescribe shows a whole connection in charon's words. The key is not among them.
func TestDescribe(t *testing.T) {
	c, err := describe(sample())
	if err != nil {
		t.Fatal(err)
	}
	got, _ := json.MarshalIndent(c, "", " ")
	const want = `{
 "Version": 1,
 "Aggressive": true,
 "LocalAddrs": [
  "198.51.100.1"
 ],
 "RemoteAddrs": [
  "203.0.113.5"
 ],
 "Proposals": [
  "aes128-sha256-modp2048"
 ],
 "RekeyTime": 85860,
 "OverTime": 540,
 "RandTime": 270,
 "ReauthTime": 0,
 "DPDDelay": 10,
 "DPDTimeout": 30,
 "KeyingTries": 1,
 "Unique": "replace",
 "Mobike": false,
 "Fragmentation": "yes",
 "Local": {
  "Auth": "psk",
  "ID": "ipv4:#c6336401"
 },
 "Remote": {
  "Auth": "psk",
  "ID": "fqdn:#40612e62"
 },
 "Children": [
  {
   "Name": "c-0",
   "LocalTS": [
    "10.1.0.0/16"
   ],
   "RemoteTS": [
    "10.2.0.0/16"
   ],
   "Proposals": [
    "aes128gcm16-modp2048s256"
   ],
   "RekeyTime": 3240,
   "LifeTime": 3600,
   "RandTime": 180,
   "RekeyBytes": 2097152,
   "LifeBytes": 136839168,
   "RandBytes": 262144,
   "Mode": "tunnel"
  },
  {
   "Name": "c-1",
   "LocalTS": [
    "10.1.0.0/16"
   ],
   "RemoteTS": [
    "10.3.0.0/16"
   ],
   "Proposals": [
    "aes128gcm16-modp2048s256"
   ],
   "RekeyTime": 3240,
   "LifeTime": 3600,
   "RandTime": 180,
   "RekeyBytes": 2097152,
   "LifeBytes": 136839168,
   "RandBytes": 262144,
   "Mode": "tunnel"
  },
  {
   "Name": "c",
   "LocalTS": [
    "10.1.0.0/16"
   ],
   "RemoteTS": [
    "10.2.0.0/16",
    "10.3.0.0/16"
   ],
   "Proposals": [
    "aes128gcm16-modp2048s256"
   ],
   "RekeyTime": 3240,
   "LifeTime": 3600,
   "RandTime": 180,
   "RekeyBytes": 2097152,
   "LifeBytes": 136839168,
   "RandBytes": 262144,
   "Mode": "tunnel"
  }
 ]
}`
	if string(got) != want {
		t.Errorf("got\n%s", got)
	}
	// charon gets the children in the same order, whatever the order of a map would be.
	m, err := loadConn(sample(), c)
	if err != nil {
		t.Fatal(err)
	}
	held, _ := m.Get("vpnx-aaaaaaaa").(*vici.Message)
	if got := fmt.Sprint(keys(held, "children")); got != "[c-0 c-1 c]" {
		t.Errorf("children %s of %v", got, m)
	}
}

// TestSettings holds nothing of a user's, whatever the tunnels say.
func TestSettings(t *testing.T) {
	w := sample()
	w.Connection, w.Key = "}\nuser = 1", "}\nuser = 2"
	w.RemoteID.Text = "}\ninclude /etc/passwd"
	a := settings(plan.Daemon{Name: "n", Engine: plan.EngineLibipsec, Tunnels: []plan.Tunnel{w}}, "/run/x.vici", "/run/x.log")
	b := settings(plan.Daemon{Name: "n", Engine: plan.EngineLibipsec}, "/run/x.vici", "/run/x.log")
	if a != b {
		t.Errorf("it depends on tunnels:\n%s", a)
	}
	aggressive := settings(plan.Daemon{Engine: plan.EngineKernel, Aggressive: true}, "/run/x.vici", "/run/x.log")
	for _, c := range []struct {
		text, piece string
		want        bool
	}{
		{a, "kernel-libipsec", true},
		{a, "i_dont_care", false},
		{a, "aesni openssl aes", true}, // the fast implementation is loaded first
		{a, "threads = 16", true},
		{aggressive, "kernel-libipsec", false},
		{aggressive, "i_dont_care_about_security_and_use_aggressive_mode_psk = yes", true},
		{aggressive, "install_routes = no", true},
	} {
		if strings.Contains(c.text, c.piece) != c.want {
			t.Errorf("%q: want %v in\n%s", c.piece, c.want, c.text)
		}
	}
	if opened, closed := strings.Count(a, "{"), strings.Count(a, "}"); opened != closed {
		t.Errorf("%d braces opened, %d closed", opened, closed)
	}
}

// TestTimes walks through all legal lifetimes and timeouts at their ends and between.
func TestTimes(t *testing.T) {
	for _, life := range []uint32{60, 61, 180, 300, 3600, 86400, 604800} {
		rekey, over, random := ikeTimes(life)
		if rekey+over != life || random >= rekey || over < 20 || rekey-random < life/2 {
			t.Errorf("IKE %d: rekey %d, over %d, random %d", life, rekey, over, random)
		}
	}
	for _, life := range []uint32{180, 181, 3600, 604800} {
		w := sample()
		w.IPsec.Lifetime = life
		c := describeChild(w.Children[0], w.IPsec, "x")
		if margin := c.LifeTime - c.RekeyTime; c.LifeTime != life || margin < 30 || c.RandTime > margin || c.RekeyTime-c.RandTime < life/2 {
			t.Errorf("CHILD %d: %+v", life, c)
		}
	}
	for _, kib := range []uint32{2560, 1 << 20, 1<<32 - 1} {
		rekey, life, random := byteLimits(kib)
		if limit := uint64(kib) << 10; rekey > limit || random > rekey || life < limit || rekey-random < limit/2 {
			t.Errorf("%d KiB: %d, %d, %d", kib, rekey, life, random)
		}
	}
	for timeout := uint32(1); timeout <= 3600; timeout++ {
		delay, dead := dpdTimes(timeout)
		wait := uint32(patience(vpc.DPD{Timeout: timeout}) / time.Second)
		// charon counts whole seconds, so its question may come one later.
		if delay < 1 || delay+wait > timeout+4 || delay+wait < timeout || wait > retransmitted || dead < timeout || dead > timeout+4 {
			t.Errorf("timeout %d: asked after %d, dead %d later, IKEv1 after %d", timeout, delay, wait, dead)
		}
	}
}

func TestIdentity(t *testing.T) {
	for _, c := range []struct {
		kind, text, want string
	}{
		{vpc.IdentityAddress, "192.0.2.1", "ipv4:#c0000201"},
		{vpc.IdentityFQDN, "192.0.2.1", "fqdn:#3139322e302e322e31"},
		{vpc.IdentityFQDN, "}\n", "fqdn:#7d0a"},
		{vpc.IdentityFQDN, strings.Repeat("n", 200), "fqdn:" + strings.Repeat("n", 200)},
		{vpc.IdentityAddress, "example.com", ""},
		{vpc.IdentityFQDN, "a*.example", "fqdn:#612a2e6578616d706c65"},
		{vpc.IdentityFQDN, "*.example.com", ""},                // would match every name that ends like this
		{vpc.IdentityFQDN, "#" + strings.Repeat("n", 200), ""}, // would be taken for hex
		{vpc.IdentityFQDN, strings.Repeat("n", 251), ""},       // would be cut
		{vpc.IdentityFQDN, strings.Repeat("ü", 100), ""},
	} {
		got, err := identity(plan.Identity{Kind: c.kind, Text: c.text})
		if got != c.want || (err == nil) != (c.want != "") || err != nil && !isRefused(err) {
			t.Errorf("%s %q: %q, %v", c.kind, c.text, got, err)
		}
	}
}

func isRefused(err error) bool { r, ok := err.(*refusal); return ok && r.cause != "" && r.hint != "" }

// TestStampTellsEverythingApart changes one thing at a time that charon is told.
func TestStampTellsEverythingApart(t *testing.T) {
	key := []byte("0123456789abcdef0123456789abcdef")
	of := func(change func(*plan.Tunnel)) stamp {
		w := sample()
		change(&w)
		c, err := describe(w)
		if err != nil {
			t.Fatal(err)
		}
		s, err := stampOf(key, w, c, loadShared(w, c))
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	same := of(func(*plan.Tunnel) {})
	for i, change := range []func(*plan.Tunnel){
		func(w *plan.Tunnel) { w.Key = "0x62" },
		func(w *plan.Tunnel) { w.Resets++ },
		func(w *plan.Tunnel) { w.Remote = netip.Addr{} },
		func(w *plan.Tunnel) { w.RemoteID.Text = "a.b" },
		func(w *plan.Tunnel) { w.IKE.Lifetime++ },
		func(w *plan.Tunnel) { w.IPsec.LifetimeKiB += 100 },
		func(w *plan.Tunnel) { w.DPD.Timeout = 60 },
		func(w *plan.Tunnel) { w.Children[0].Remote = w.Children[0].Remote[:1] },
	} {
		if of(change) == same {
			t.Errorf("change %d is not seen", i)
		}
	}
	// These change nothing in the daemon, so the tunnel must not be touched.
	for i, change := range []func(*plan.Tunnel){
		func(w *plan.Tunnel) { w.Generation++ },
		func(w *plan.Tunnel) { w.Start = vpc.NegotiateOnFlow },
		func(w *plan.Tunnel) { w.DPD.Action = "restart" },
	} {
		if of(change) != same {
			t.Errorf("change %d is taken for one", i)
		}
	}
	if text := fmt.Sprintf("%+v", same) + fmt.Sprint(loadShared(sample(), connection{})); strings.Contains(text, "0x61") {
		t.Errorf("the key shows: %s", text)
	}
}
