package operator

import (
	"context"

	"github.com/gatewright/gatewright/internal/vpc"
)

// Key is an access key without its secret.
type Key struct {
	SecretID string        `json:"secretId"`
	Account  vpc.AccountID `json:"uin"`
	Role     vpc.KeyRole   `json:"role"`
	Actions  []string      `json:"actions,omitempty"`
	Disabled bool          `json:"disabled"`
	Created  string        `json:"created"`
}

func keyOf(k *vpc.Key) Key {
	return Key{SecretID: k.ID, Account: k.Account, Role: k.Role, Actions: k.Actions, Disabled: k.Disabled, Created: stamp(k.Created)}
}

// NewKey is the inputs of key create.
type NewKey struct {
	AccountRef
	Role    vpc.KeyRole `json:"role"`
	Actions []string    `json:"actions,omitempty"`
}

// MadeKey is a new key with its secret, which is shown this once.
type MadeKey struct {
	SecretID  string        `json:"secretId"`
	SecretKey string        `json:"secretKey"`
	Account   vpc.AccountID `json:"uin"`
	Role      vpc.KeyRole   `json:"role"`
}

// KeyRef names a key.
type KeyRef struct {
	SecretID string `json:"secretId"`
}

func (s *Server) createKey(r *request, in NewKey) (MadeKey, error) {
	a, err := s.Control.FindAccount(r, in.Account)
	if err != nil {
		return MadeKey{}, err
	}
	cred, err := s.Control.CreateKey(r, r.on(a.ID), a.ID, in.Role, in.Actions)
	if err != nil {
		return MadeKey{}, err
	}
	return MadeKey{SecretID: cred.KeyID, SecretKey: cred.Secret.Reveal(), Account: a.ID, Role: cred.Role}, nil
}

func (s *Server) listKeys(r *request, in AccountRef) ([]Key, error) {
	account, err := s.accountID(r, in.Account)
	if err != nil {
		return nil, err
	}
	rows, err := s.Control.Keys(r, account)
	out := make([]Key, 0, len(rows))
	for _, k := range rows {
		out = append(out, keyOf(k))
	}
	return out, err
}

func (s *Server) disableKey(r *request, in KeyRef) (Key, error) { return s.switchKey(r, in, true) }

func (s *Server) enableKey(r *request, in KeyRef) (Key, error) { return s.switchKey(r, in, false) }

func (s *Server) switchKey(r *request, in KeyRef, disabled bool) (Key, error) {
	k, err := s.Control.FindKey(r, in.SecretID)
	if err != nil {
		return Key{}, err
	}
	if k, err = s.Control.DisableKey(r, r.on(k.Account), k.ID, disabled); err != nil {
		return Key{}, err
	}
	return keyOf(k), nil
}

// CreateKey makes a key.
func (c *Client) CreateKey(ctx context.Context, in NewKey) (MadeKey, error) {
	return ask[MadeKey](ctx, c, "key create", in)
}

// Keys lists the keys of an account, or of all with an empty ref.
func (c *Client) Keys(ctx context.Context, account string) ([]Key, error) {
	return ask[[]Key](ctx, c, "key list", AccountRef{account})
}

// DisableKey makes a key useless at once.
func (c *Client) DisableKey(ctx context.Context, secretID string) (Key, error) {
	return ask[Key](ctx, c, "key disable", KeyRef{secretID})
}

// EnableKey makes a disabled key good again.
func (c *Client) EnableKey(ctx context.Context, secretID string) (Key, error) {
	return ask[Key](ctx, c, "key enable", KeyRef{secretID})
}
