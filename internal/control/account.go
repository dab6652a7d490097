package control

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/gatewright/gatewright/internal/store"
	"github.com/gatewright/gatewright/internal/vpc"
)

// DefaultBalance is what a new account holds unless the operator says otherwise.
const DefaultBalance = 1_000_000 * vpc.Money(1_000_000)

// The numbers of the first account; each later one has the next of both.
const (
	firstAccount vpc.AccountID = 100_000_000_001
	firstApp     vpc.AppID     = 1_250_000_001
)

// AccountSpec is what the operator decides about a new account.
type AccountSpec struct {
	Name       string
	Unverified bool
	Balance    vpc.Money
}

// EnsureRoot makes the root account with an admin key if the store has no account, and
// returns the oldest admin key of the root account that is not disabled; nil if there
// is none.
func (c *Control) EnsureRoot(ctx context.Context) (*Credential, error) {
	view, err := c.read(ctx)
	if err != nil {
		return nil, err
	}
	if store.Accounts.Len(view) == 0 {
		if err := c.makeRoot(ctx); err != nil {
			return nil, err
		}
		if view, err = c.read(ctx); err != nil {
			return nil, err
		}
	}
	root, ok := rootOf(view)
	if !ok {
		return nil, nil
	}
	for key := range store.KeysByAccount.All(view, root.ID) {
		if key.Role == vpc.RoleAdmin && !key.Disabled {
			return c.credential(key)
		}
	}
	return nil, nil
}

func (c *Control) makeRoot(ctx context.Context) error {
	pair, err := c.newKeyPair()
	if err != nil {
		return err
	}
	caller := &Caller{KeyID: Operator, Action: "account create", Source: "first start"}
	return c.update(ctx, caller, func(tx *store.Tx) error {
		if store.Accounts.Len(tx) > 0 {
			return nil // another replica was first
		}
		root := makeAccount(tx, AccountSpec{Name: "root"})
		root.Root = true
		return putAccount(tx, root, DefaultBalance, pair)
	})
}

func rootOf(r store.Reader) (*vpc.Account, bool) {
	for a := range store.Accounts.All(r) {
		if a.Root {
			return a, true
		}
	}
	return nil, false
}

// CreateAccount makes an account with an admin key. The name must be new.
func (c *Control) CreateAccount(ctx context.Context, caller *Caller, spec AccountSpec) (*vpc.Account, *Credential, error) {
	if err := checkAccountName(spec.Name); err != nil {
		return nil, nil, err
	}
	pair, err := c.newKeyPair()
	if err != nil {
		return nil, nil, err
	}
	var made *vpc.Account
	audited := *caller
	err = c.update(ctx, &audited, func(tx *store.Tx) error {
		for a := range store.Accounts.All(tx) {
			if a.Name == spec.Name {
				return vpc.Refuse(vpc.InvalidParameterValueDuplicate, "name", "account %d has it already", "账号 %d 已使用该名称", a.ID)
			}
		}
		a := makeAccount(tx, spec)
		if err := putAccount(tx, a, spec.Balance, pair); err != nil {
			return err
		}
		made, _ = store.Accounts.Get(tx, a.ID)
		audited.Account = a.ID // the entry is written last
		return nil
	})
	if err != nil {
		return nil, nil, err
	}
	return made, pair.of(made.ID), nil
}

// checkAccountName takes names that cannot be mistaken for an account's number.
func checkAccountName(name string) error {
	bad := func(r rune) bool { return unicode.IsControl(r) || unicode.IsSpace(r) && r != ' ' }
	switch {
	case name == "" || len(name) > 60 || !utf8.ValidString(name) || strings.ContainsFunc(name, bad) || strings.TrimSpace(name) != name:
		return vpc.Refuse(vpc.InvalidParameterValue, "name", "1 to 60 bytes of printable text are wanted", "应为 1 至 60 字节的可打印文本")
	case strings.Trim(name, "0123456789") == "":
		return vpc.Refuse(vpc.InvalidParameterValue, "name", "it must not be a number", "不能是纯数字")
	}
	return nil
}

// makeAccount numbers an account behind all others. Its balance is still to be granted.
func makeAccount(tx *store.Tx, spec AccountSpec) *vpc.Account {
	a := &vpc.Account{
		ID: firstAccount, AppID: firstApp, Name: spec.Name, Verified: !spec.Unverified,
		TagQuota: vpc.DefaultTagQuota,
		Created:  tx.Now(), SettledAt: tx.Now(),
	}
	for old := range store.Accounts.All(tx) {
		a.ID, a.AppID = max(a.ID, old.ID+1), max(a.AppID, old.AppID+1)
	}
	return a
}

func putAccount(tx *store.Tx, a *vpc.Account, balance vpc.Money, pair *keyPair) error {
	store.Accounts.Put(tx, a)
	store.Keys.Put(tx, pair.row(tx, a.ID, vpc.RoleAdmin, nil))
	if balance == 0 {
		return nil
	}
	return book(tx, vpc.LedgerEntry{Account: a.ID, Kind: vpc.LedgerGrant, Amount: balance, Note: "opening balance"})
}

