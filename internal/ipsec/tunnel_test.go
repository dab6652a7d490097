package ipsec

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/gatewright/gatewright/internal/plan"
	"github.com/gatewright/gatewright/internal/vpc"
)

// walk drives a tunnel through a minute, a tenth of a second at a time. at says what
// charon lists then; it returns when negotiations were begun.
func walk(t *tunnel, at func(time.Duration) []ikeSA) (begun []time.Duration) {
	start := time.Unix(1_000_000, 0)
	for since := time.Duration(0); since < time.Minute; since += 100 * time.Millisecond {
		t.sas = at(since)
		if len(t.next(start.Add(since))) > 0 {
			begun = append(begun, since)
		}
	}
	return begun
}

func up(state string) []ikeSA {
	return []ikeSA{{id: 1, state: "ESTABLISHED", children: []childSA{sa("c", 1, state, "10.1.0.0/16", "10.2.0.0/16", "10.3.0.0/16")}}}
}

func sa(name string, id uint32, state, local string, remote ...string) childSA {
	return childSA{name: name, id: id, state: state, local: spans([]string{local}), remote: spans(remote)}
}

// narrowedTo is an IKE_SA with a child that takes one remote range.
func narrowedTo(name, remote string, creating bool) []ikeSA {
	return []ikeSA{{id: 1, state: "ESTABLISHED", creating: creating, children: []childSA{sa(name, 1, "INSTALLED", "10.1.0.0/16", remote)}}}
}

func TestAttempts(t *testing.T) {
	none := func(time.Duration) []ikeSA { return nil }
	for _, c := range []struct {
		name  string
		start vpc.Negotiation
		set   func(*tunnel)
		at    func(time.Duration) []ikeSA
		want  string
	}{
		{"nobody answers", vpc.NegotiateActive, nil, none, "0s 1s 3s 7s 15s 25s 35s 45s 55s"},
		{"up at once", vpc.NegotiateActive, nil, func(d time.Duration) []ikeSA {
			if d < 50*time.Millisecond {
				return nil
			}
			return up("INSTALLED")
		}, "0s"},
		{"up, lost after half a minute", vpc.NegotiateActive, nil, func(d time.Duration) []ikeSA {
			if d == 0 || d >= 30*time.Second && d < 32*time.Second {
				return nil
			}
			return up("REKEYING")
		}, "0s 30s 31s"},
		{"charon has it under way", vpc.NegotiateActive, nil, func(d time.Duration) []ikeSA {
			if d == 0 {
				return nil
			}
			return []ikeSA{{state: "CONNECTING"}}
		}, "0s"},
		{"narrowed, and asked for the rest at once", vpc.NegotiateActive, nil, func(d time.Duration) []ikeSA {
			switch {
			case d == 0:
				return nil
			case d < 300*time.Millisecond:
				return narrowedTo("c", "10.2.0.0/16", false)
			}
			return append(narrowedTo("c", "10.2.0.0/16", false), narrowedTo("c-1", "10.3.0.0/16", false)...)
		}, "0s 100ms"},
		{"narrowed, and charon at the rest", vpc.NegotiateActive, nil, func(d time.Duration) []ikeSA {
			if d == 0 {
				return nil
			}
			return narrowedTo("c", "10.2.0.0/16", true)
		}, "0s"},
		{"narrowed, and the rest refused", vpc.NegotiateActive, nil, func(d time.Duration) []ikeSA {
			if d == 0 {
				return nil
			}
			return narrowedTo("c", "10.2.0.0/16", false)
		}, "0s 100ms 1.1s 3.1s 7.1s 15.1s 25.1s 35.1s 45.1s 55.1s"},
		{"less than any pair", vpc.NegotiateActive, nil, func(d time.Duration) []ikeSA {
			if d == 0 {
				return nil
			}
			return append(narrowedTo("c-0", "10.2.0.0/17", false), narrowedTo("c-1", "10.3.0.0/17", false)...)
		}, "0s"},
		{"an IKE_SA alone", vpc.NegotiateActive, nil, func(time.Duration) []ikeSA { return up("DELETING") }, "0s 1s 3s 7s 15s 25s 35s 45s 55s"},
		{"passive", vpc.NegotiatePassive, nil, none, ""},
		{"waits for traffic", vpc.NegotiateOnFlow, nil, none, ""},
		{"asked by a packet", vpc.NegotiateOnFlow, func(t *tunnel) { t.again(time.Unix(1_000_000, 0).Add(5 * time.Second)) }, none, "0s 1s 3s"},
		{"not loaded", vpc.NegotiateActive, func(t *tunnel) { t.loaded = false }, none, ""},
	} {
		w := sample()
		w.Start, w.IKE.Version = c.start, "IKEV2"
		tun := newTunnel(w)
		tun.loaded = true
		if c.set != nil {
			c.set(tun)
		}
		if got := strings.Trim(fmt.Sprint(walk(tun, c.at)), "[]"); got != c.want {
			t.Errorf("%s: begun at %s, want %s", c.name, got, c.want)
		}
	}
}

