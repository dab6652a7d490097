package operator

import (
	"context"

	"github.com/gatewright/gatewright/internal/control"
	"github.com/gatewright/gatewright/internal/vpc"
)

// Account is an account as the operator sees it.
type Account struct {
	Uin       vpc.AccountID `json:"uin"`
	AppID     vpc.AppID     `json:"appId"`
	Name      string        `json:"name"`
	Root      bool          `json:"root,omitempty"`
	Verified  bool          `json:"verified"`
	Balance   float64       `json:"balance"` // whole units of the site's currency
	Allow     []string      `json:"allowLists"`
	CDCs      []vpc.CDCID   `json:"cdcs"`
	TagQuota  vpc.TagQuota  `json:"tagQuota"`
	TagPolicy string        `json:"tagPolicy"`
	Created   string        `json:"created"`
}

func accountOf(a *vpc.Account) Account {
	policy := string(a.TagPolicy)
	if policy == "" {
		policy = anyTag
	}
	return Account{
		Uin: a.ID, AppID: a.AppID, Name: a.Name, Root: a.Root, Verified: a.Verified, Balance: a.Balance.Float(),
		Allow: append([]string{}, a.Allow...), CDCs: append([]vpc.CDCID{}, a.CDCs...),
		TagQuota: a.TagQuota, TagPolicy: policy, Created: stamp(a.Created),
	}
}

// anyTag is how the operator writes vpc.TagAny.
const anyTag = "any"

// NewAccount is the inputs of account create. A nil Balance is the default.
type NewAccount struct {
	Name       string  `json:"name"`
	Unverified bool    `json:"unverified,omitempty"`
	Balance    *Amount `json:"balance,omitempty"`
}

// MadeAccount is a new account and its first key.
type MadeAccount struct {
	Account
	SecretID  string `json:"secretId"`
	SecretKey string `json:"secretKey"`
}

// AccountRef names an account by number or name; empty is the only one there is.
type AccountRef struct {
	Account string `json:"account"`
}

// AccountChange is the inputs of account set; what is absent stays as it is.
type AccountChange struct {
	AccountRef
	Verified      *bool       `json:"verified,omitempty"`
	Balance       *Amount     `json:"balance,omitempty"`
	TagPolicy     *string     `json:"tagPolicy,omitempty"`
	TagsAllocated *bool       `json:"tagsAllocated,omitempty"`
	TagKeys       *int        `json:"tagKeys,omitempty"`
	TagPairs      *int        `json:"tagPairs,omitempty"`
	TagsPerCall   *int        `json:"tagsPerCall,omitempty"`
	Allow         []string    `json:"allow,omitempty"`
	Disallow      []string    `json:"disallow,omitempty"`
	AddCDCs       []vpc.CDCID `json:"addCdcs,omitempty"`
	RemoveCDCs    []vpc.CDCID `json:"removeCdcs,omitempty"`
}

func (s *Server) createAccount(r *request, in NewAccount) (MadeAccount, error) {
	spec := control.AccountSpec{Name: in.Name, Unverified: in.Unverified, Balance: control.DefaultBalance}
	if in.Balance != nil {
		spec.Balance = vpc.Money(*in.Balance)
	}
	a, cred, err := s.Control.CreateAccount(r, r.caller, spec)
	if err != nil {
		return MadeAccount{}, err
	}
	return MadeAccount{Account: accountOf(a), SecretID: cred.KeyID, SecretKey: cred.Secret.Reveal()}, nil
}

func (s *Server) listAccounts(r *request, _ struct{}) ([]Account, error) {
	rows, err := s.Control.Accounts(r)
	out := make([]Account, 0, len(rows))
	for _, a := range rows {
		out = append(out, accountOf(a))
	}
	return out, err
}

func (s *Server) showAccount(r *request, in AccountRef) (Account, error) {
	a, err := s.Control.FindAccount(r, in.Account)
	if err != nil {
		return Account{}, err
	}
	return accountOf(a), nil
}

func (s *Server) setAccount(r *request, in AccountChange) (Account, error) {
	a, err := s.Control.FindAccount(r, in.Account)
	if err != nil {
		return Account{}, err
	}
	change := control.AccountChange{
		Verified: in.Verified, Balance: (*vpc.Money)(in.Balance),
		TagsAllocated: in.TagsAllocated, TagKeys: in.TagKeys, TagPairs: in.TagPairs, TagsPerCall: in.TagsPerCall,
		Allow: in.Allow, Disallow: in.Disallow, AddCDCs: in.AddCDCs, RemoveCDCs: in.RemoveCDCs,
	}
	if in.TagPolicy != nil {
		policy := vpc.TagPolicy(*in.TagPolicy)
		if policy == anyTag {
			policy = vpc.TagAny
		}
		change.TagPolicy = &policy
	}
	if a, err = s.Control.SetAccount(r, r.on(a.ID), a.ID, change); err != nil {
		return Account{}, err
	}
	return accountOf(a), nil
}

// accountID resolves a ref where an empty one means all accounts, number 0.
func (s *Server) accountID(r *request, ref string) (vpc.AccountID, error) {
	if ref == "" {
		return 0, nil
	}
	a, err := s.Control.FindAccount(r, ref)
	if err != nil {
		return 0, err
	}
	r.on(a.ID)
	return a.ID, nil
}

// CreateAccount makes an account.
func (c *Client) CreateAccount(ctx context.Context, in NewAccount) (MadeAccount, error) {
	return ask[MadeAccount](ctx, c, "account create", in)
}

// Accounts lists the accounts.
func (c *Client) Accounts(ctx context.Context) ([]Account, error) {
	return ask[[]Account](ctx, c, "account list", struct{}{})
}

// Account shows one account.
func (c *Client) Account(ctx context.Context, ref string) (Account, error) {
	return ask[Account](ctx, c, "account show", AccountRef{ref})
}

// SetAccount changes an account.
func (c *Client) SetAccount(ctx context.Context, in AccountChange) (Account, error) {
	return ask[Account](ctx, c, "account set", in)
}