// Accounts lists every account, by number.
func (c *Control) Accounts(ctx context.Context) ([]*vpc.Account, error) {
	view, err := c.read(ctx)
	if err != nil {
		return nil, err
	}
	return slices.Collect(store.Accounts.All(view)), nil
}

// FindAccount finds an account by its number or name. An empty ref means the only
// account there is.
func (c *Control) FindAccount(ctx context.Context, ref string) (*vpc.Account, error) {
	view, err := c.read(ctx)
	if err != nil {
		return nil, err
	}
	if n, err := strconv.ParseUint(ref, 10, 64); err == nil {
		if a, ok := store.Accounts.Get(view, vpc.AccountID(n)); ok {
			return a, nil
		}
	}
	var only *vpc.Account
	for a := range store.Accounts.All(view) {
		if a.Name == ref && ref != "" {
			return a, nil
		}
		only = a
	}
	switch {
	case ref != "":
		return nil, vpc.Refuse(vpc.ResourceNotFound, "account", "there is no account `%s`", "账号 `%s` 不存在", vpc.Clip(ref))
	case store.Accounts.Len(view) != 1:
		return nil, vpc.Refuse(vpc.MissingParameter, "account", "there are %d accounts; name one", "共有 %d 个账号，请指定其一", store.Accounts.Len(view))
	}
	return only, nil
}

// AccountChange is what the operator changes about an account; nil fields stay.
type AccountChange struct {
	Verified  *bool
	Balance   *vpc.Money
	TagPolicy *vpc.TagPolicy

	TagsAllocated                  *bool
	TagKeys, TagPairs, TagsPerCall *int // negative: the default

	Allow, Disallow     []string    // allow-lists to join and to leave
	AddCDCs, RemoveCDCs []vpc.CDCID // dedicated clusters
}

// SetAccount changes an account. A new balance is a line of the ledger.
func (c *Control) SetAccount(ctx context.Context, caller *Caller, id vpc.AccountID, change AccountChange) (*vpc.Account, error) {
	if err := change.check(); err != nil {
		return nil, err
	}
	var set *vpc.Account
	err := c.update(ctx, caller, func(tx *store.Tx) error {
		old, ok := store.Accounts.Get(tx, id)
		if !ok {
			return vpc.Refuse(vpc.ResourceNotFound, "account", "there is no account %d", "账号 %d 不存在", id)
		}
		a := *old
		change.apply(&a)
		store.Accounts.Put(tx, &a)
		if change.Balance != nil && *change.Balance != old.Balance {
			grant := vpc.LedgerEntry{Account: id, Kind: vpc.LedgerGrant, Amount: change.Balance.Minus(old.Balance), Note: "set by the operator"}
			if err := book(tx, grant); err != nil {
				return err
			}
		}
		set, _ = store.Accounts.Get(tx, id)
		return nil
	})
	return set, err
}

func (ch *AccountChange) check() error {
	policies := []vpc.TagPolicy{vpc.TagAny, vpc.TagKnownKeys, vpc.TagKnownValues, vpc.TagKnownPairs, vpc.TagDenied}
	if ch.TagPolicy != nil && !slices.Contains(policies, *ch.TagPolicy) {
		return vpc.Refuse(vpc.InvalidParameterValue, "tag policy", "`%s` is none of any, known-keys, known-values, known-pairs, denied",
			"`%s` 不是 any、known-keys、known-values、known-pairs、denied 之一", vpc.Clip(string(*ch.TagPolicy)))
	}
	for _, id := range ch.AddCDCs {
		if err := vpc.CheckID(vpc.PrefixCDC, "cdc", string(id), nil); err != nil {
			return err
		}
	}
	for _, list := range ch.Allow {
		if !slices.Contains(vpc.AllowLists, list) {
			known := strings.Join(vpc.AllowLists, ", ")
			return vpc.Refuse(vpc.InvalidParameterValue, "allow", "`%s` is no allow-list; there are: %s", "`%s` 不是白名单，可用的有：%s", vpc.Clip(list), known)
		}
	}
	return nil
}

func (ch *AccountChange) apply(a *vpc.Account) {
	set(&a.Verified, ch.Verified)
	set(&a.TagPolicy, ch.TagPolicy)
	set(&a.TagQuota.Allocated, ch.TagsAllocated)
	set(&a.TagQuota.Keys, ch.TagKeys)
	set(&a.TagQuota.Pairs, ch.TagPairs)
	set(&a.TagQuota.PerCall, ch.TagsPerCall)
	a.Allow = changeSet(a.Allow, ch.Allow, ch.Disallow)
	a.CDCs = changeSet(a.CDCs, ch.AddCDCs, ch.RemoveCDCs)
}

func set[T any](field *T, value *T) {
	if value != nil {
		*field = *value
	}
}

// changeSet returns old with add in it and without remove, sorted; old is left alone.
func changeSet[T ~string](old, add, remove []T) []T {
	if len(add)+len(remove) == 0 {
		return old
	}
	out := slices.Concat(old, add)
	out = slices.DeleteFunc(out, func(v T) bool { return slices.Contains(remove, v) })
	slices.Sort(out)
	return slices.Compact(out)
}