// TestUp says what counts as up: a CHILD_SA, not an IKE_SA.
func TestUp(t *testing.T) {
	w := sample()
	w.Start = vpc.NegotiateActive
	w.Children = append(w.Children, plan.Child{Name: "d", Local: prefixes("10.1.0.0/16"), Remote: prefixes("10.4.0.0/16", "10.5.0.0/16")})
	both, narrow := up("INSTALLED"), up("INSTALLED")
	both[0].children = append(both[0].children, sa("d", 2, "INSTALLED", "10.1.0.0/16", "10.4.0.0/15"))
	narrow[0].children = append(narrow[0].children, sa("d", 2, "INSTALLED", "10.1.0.0/16", "10.4.0.0/16"))
	less := up("INSTALLED")
	less[0].children = append(less[0].children, sa("d", 2, "INSTALLED", "10.1.0.0/16", "10.4.0.0/16"), sa("d-1", 3, "INSTALLED", "10.1.0.0/17", "10.5.0.0/16"))
	for _, c := range []struct {
		name   string
		start  vpc.Negotiation
		sas    []ikeSA
		loaded bool
		up     bool
		cause  string
	}{
		{"both", vpc.NegotiateActive, both, true, true, ""},
		{"both, after a packet", vpc.NegotiateOnFlow, both, true, true, ""},
		{"one of two, ours to begin", vpc.NegotiateActive, up("INSTALLED"), true, false, "not every pair of ranges is negotiated (missing: 10.1.0.0/16 - 10.4.0.0/16, 10.1.0.0/16 - 10.5.0.0/16)"},
		{"one of two, ours to begin with a packet", vpc.NegotiateOnFlow, up("INSTALLED"), true, false, "waits for traffic (missing: 10.1.0.0/16 - 10.4.0.0/16, 10.1.0.0/16 - 10.5.0.0/16)"},
		{"one of two, the peer's to begin", vpc.NegotiatePassive, up("INSTALLED"), true, true, ""},
		{"narrowed, ours to begin", vpc.NegotiateActive, narrow, true, false, "not every pair of ranges is negotiated (missing: 10.1.0.0/16 - 10.5.0.0/16)"},
		{"narrowed, ours to begin with a packet", vpc.NegotiateOnFlow, narrow, true, false, "waits for traffic (missing: 10.1.0.0/16 - 10.5.0.0/16)"},
		{"narrowed, the peer's to begin", vpc.NegotiatePassive, narrow, true, true, ""},
		{"a part of a range", vpc.NegotiateActive, less, true, false, "the peer takes only a part of the ranges (missing: 10.1.0.0/16 - 10.5.0.0/16)"},
		{"a part of a range, with a packet", vpc.NegotiateOnFlow, less, true, false, "the peer takes only a part of the ranges (missing: 10.1.0.0/16 - 10.5.0.0/16)"},
		{"an IKE_SA alone", vpc.NegotiateActive, []ikeSA{{state: "ESTABLISHED"}}, true, false, "negotiating"},
		{"an IKE_SA alone, the peer's to begin", vpc.NegotiatePassive, []ikeSA{{state: "ESTABLISHED"}}, true, false, "IKE is up, IPsec is not: the peer has not completed phase 2"},
		{"on its way out", vpc.NegotiatePassive, up("DELETING"), true, false, "IKE is up, IPsec is not: the peer has not completed phase 2"},
		{"under old terms", vpc.NegotiateActive, both, false, false, ""},
	} {
		w.Start = c.start
		tun := newTunnel(w)
		tun.sas, tun.loaded = c.sas, c.loaded
		if got := tun.state(); got.Up != c.up || got.Cause != c.cause || got.Loaded != c.loaded || strings.Contains(c.cause, "missing") && got.Hint == "" {
			t.Errorf("%s: %+v", c.name, got)
		}
	}
}

