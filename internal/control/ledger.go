package control

import (
	"time"

	"github.com/gatewright/gatewright/internal/store"
	"github.com/gatewright/gatewright/internal/vpc"
)

// settleEvery is how often the open intervals of an account are put on its balance.
const settleEvery = 24 * time.Hour

// book changes the balance and writes the line that says so. The account is the
// transaction's own, so that several entries of one call add up.
func book(tx *store.Tx, e vpc.LedgerEntry) error {
	a, err := account(tx, e.Account)
	if err != nil {
		return err
	}
	tx.Append(store.Ledger, e)
	if e.Amount == 0 {
		return nil
	}
	changed := *a
	changed.Balance = a.Balance.Plus(e.Amount)
	store.Accounts.Put(tx, &changed)
	return nil
}

func bookAll(tx *store.Tx, entries []vpc.LedgerEntry) error {
	for _, e := range entries {
		if err := book(tx, e); err != nil {
			return err
		}
	}
	return nil
}

// settle puts the use of all of an account's postpaid gateways since the last
// settlement on its balance, as one line. The intervals stay open. While a gateway should
// have become postpaid and has not yet, the account stays due: its hours since then lie
// before the settlement and would be lost.
func settle(_ *Control, tx *store.Tx, a *vpc.Account) error {
	changed := *a
	used, now := vpc.Money(0), tx.Now()
	for g := range store.GatewaysByScope.Range(tx, vpc.Scope{Account: a.ID}, vpc.Scope{Account: a.ID, Region: lastRegion}) {
		if g.ConvertAtExpiry && g.Due.Before(now) {
			return nil
		}
		used = used.Plus(g.Used(a, now))
	}
	changed.SettledAt = now
	store.Accounts.Put(tx, &changed)
	if used == 0 {
		return nil
	}
	return book(tx, vpc.LedgerEntry{Account: a.ID, At: now, Kind: vpc.LedgerSettle, Amount: -used})
}

// lastRegion sorts behind every region's name.
const lastRegion vpc.Region = "\xff"

func settleDue(a *vpc.Account) vpc.Instant { return a.SettledAt.Add(settleEvery) }
