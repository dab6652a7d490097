package control

import (
	"context"
	"regexp"
	"slices"
	"time"

	"github.com/gatewright/gatewright/internal/store"
	"github.com/gatewright/gatewright/internal/vpc"
)

// maxFaultLatency keeps a fault from holding a connection longer than clients wait.
const maxFaultLatency = 5 * time.Minute

var (
	codeShape   = regexp.MustCompile(`^[A-Z][A-Za-z0-9]*(\.[A-Z][A-Za-z0-9]*)*$`)
	actionShape = regexp.MustCompile(`^[A-Z][A-Za-z0-9]*$`)
)

// AddFault makes the next fault.Left calls (negative: all) of one account and action
// answer its code, after its latency.
func (c *Control) AddFault(ctx context.Context, caller *Caller, fault vpc.Fault) (*vpc.Fault, error) {
	if err := checkFault(&fault); err != nil {
		return nil, err
	}
	var made *vpc.Fault
	err := c.update(ctx, caller, func(tx *store.Tx) error {
		if _, ok := store.Accounts.Get(tx, fault.Account); !ok {
			return vpc.Refuse(vpc.ResourceNotFound, "account", "there is no account %d", "账号 %d 不存在", fault.Account)
		}
		f := fault
		f.Created = tx.Now()
		for f.ID == "" || has(store.Faults.Get(tx, f.ID)) {
			f.ID = vpc.NewID[string]("fault", tx.Rand().Uint64)
		}
		store.Faults.Put(tx, &f)
		made = &f
		return nil
	})
	return made, err
}

func has[R any](_ *R, ok bool) bool { return ok }

func checkFault(f *vpc.Fault) error {
	f.ID = ""
	switch {
	case !actionShape.MatchString(f.Action):
		return vpc.Refuse(vpc.InvalidParameterValue, "action", "`%s` is not the name of an action", "`%s` 不是接口名称", vpc.Clip(f.Action))
	case f.Code != "" && !codeShape.MatchString(string(f.Code)):
		return vpc.Refuse(vpc.InvalidParameterValue, "code", "`%s` is not an error code", "`%s` 不是错误码", vpc.Clip(string(f.Code)))
	case f.Code == "" && f.Latency == 0:
		return vpc.Refuse(vpc.MissingParameter, "code", "a fault needs a code, a latency or both", "故障需要错误码、延迟或两者")
	case f.Latency < 0 || f.Latency > int64(maxFaultLatency):
		return vpc.Refuse(vpc.InvalidParameterValue, "latency", "0 to %v is possible", "取值范围为 0 至 %v", maxFaultLatency)
	case f.Left == 0:
		return vpc.Refuse(vpc.InvalidParameterValue, "times", "at least 1 is wanted, or a negative number for no end", "至少为 1，负数表示不限次数")
	}
	return nil
}

// Faults lists the faults that are set, oldest first.
func (c *Control) Faults(ctx context.Context) ([]*vpc.Fault, error) {
	view, err := c.read(ctx)
	if err != nil {
		return nil, err
	}
	out := slices.Collect(store.Faults.All(view))
	slices.SortStableFunc(out, func(a, b *vpc.Fault) int { return int(a.Created - b.Created) })
	return out, nil
}

// ClearFaults removes the fault with an id, or with an empty id those of an account,
// or with account 0 all; it returns how many.
func (c *Control) ClearFaults(ctx context.Context, caller *Caller, id string, account vpc.AccountID) (int, error) {
	for total := 0; ; {
		n := 0
		_, err := c.st.Update(ctx, func(tx *store.Tx) error {
			n = clearFaults(tx, id, account)
			if id != "" && n == 0 {
				return vpc.Refuse(vpc.ResourceNotFound, "id", "there is no fault `%s`", "故障 `%s` 不存在", vpc.Clip(id))
			}
			if n < maxCleared { // the last portion stands for all of them in the audit
				tx.Append(store.Audit, caller.audit(tx.Now(), "OK"))
			}
			return nil
		})
		if err != nil {
			return total, err
		}
		if total += n; n < maxCleared {
			return total, nil
		}
	}
}

// maxCleared is how many faults one transaction clears: a commit takes no more rows.
const maxCleared = 100

// clearFaults removes up to maxCleared faults and counts them.
func clearFaults(tx *store.Tx, id string, account vpc.AccountID) int {
	var gone []string
	for f := range store.Faults.All(tx) {
		if (id == "" || f.ID == id) && (account == 0 || f.Account == account) {
			gone = append(gone, f.ID)
		}
		if len(gone) == maxCleared {
			break
		}
	}
	for _, f := range gone {
		store.Faults.Delete(tx, f)
	}
	return len(gone)
}

// TakeFault returns the fault that this call meets, counted down by one, or nil. With
// no fault set it costs a look at an empty table. The caller waits the latency and
// answers the code, if any.
func (c *Control) TakeFault(ctx context.Context, caller *Caller) (*vpc.Fault, error) {
	found, ok := faultFor(c.st.View(), caller)
	if !ok {
		return nil, nil
	}
	if found.Left < 0 {
		return found, nil
	}
	var taken *vpc.Fault
	_, err := c.st.Update(ctx, func(tx *store.Tx) error {
		taken = nil
		f, ok := faultFor(tx, caller)
		if !ok {
			return nil
		}
		taken = f
		if f.Left == 1 {
			store.Faults.Delete(tx, f.ID)
		} else if f.Left > 1 {
			next := *f
			next.Left--
			store.Faults.Put(tx, &next)
		}
		return nil
	})
	return taken, err
}

// faultFor finds the oldest fault for a call.
func faultFor(r store.Reader, caller *Caller) (*vpc.Fault, bool) {
	if store.Faults.Len(r) == 0 {
		return nil, false
	}
	for f := range store.FaultsByAccount.All(r, caller.Account) {
		if f.Action == caller.Action {
			return f, true
		}
	}
	return nil, false
}
