package control_test

import (
	"context"
	"testing"
	"time"

	"github.com/gatewright/gatewright/internal/control"
	"github.com/gatewright/gatewright/internal/vpc"
)

// TestMeter: what a postpaid gateway sends is debited, with a line that says how much.
func TestMeter(t *testing.T) {
	inTunnels(t, vpc.TypeIPsec, func(n *tunnels) {
		before := n.balance()
		meter := func(id vpc.GatewayID, bytes, want uint64) {
			t.Helper()
			if left, err := n.c.Meter(n.Context(), id, bytes); err != nil || left != want {
				t.Errorf("%d bytes: %d are left, want %d (%v)", bytes, left, want, err)
			}
		}
		meter(n.gateway.ID, 0, 0)
		meter(n.gateway.ID, 1000, 1000) // not worth a millionth
		meter(n.gateway.ID, 5<<30, 0)
		meter("vpngw-nobody00", 5<<30, 0)
		if got := before.Minus(n.balance()).String(); got != "4" {
			t.Errorf("5 GB cost %s", got)
		}
		entries, err := n.st.LedgerEntries(n.Context(), n.caller.Account)
		n.must(err)
		last := entries[len(entries)-1]
		if last.Kind != vpc.LedgerTraffic || last.Resource != string(n.gateway.ID) || last.Amount.String() != "-4" || last.Note != "5368709120 bytes" {
			t.Errorf("the ledger's last line is %+v", last)
		}
	})
}

func (n *tunnels) balance() vpc.Money {
	n.Helper()
	accounts, err := n.c.Accounts(n.Context())
	n.must(err)
	return accounts[0].Balance
}

// TestTrafficOfPeers: what the host counts is shown for each connection of a gateway that
// is monitored.
func TestTrafficOfPeers(t *testing.T) {
	inTunnels(t, vpc.TypeIPsec, func(n *tunnels) {
		x := n.connect(n.spec())
		asked := vpc.Instant(0)
		c := control.New(n.st, control.Config{Region: "ap-guangzhou", Site: vpc.SiteCN, Settle: time.Second,
			Traffic: func(_ context.Context, id vpc.GatewayID, minute vpc.Instant) ([]vpc.PeerTraffic, error) {
				asked = minute
				return []vpc.PeerTraffic{{Connection: x.ID, OutBytes: 7, InPackets: 1}, {Connection: "vpnx-nobody00", OutBytes: 9}}, nil
			}})
		q := vpc.TrafficQuery{Gateway: string(n.gateway.ID), TimePoint: "1999-12-31 10:00:59"}
		total, peers, err := c.Traffic(n.Context(), n.caller, q, 0, 10)
		if total != 0 || len(peers) != 0 || err != nil || asked != 0 {
			t.Errorf("not monitored: %v, %v", peers, err)
		}
		n.must(c.SetFlowMonitor(n.Context(), n.caller, string(n.gateway.ID), true))
		total, peers, err = c.Traffic(n.Context(), n.caller, q, 0, 10)
		n.must(err)
		if total != 1 || len(peers) != 1 || peers[0].Peer != n.peer.Addr || peers[0].OutBytes != 7 || peers[0].InPackets != 1 {
			t.Errorf("peers %+v", peers)
		}
		if got := asked.String(); got != "1999-12-31 10:00:00" {
			t.Errorf("asked for the minute %s", got)
		}
	})
}
