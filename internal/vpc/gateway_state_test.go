package vpc

import "testing"

// TestGatewayStateWithHost: with a host the settle time means nothing, and what the host
// says means everything.
func TestGatewayStateWithHost(t *testing.T) {
	for _, c := range []struct {
		name string
		seen *GatewayStatus
		want State
	}{
		{"nothing said", nil, StatePending},
		{"being made", &GatewayStatus{Generation: 1}, StatePending},
		{"cannot be made", &GatewayStatus{Generation: 1, Cause: "no link"}, StateFailed},
		{"stands", &GatewayStatus{Generation: 1, Ready: true, Stood: 1}, StateAvailable},
		{"stands, a change is on its way", &GatewayStatus{Generation: 1, Ready: true, Stood: 1}, StateAvailable},
		{"stands, a change failed", &GatewayStatus{Generation: 2, Stood: 1, Cause: "no qdisc"}, StateAvailable},
		{"stood as wanted, and fell", &GatewayStatus{Generation: 2, Stood: 2, Cause: "no link"}, StateFailed},
		{"stood as wanted, and is made again", &GatewayStatus{Generation: 2, Stood: 2}, StatePending},
	} {
		g := &Gateway{ID: "vpngw-1", Host: "h", Created: 1, Generation: 2}
		if got := GatewayState(g, c.seen, 1, settle); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
		g.Deleted = 1
		if got := GatewayState(g, c.seen, 1, settle); got != StateDeleting {
			t.Errorf("%s, deleted: %s", c.name, got)
		}
	}
}

func TestGatewayCause(t *testing.T) {
	hosted, free := &Gateway{Host: "h"}, &Gateway{}
	for _, c := range []struct {
		g    *Gateway
		host *Host
		seen *GatewayStatus
		want string
	}{
		{free, nil, nil, "no data plane"},
		{hosted, nil, nil, "host h is gone"},
		{hosted, &Host{Name: "h"}, nil, "host h has not reported yet"},
		{hosted, &Host{Name: "h"}, &GatewayStatus{Cause: "no link"}, "no link"},
		{hosted, &Host{Name: "h"}, &GatewayStatus{Ready: true}, ""},
	} {
		if got := GatewayCause(c.g, c.host, c.seen); got != c.want {
			t.Errorf("%+v, %+v, %+v: %q, want %q", c.g, c.host, c.seen, got, c.want)
		}
	}
}

// TestHostedGatewaysEnd: time alone does not remove a gateway that a host carries; at
// the end of the grace time it is deleted, and gone when the host says so.
func TestHostedGatewaysEnd(t *testing.T) {
	g := prepaidGateway()
	g.Host = "h"
	now := g.Expires.Add(grace)
	next, entries, gone := AdvanceGateway(g, &Account{}, now, DefaultPrices(SiteCN), life)
	if gone || len(entries) > 0 {
		t.Fatalf("gone %v, %v", gone, entries)
	}
	if next.Deleted != g.Expires.Add(grace) || next.Due != 0 || next.Generation != g.Generation+2 {
		t.Errorf("%+v", next)
	}
	// The host lets go of it: time does the rest.
	next.Host = ""
	if _, _, gone := AdvanceGateway(next, &Account{}, now.Add(settle), DefaultPrices(SiteCN), life); !gone {
		t.Error("no host has it any more, and it is still there")
	}
}

func TestHeard(t *testing.T) {
	var none *Host
	h := &Host{Name: "h", Epoch: "2", Algorithms: []string{"AES-CBC-128"}}
	if none.Heard("2") || h.Heard("1") || !h.Heard("2") {
		t.Error("what counts is what the host's present run has said")
	}
	if h.Has("SM4-CBC") || !h.Has("AES-CBC-128") {
		t.Error("algorithms")
	}
}