// TestRefusedAsAWhole has a peer that takes no rule with several pairs: it is asked for single
// pairs at once, and then for the whole and for the pairs in turn, always later.
func TestRefusedAsAWhole(t *testing.T) {
	for _, refusal := range []reason{refusal2, ranges2} {
		w := sample()
		w.Start, w.IKE.Version = vpc.NegotiateActive, "IKEV2"
		tun := newTunnel(w)
		tun.loaded, tun.sas = true, []ikeSA{{id: 1, state: "ESTABLISHED"}}
		var asked []string
		start := time.Unix(1_000_000, 0)
		for since := time.Duration(0); since < 10*time.Second; since += 100 * time.Millisecond {
			if names := tun.next(start.Add(since)); len(names) > 0 {
				asked = append(asked, fmt.Sprint(since, names))
				tun.fail(1, refusal)
			}
		}
		if got, want := strings.Join(asked, " "), "0s [c] 100ms [c-0 c-1] 1.1s [c] 3.1s [c-0 c-1] 7.1s [c]"; got != want {
			t.Errorf("%s: asked %s, want %s", refusal.cause, got, want)
		}
	}
	tun := newTunnel(sample())
	tun.want.Start, tun.loaded, tun.sas = vpc.NegotiateActive, true, []ikeSA{{id: 1, state: "ESTABLISHED"}}
	tun.fail(1, noPhase2)
	if got := fmt.Sprint(tun.next(time.Unix(1_000_000, 0)), tun.next(time.Unix(1_000_002, 0))); got != "[c] [c]" {
		t.Errorf("refused for another reason: asked %s", got)
	}
}

// TestOneQuickModeAtATime has four pairs in IKEv1, of which the peer refuses two: each is asked
// for by itself, a little after the one before, and what was refused again in later rounds.
func TestOneQuickModeAtATime(t *testing.T) {
	w := sample()
	w.Start, w.Children = vpc.NegotiateActive, nil
	for n := range 4 {
		w.Children = append(w.Children, plan.Child{Name: fmt.Sprint("c", n), Local: prefixes("10.1.0.0/16"), Remote: prefixes(fmt.Sprintf("10.%d.0.0/16", n+2))})
	}
	tun := newTunnel(w)
	tun.loaded, tun.sas = true, []ikeSA{{id: 1, state: "ESTABLISHED"}}
	var asked []string
	start := time.Unix(1_000_000, 0)
	for since := time.Duration(0); since < 5*time.Second; since += 10 * time.Millisecond {
		names := tun.next(start.Add(since))
		s := &tun.sas[0]
		if s.creating && len(names) > 0 {
			t.Errorf("%v: %v asked while another is", since, names)
		}
		s.creating = len(names) > 0
		for _, name := range names {
			asked = append(asked, fmt.Sprint(since, " ", name))
			if name == "c1" || name == "c2" {
				s.children = append(s.children, sa(name, 1, "INSTALLED", "10.1.0.0/16", fmt.Sprintf("10.%c.0.0/16", name[1]+2)))
			}
		}
	}
	if got, want := strings.Join(asked, ", "), "0s c0, 50ms c1, 100ms c2, 150ms c3, 1.15s c0, 1.2s c3, 3.2s c0, 3.25s c3"; got != want {
		t.Errorf("asked %s, want %s", got, want)
	}
}

