package control

import (
	"context"
	"crypto/rand"
	"slices"
	"strings"
	"sync"

	"github.com/gatewright/gatewright/internal/store"
	"github.com/gatewright/gatewright/internal/vpc"
)

// Operator is the KeyID of calls that the operator makes; it is no SecretId.
const Operator = "operator"

// Credential is what an access key proves and permits.
type Credential struct {
	KeyID   string // SecretId
	Account vpc.AccountID
	Role    vpc.KeyRole
	Actions []string   // with RoleActions, the actions allowed
	Secret  vpc.Secret // SecretKey
}

// keyring remembers unsealed secrets. An entry is good for exactly the row it was made
// from, so a change of the row, disabling it too, needs no invalidation.
type keyring struct{ known sync.Map } // SecretId -> *unsealedKey

type unsealedKey struct {
	row  *vpc.Key
	cred *Credential
}

// Authenticate finds an access key that is not disabled.
func (c *Control) Authenticate(ctx context.Context, secretID string) (*Credential, error) {
	view, err := c.read(ctx)
	if err != nil {
		return nil, err
	}
	row, ok := store.Keys.Get(view, secretID)
	if !ok || row.Disabled {
		c.keyring.known.Delete(secretID)
		return nil, vpc.Refuse(vpc.AuthFailureSecretIdNotFound, "SecretId", "there is no such key, or it is disabled", "密钥不存在或已被禁用")
	}
	return c.credential(row)
}

func (c *Control) credential(row *vpc.Key) (*Credential, error) {
	if e, ok := c.keyring.known.Load(row.ID); ok && e.(*unsealedKey).row == row {
		return e.(*unsealedKey).cred, nil
	}
	secret, err := c.st.Unseal(store.Keys.Row(row.ID), "secret", row.Secret)
	if err != nil {
		return nil, err
	}
	cred := &Credential{KeyID: row.ID, Account: row.Account, Role: row.Role, Actions: row.Actions, Secret: vpc.Secret(secret)}
	c.keyring.known.Store(row.ID, &unsealedKey{row, cred})
	return cred, nil
}

// Permit refuses an action that the key's role does not allow; write says whether the
// action changes something.
func (c *Control) Permit(cred *Credential, action string, write bool) error {
	ok := false
	switch cred.Role {
	case vpc.RoleAdmin:
		ok = true
	case vpc.RoleRead:
		ok = !write && !strings.HasPrefix(action, "Download")
	case vpc.RoleActions:
		ok = slices.Contains(cred.Actions, action)
	}
	if ok {
		return nil
	}
	return vpc.Refuse(vpc.AuthFailureUnauthorizedOperation, "", "this key may not call %s", "该密钥无权调用 %s", action)
}

// keyPair is a new key, its secret in the clear and sealed.
type keyPair struct {
	id     string
	secret string
	sealed vpc.Sealed
}

func (c *Control) newKeyPair() (*keyPair, error) {
	pair := &keyPair{id: "AKID" + randomText(32), secret: randomText(32)}
	var err error
	pair.sealed, err = c.st.Seal(store.Keys.Row(pair.id), "secret", []byte(pair.secret))
	return pair, err
}

func (p *keyPair) row(tx *store.Tx, account vpc.AccountID, role vpc.KeyRole, actions []string) *vpc.Key {
	return &vpc.Key{ID: p.id, Account: account, Secret: p.sealed, Role: role, Actions: actions, Created: tx.Now()}
}

func (p *keyPair) of(account vpc.AccountID) *Credential {
	return &Credential{KeyID: p.id, Account: account, Role: vpc.RoleAdmin, Secret: vpc.Secret(p.secret)}
}

// randomText draws n letters and digits from the system's randomness.
func randomText(n int) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	out := make([]byte, 0, n)
	for len(out) < n {
		var b [64]byte
		_, _ = rand.Read(b[:]) // never fails
		for _, x := range b {
			if x &= 63; int(x) < len(alphabet) && len(out) < n {
				out = append(out, alphabet[x])
			}
		}
	}
	return string(out)
}

// CreateKey makes a key for an account; actions only with RoleActions.
func (c *Control) CreateKey(ctx context.Context, caller *Caller, account vpc.AccountID, role vpc.KeyRole, actions []string) (*Credential, error) {
	if err := checkRole(role, actions); err != nil {
		return nil, err
	}
	pair, err := c.newKeyPair()
	if err != nil {
		return nil, err
	}
	actions = changeSet(nil, actions, nil)
	err = c.update(ctx, caller, func(tx *store.Tx) error {
		if _, ok := store.Accounts.Get(tx, account); !ok {
			return vpc.Refuse(vpc.ResourceNotFound, "account", "there is no account %d", "账号 %d 不存在", account)
		}
		store.Keys.Put(tx, pair.row(tx, account, role, actions))
		return nil
	})
	if err != nil {
		return nil, err
	}
	cred := pair.of(account)
	cred.Role, cred.Actions = role, actions
	return cred, nil
}

func checkRole(role vpc.KeyRole, actions []string) error {
	switch {
	case role != vpc.RoleAdmin && role != vpc.RoleRead && role != vpc.RoleActions:
		return vpc.Refuse(vpc.InvalidParameterValue, "role", "`%s` is none of admin, read, actions", "`%s` 不是 admin、read、actions 之一", vpc.Clip(string(role)))
	case role == vpc.RoleActions && len(actions) == 0:
		return vpc.Refuse(vpc.MissingParameter, "actions", "a key of this role needs at least one action", "该角色的密钥至少需要一个接口")
	case role != vpc.RoleActions && len(actions) > 0:
		return vpc.Refuse(vpc.InvalidParameterValue, "actions", "they go with the role actions only", "仅可用于 actions 角色")
	}
	return nil
}

// Keys lists the keys of an account, or of all with account 0, oldest first.
func (c *Control) Keys(ctx context.Context, account vpc.AccountID) ([]*vpc.Key, error) {
	view, err := c.read(ctx)
	if err != nil {
		return nil, err
	}
	if account != 0 {
		return slices.Collect(store.KeysByAccount.All(view, account)), nil
	}
	var out []*vpc.Key
	for a := range store.Accounts.All(view) {
		out = slices.AppendSeq(out, store.KeysByAccount.All(view, a.ID))
	}
	return out, nil
}

// FindKey finds a key of any account.
func (c *Control) FindKey(ctx context.Context, secretID string) (*vpc.Key, error) {
	view, err := c.read(ctx)
	if err != nil {
		return nil, err
	}
	k, ok := store.Keys.Get(view, secretID)
	if !ok {
		return nil, noKey(secretID)
	}
	return k, nil
}

func noKey(secretID string) error {
	return vpc.Refuse(vpc.ResourceNotFound, "key", "there is no key `%s`", "密钥 `%s` 不存在", vpc.Clip(secretID))
}

// DisableKey makes a key useless at once, or with disabled false good again.
func (c *Control) DisableKey(ctx context.Context, caller *Caller, secretID string, disabled bool) (*vpc.Key, error) {
	var set *vpc.Key
	err := c.update(ctx, caller, func(tx *store.Tx) error {
		old, ok := store.Keys.Get(tx, secretID)
		if !ok {
			return noKey(secretID)
		}
		k := *old
		k.Disabled = disabled
		store.Keys.Put(tx, &k)
		set = &k
		return nil
	})
	return set, err
}
