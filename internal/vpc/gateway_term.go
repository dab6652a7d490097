package vpc

import "time"

// State is how far a thing has come between being asked for and being gone.
type State string

// The states of a gateway.
const (
	StatePending   State = "PENDING"
	StateFailed    State = "PENDING_ERROR" // its host cannot make it stand
	StateAvailable State = "AVAILABLE"
	StateDeleting  State = "DELETING"
)

// Restriction says whether a gateway is held back because it is not paid for.
type Restriction string

// The restrictions of a gateway.
const (
	Unrestricted Restriction = "NORMAL"
	Restricted   Restriction = "PROTECTIVELY_ISOLATED"
)

// prepaidToPostpaid is the purchase plan of a gateway that becomes postpaid.
const prepaidToPostpaid = "PREPAID_TO_POSTPAID"

// Life is how long the stages of a gateway last.
type Life struct {
	Settle time.Duration // from made to AVAILABLE, and from deleted to gone
	Grace  time.Duration // from isolated to gone
}

// RestrictState is what a gateway of an account reads: isolated after an unpaid prepaid
// term, and while a postpaid one's account owes money.
func RestrictState(g *Gateway, account *Account) Restriction {
	if g.Isolated != 0 || g.Charge == Postpaid && account.Balance < 0 {
		return Restricted
	}
	return Unrestricted
}

// PurchasePlan is the gateway's NewPurchasePlan.
func (g *Gateway) PurchasePlan() string {
	if g.ConvertAtExpiry {
		return prepaidToPostpaid
	}
	return ""
}

// Expired reports whether a prepaid term is over.
func (g *Gateway) Expired(now Instant) bool { return g.Charge == Prepaid && g.Expires <= now }

// NextDue is when time alone next changes a gateway; 0 is never. One with a host is gone
// when that host says so, and not by time.
func (l Life) NextDue(g *Gateway) Instant {
	switch {
	case g.Deleted != 0 && g.Host != "":
		return 0
	case g.Deleted != 0:
		return g.Deleted.Add(l.Settle)
	case g.Isolated != 0:
		return g.Isolated.Add(l.Grace)
	case g.Charge == Prepaid:
		return g.Expires
	}
	return 0
}

// AdvanceGateway does to a gateway all that time has done up to now. At the end of a
// prepaid term it becomes postpaid if it was told to, else it is renewed by a month if
// it renews itself and the balance allows, else it is isolated; a gateway is gone when
// it has been deleted for the settle time or isolated for the grace time; with a host it
// is deleted then. Every entry has the instant at which it was due.
func AdvanceGateway(g *Gateway, account *Account, now Instant, prices *PriceBook, life Life) (next *Gateway, entries []LedgerEntry, gone bool) {
	n, balance := *g, account.Balance
	for life.NextDue(&n).Before(now) {
		if n.Deleted != 0 || n.Isolated != 0 && n.Host == "" {
			return nil, entries, true
		}
		n.Generation++
		if n.Isolated != 0 {
			n.Deleted = n.Isolated.Add(life.Grace)
			continue
		}
		if entry, ok := n.endTerm(balance, prices); ok {
			entries = append(entries, entry)
			balance = balance.Plus(entry.Amount)
		}
	}
	n.Due = life.NextDue(&n)
	return &n, entries, false
}

// endTerm changes a prepaid gateway whose term is over; ok says whether the ledger gets
// a line for it.
func (g *Gateway) endTerm(balance Money, prices *PriceBook) (entry LedgerEntry, ok bool) {
	entry = g.entry(g.Expires)
	if g.ConvertAtExpiry {
		g.Charge, g.ConvertAtExpiry, g.RenewFlag = Postpaid, false, RenewByItself
		g.Rate, g.RateSince, g.Expires = prices.Hourly(g.Item()), g.Expires, 0
		entry.Kind, entry.Rate = LedgerRate, g.Rate
		return entry, true
	}
	if _, cost := prices.Term(g.Item(), 1); g.RenewFlag == RenewByItself && balance >= cost {
		g.Expires = AddMonths(g.Expires, 1)
		entry.Kind, entry.Amount = LedgerRenew, -cost
		return entry, true
	}
	g.Isolated = g.Expires
	return entry, false
}

func (g *Gateway) entry(at Instant) LedgerEntry {
	return LedgerEntry{Account: g.Account, At: at, Resource: string(g.ID)}
}

// Used is what a postpaid gateway comes to up to now that is not yet in its account's
// balance.
func (g *Gateway) Used(account *Account, now Instant) Money {
	return Accrued(g.Rate, g.RateSince, account.SettledAt, now)
}

// charge gives a postpaid gateway the rate of its present size from now on, and ends its
// old one. The hour that has started is charged at the old rate, the new rate starts an
// hour of its own. Nothing happens while the rate stays the same.
func (g *Gateway) charge(rate Money, account *Account, now Instant) []LedgerEntry {
	if rate == g.Rate {
		return nil
	}
	use, change := g.entry(now), g.entry(now)
	use.Kind, use.Amount = LedgerUse, -g.Used(account, now)
	change.Kind, change.Rate = LedgerRate, rate
	g.Rate, g.RateSince = rate, now
	if rate == 0 {
		g.RateSince = 0
	}
	return []LedgerEntry{use, change}
}
