package dataplane

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/gatewright/gatewright/internal/lab"
)

// way is one row of the matrix.
type way struct {
	version string
	routed  bool // StaticRoute
	nat     bool // the peer is behind NAT; only the peer can begin then
	begins  bool // the cloud begins
}

func (w way) cells() []string {
	pick := func(is bool, yes, no string) string {
		if is {
			return yes
		}
		return no
	}
	return []string{w.version, pick(w.routed, "StaticRoute", "Policy"), pick(w.nat, "peer behind NAT", "no NAT"), pick(w.begins, "initiator", "responder")}
}

// ways are all that can exist.
func ways() (out []way) {
	for _, version := range []string{lab.IKEv1Main, lab.IKEv1Aggressive, lab.IKEv2} {
		for _, routed := range []bool{false, true} {
			out = append(out, way{version, routed, false, true}, way{version, routed, false, false}, way{version, routed, true, false})
		}
	}
	return out
}

// TestMatrix brings every way up against a peer of its own, sends data both ways and
// rekeys both kinds of SA without a loss. It prints the table.
func TestMatrix(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	rows := map[way][]string{}
	t.Run("ways", func(t *testing.T) {
		for _, w := range ways() {
			t.Run(strings.Join(w.cells(), " "), func(t *testing.T) {
				t.Parallel()
				seen := w.play(t)
				mu.Lock()
				defer mu.Unlock()
				rows[w] = seen
			})
		}
	})
	var b strings.Builder
	table := tabwriter.NewWriter(&b, 0, 4, 2, ' ', 0)
	fmt.Fprintln(table, "IKE\tRouteType\tpath\tgateway is\tup\tto office\tto cloud\tCHILD_SA under ping\tIKE_SA under ping")
	for _, w := range ways() {
		fmt.Fprintln(table, strings.Join(append(w.cells(), rows[w]...), "\t"))
	}
	table.Flush()
	t.Logf("\n%s", b.String())
}

// rekeys is how often a rekey may be tried until one loses nothing. IKEv1's Quick Mode
// ends with a message that nobody confirms: its sender uses the new keys before, and what
// overtakes the message on a busy machine cannot be decrypted yet. IKEv2 never loses.
func (w way) rekeys() int {
	if w.version == lab.IKEv2 {
		return 1
	}
	return 10
}

// play runs one way and gives what was seen.
func (w way) play(t *testing.T) []string {
	l := lab.New(t)
	s := shared.site(l, 100)
	o := shared.office(l, "", w.nat)
	far, more := o.tunnel(s, w.version), obj{"NegotiationType": "passive"}
	if w.routed {
		far = routed(far)
		more["RouteType"] = "StaticRoute"
	}
	if w.begins {
		more["NegotiationType"] = "active"
	}
	o.Load(far.Text())
	s.route(l, o.lan)
	begun := time.Now()
	id := s.connect(l, o, w.version, more)
	if w.routed {
		s.gatewayRoute(l, o.lan, id, 0)
	}
	if !w.begins {
		l.Eventually(lab.Patience, "the peer's call succeeds", func() error { return o.Up("cloud-1") })
	}
	s.netStatus(l, id, "AVAILABLE", 20*time.Second)
	up := time.Since(begun).Round(time.Millisecond).String()
	s.workload.Reaches(o.inside, lab.Patience)
	there, back := s.workload.Ping(o.inside, 20), o.Ping(s.inside, 20, "-I", o.inside)
	pings := w.rekey(l, s, o)
	over := pings.String()
	for n := 1; n < w.rekeys() && pings.Lost() > 0; n++ {
		pings = w.rekey(l, s, o)
		over += ", then " + pings.String()
	}
	ike := w.rekeyIKE(l, s, o)
	s.netStatus(l, id, "AVAILABLE", lab.Patience)
	for what, p := range map[string]*lab.Pings{"to the office": there, "to the cloud": back, "over a rekey of the CHILD_SA": pings, "over a rekey of the IKE_SA": ike} {
		if p.Lost() > 0 || p.Sent < 20 {
			t.Errorf("%s: %v", what, p)
		}
	}
	return []string{up, there.String(), back.String(), "rekeyed, " + over, w.renewed() + ", " + ike.String()}
}

// renewed is what a version does with an old IKE_SA. IKEv1 cannot rekey it: there is
// another phase 1, and the CHILD_SAs move under what comes of it, so no Quick Mode either.
func (w way) renewed() string {
	if w.version == lab.IKEv2 {
		return "rekeyed"
	}
	return "authenticated anew"
}

// rekeyIKE has the office replace the IKE_SA, and with it the owner of the CHILD_SA.
func (way) rekeyIKE(l *lab.Lab, s *site, o *office) *lab.Pings {
	l.Helper()
	before := o.association()
	return s.under(l, o, func() error { return o.RekeyIKE("cloud") }, func() error {
		if now := o.association(); now == "" || now == before {
			return fmt.Errorf("it is %q, was %q", now, before)
		}
		return nil
	})
}

// rekey has the office replace the keys of the CHILD_SA.
func (way) rekey(l *lab.Lab, s *site, o *office) *lab.Pings {
	l.Helper()
	before := strings.Count(o.Log(), "} established with SPIs")
	return s.under(l, o, func() error { return o.RekeyChild("cloud-1") }, func() error {
		if strings.Count(o.Log(), "} established with SPIs") == before {
			return errStill
		}
		return nil
	})
}

// under pings an office while it does something, and goes on when that is done.
func (s *site) under(l *lab.Lab, o *office, do, done func() error) *lab.Pings {
	l.Helper()
	pings := s.workload.PingStart(o.inside)
	if err := do(); err != nil {
		l.Fatalf("rekey: %v", err)
	}
	l.Eventually(lab.Patience, "the keys are new", done)
	s.workload.Ping(o.inside, 20) // under the new keys
	return pings.Stop()
}
