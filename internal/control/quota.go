package control

import (
	"context"

	"github.com/gatewright/gatewright/internal/store"
	"github.com/gatewright/gatewright/internal/vpc"
)

// quota is what a quota is for an account, in a transaction or a view.
func quota(r store.Reader, account vpc.AccountID, name string) int {
	return vpc.QuotaOf(account, name, func(a vpc.AccountID, n string) (int, bool) {
		q, ok := store.Quotas.Get(r, store.QuotaKey{Account: a, Name: n})
		if !ok {
			return 0, false
		}
		return q.Value, true
	})
}

// SetQuota sets a quota for one account, or with account 0 for all that have none of
// their own.
func (c *Control) SetQuota(ctx context.Context, caller *Caller, q vpc.Quota) error {
	if err := vpc.CheckQuota(q); err != nil {
		return err
	}
	return c.update(ctx, caller, func(tx *store.Tx) error {
		if _, ok := store.Accounts.Get(tx, q.Account); !ok && q.Account != 0 {
			return vpc.Refuse(vpc.ResourceNotFound, "account", "there is no account %d", "账号 %d 不存在", q.Account)
		}
		store.Quotas.Put(tx, &q)
		return nil
	})
}

// ClearQuota takes an operator's value back and reports whether there was one.
func (c *Control) ClearQuota(ctx context.Context, caller *Caller, account vpc.AccountID, name string) (bool, error) {
	found := false
	err := c.update(ctx, caller, func(tx *store.Tx) error {
		found = store.Quotas.Delete(tx, store.QuotaKey{Account: account, Name: name})
		return nil
	})
	return found, err
}

// QuotaValue is one quota as it counts for an account.
type QuotaValue struct {
	Name    string `json:"name"`
	Value   int    `json:"value"`
	Default int    `json:"default"`
}

// QuotaValues lists every quota as it counts for an account (0: for an account without
// values of its own), the vendor's first.
func (c *Control) QuotaValues(ctx context.Context, account vpc.AccountID) ([]QuotaValue, error) {
	view, err := c.read(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]QuotaValue, 0, len(vpc.QuotaNames()))
	for _, name := range vpc.QuotaNames() {
		byDefault, _ := vpc.QuotaDefault(name)
		out = append(out, QuotaValue{Name: name, Value: quota(view, account, name), Default: byDefault})
	}
	return out, nil
}