func TestExplain(t *testing.T) {
	for _, c := range []struct {
		line   string
		phase1 bool
		want   reason
	}{
		{"tried 1 shared key for '%any' - 'a', but MAC mismatched", false, wrongKey},
		{"received AUTHENTICATION_FAILED notify error", false, refused},
		{"received NO_PROPOSAL_CHOSEN notify error", false, noPhase1},
		{"received NO_PROPOSAL_CHOSEN error notify", false, noPhase1},
		{"received NO_PROPOSAL_CHOSEN error notify", true, noPhase2},
		{"received NO_PROPOSAL_CHOSEN notify, no CHILD_SA built", true, noPhase2},
		{"traffic selectors 10.1.0.0/24 === 10.99.0.0/24 unacceptable", true, ranges2},
		{"DH group MODP_1024 unacceptable, requesting MODP_2048", false, noPhase1},
		{"retransmit 1 of request with message ID 0", false, silent},
		{"sending retransmit 1 of request message ID 0, seq 1", false, silent},
		{"sending retransmit 1 of request message ID 295252367, seq 4", true, silent2},
		{"retransmit 1 of request with message ID 2", true, silent},
		{"received TS_UNACCEPTABLE notify, no CHILD_SA built", true, refusal2},
		{"received SINGLE_PAIR_REQUIRED notify, no CHILD_SA built", true, refusal2},
		{"received NO_ADDITIONAL_SAS notify, no CHILD_SA built", true, oneChild},
		{"retransmit 1 of response with message ID 0", false, reason{}},
		{"IKE_SA vpnx-a[1] established between 1.1.1.1[a]...2.2.2.2[b]", true, reason{}},
	} {
		if got, ok := explain(c.line, c.phase1); got != c.want || ok != (c.want != reason{}) {
			t.Errorf("%s: %+v", c.line, got)
		}
	}
	aggressive := plan.Tunnel{IKE: vpc.IKEOptions{Version: ikeV1, Exchange: "AGGRESSIVE"}}
	main, v2 := plan.Tunnel{IKE: vpc.IKEOptions{Version: ikeV1, Exchange: "MAIN"}}, plan.Tunnel{IKE: vpc.IKEOptions{Version: "IKEV2", Exchange: "AGGRESSIVE"}}
	if refused.of(aggressive) != refusedMode || refused.of(main) != refused || refused.of(v2) != refused || wrongKey.of(aggressive) != wrongKey {
		t.Error("another exchange's reason")
	}
	// What was said in a negotiation weighs more than that nobody answers any more.
	tun := newTunnel(sample())
	tun.fail(1, wrongKey)
	tun.fail(1, silent)
	if tun.failure != wrongKey {
		t.Errorf("%+v", tun.failure)
	}
	if tun.fail(2, silent); tun.failure != silent {
		t.Errorf("%+v of another negotiation", tun.failure)
	}
}

func TestHistory(t *testing.T) {
	var h history
	for i := range kept + 3 {
		h.add(Entry{Text: fmt.Sprint(i)})
	}
	if all := h.all(); len(all) != kept || all[0].Text != "3" || all[kept-1].Text != fmt.Sprint(kept+2) {
		t.Errorf("%d lines, %s to %s", len(all), all[0].Text, all[len(all)-1].Text)
	}
}

// TestCountersOnlyGrow loses an SA between two lists.
func TestCountersOnlyGrow(t *testing.T) {
	tun := newTunnel(sample())
	see := func(id uint32, bytes uint64) uint64 {
		tun.sas = []ikeSA{{children: []childSA{{id: id, bytesIn: bytes}}}}
		tun.settle()
		return tun.measure().BytesIn
	}
	if a, b, c := see(1, 100), see(1, 150), see(2, 10); a != 100 || b != 150 || c != 160 {
		t.Errorf("%d, %d, %d", a, b, c)
	}
	tun.count(childSA{id: 2, bytesIn: 25}) // from the event of its end
	tun.sas = nil
	tun.settle()
	if got := tun.measure().BytesIn; got != 175 {
		t.Errorf("%d after all ended", got)
	}
}
