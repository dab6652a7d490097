package control_test

import (
	"strconv"
	"testing"
	"time"

	"github.com/gatewright/gatewright/internal/control"
	"github.com/gatewright/gatewright/internal/store"
	"github.com/gatewright/gatewright/internal/vpc"
)

// TestSettleWaitsForConversions lets a server be down while prepaid terms end and the
// account is due to be settled. The hours since the ends of the terms must be paid, in
// whatever order the queue gets to gateways and account.
func TestSettleWaitsForConversions(t *testing.T) {
	atDesk(t, func(d *desk) {
		const gateways, down = 70, 30 * time.Hour // more gateways than are done at once
		a, _, err := d.c.CreateAccount(d.Context(), d.op, control.AccountSpec{Name: "acme", Balance: vpc.Yuan(100_000)})
		d.must(err)
		caller := &control.Caller{Account: a.ID, Role: vpc.RoleAdmin, Region: "ap-guangzhou"}
		var last control.GatewayView
		for n := range gateways {
			if n%10 == 0 {
				v, err := d.c.CreateVPC(d.Context(), caller, vpc.VPCSpec{Name: "v" + strconv.Itoa(n), CIDR: "10.0.0.0/16"})
				d.must(err)
				last = control.GatewayView{Gateway: &vpc.Gateway{VPC: v.ID}}
			}
			month, prepaid := uint64(1), string(vpc.Prepaid)
			last, err = d.c.CreateGateway(d.Context(), caller, vpc.GatewaySpec{
				VPC: string(last.VPC), Name: "g", Bandwidth: 5, Charge: &prepaid, Prepaid: &vpc.PrepaidSpec{Period: &month},
			})
			d.must(err)
			time.Sleep(time.Second)
			postpaid := string(vpc.Postpaid)
			d.must(d.c.ModifyGateway(d.Context(), caller, string(last.ID), vpc.GatewayChange{Charge: &postpaid}))
		}
		paid := vpc.Yuan(100_000).Minus(d.balance(a.ID))
		rate := vpc.DefaultPrices(vpc.SiteCN).Hourly(last.Item())

		time.Sleep(time.Until(last.Expires.Time().Add(down)))
		_, err = d.c.RunDue(d.Context())
		d.must(err)
		used := vpc.Money(0)
		for g := range store.Gateways.All(d.st.View()) {
			if g.Charge != vpc.Postpaid {
				d.Fatalf("%s is %s", g.ID, g.Charge)
			}
			used = used.Plus(vpc.Accrued(rate, g.RateSince, g.RateSince, d.st.Now()))
		}
		if got, want := d.balance(a.ID), vpc.Yuan(100_000).Minus(paid).Minus(used); got != want {
			d.Errorf("the balance is %s, want %s", got, want)
		}
	})
}

func (d *desk) balance(id vpc.AccountID) vpc.Money {
	d.Helper()
	a, ok := store.Accounts.Get(d.st.View(), id)
	if !ok {
		d.Fatalf("no account %d", id)
	}
	return a.Balance
}
