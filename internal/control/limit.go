package control

import (
	"context"
	"slices"

	"github.com/gatewright/gatewright/internal/store"
	"github.com/gatewright/gatewright/internal/vpc"
)

// DefaultRate is how many calls a second are allowed where nothing else is said.
const DefaultRate = 20

// Rate is how many calls a second an account may make of one action in one region; 0
// is no limit. The most exact of the operator's limits counts, then Config.Rate.
func (c *Control) Rate(account vpc.AccountID, action string) int {
	view := c.st.View()
	if store.RateLimits.Len(view) == 0 {
		return c.cfg.Rate
	}
	for _, key := range []store.RateLimitKey{
		{Account: account, Action: action},
		{Account: account},
		{Action: action},
		{},
	} {
		if l, ok := store.RateLimits.Get(view, key); ok {
			return l.Rate
		}
	}
	return c.cfg.Rate
}

// SetRateLimit sets a limit. Without an account it counts for all, without an action
// for all; rate 0 is no limit.
func (c *Control) SetRateLimit(ctx context.Context, caller *Caller, limit vpc.RateLimit) error {
	if limit.Rate < 0 {
		return vpc.Refuse(vpc.InvalidParameterValue, "rate", "%d is negative; 0 is no limit", "%d 为负数；0 表示不限制", limit.Rate)
	}
	return c.update(ctx, caller, func(tx *store.Tx) error {
		store.RateLimits.Put(tx, &limit)
		return nil
	})
}

// ClearRateLimit takes a limit back and reports whether there was one.
func (c *Control) ClearRateLimit(ctx context.Context, caller *Caller, account vpc.AccountID, action string) (bool, error) {
	found := false
	err := c.update(ctx, caller, func(tx *store.Tx) error {
		found = store.RateLimits.Delete(tx, store.RateLimitKey{Account: account, Action: action})
		return nil
	})
	return found, err
}

// RateLimits lists the operator's limits and the rate where none applies.
func (c *Control) RateLimits(ctx context.Context) (limits []*vpc.RateLimit, otherwise int, err error) {
	view, err := c.read(ctx)
	if err != nil {
		return nil, 0, err
	}
	return slices.Collect(store.RateLimits.All(view)), c.cfg.Rate, nil
}
