package control

import (
	"context"
	"encoding/json"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/gatewright/gatewright/internal/store"
	"github.com/gatewright/gatewright/internal/vpc"
)

// Config is what an operator decides about a Control. The zero value of a field that
// has a default means that default.
type Config struct {
	Region   vpc.Region      // region of calls that name none
	Zones    []vpc.Zone      // zones of Region; nil: three, numbered 1 to 3
	Site     vpc.Site        // cn or intl: bandwidth lists, renew-flag default, currency
	Settle   time.Duration   // how long a new thing reads PENDING, a deleted one DELETING
	Pool     []vpc.AddrRange // public addresses, exclusions already cut out
	HostName vpc.HostName    // of this server's host; empty: it runs without a data plane
	// Traffic is what the gateways of this server's host carried in the minute that begins
	// at an instant, by connection; nil: nobody counts.
	Traffic func(ctx context.Context, id vpc.GatewayID, minute vpc.Instant) ([]vpc.PeerTraffic, error)

	ReuseAfter time.Duration  // how long a released public address rests
	Grace      time.Duration  // from isolation of an unpaid gateway to its deletion
	Prices     *vpc.PriceBook // nil: the site's own
	Rate       int            // calls a second for each account, action and region; 0: DefaultRate, negative: no limit
	Logger     *slog.Logger
}

// Control decides. Make one with New.
type Control struct {
	st  *store.Store
	cfg Config
	log *slog.Logger
	keyring
	pool      *pool
	hostPools sync.Map // by their ranges, *pool
	refused   chan vpc.AuditEntry
}

// New makes a Control over an open store.
func New(st *store.Store, cfg Config) *Control {
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.Prices == nil {
		cfg.Prices = vpc.DefaultPrices(cfg.Site)
	}
	if cfg.Grace == 0 {
		cfg.Grace = 7 * 24 * time.Hour
	}
	if cfg.Rate == 0 {
		cfg.Rate = DefaultRate
	}
	cfg.Rate = max(cfg.Rate, 0)
	return &Control{st: st, cfg: cfg, log: cfg.Logger, pool: newPool(cfg.Pool), refused: make(chan vpc.AuditEntry, 4096)}
}

// Site is the kind of vendor site that this server imitates.
func (c *Control) Site() vpc.Site { return c.cfg.Site }

// Run does what time asks for (expiries, deletions, settlement) and records refused
// calls, until ctx ends.
func (c *Control) Run(ctx context.Context) error {
	done := make(chan struct{})
	go func() {
		defer close(done)
		c.recordRefused(ctx)
	}()
	c.runQueue(ctx)
	<-done
	return ctx.Err()
}

// Caller is who asks, where and with which request. It is made by the API after
// authentication and does not change once a method of Control has it.
type Caller struct {
	Account   vpc.AccountID
	KeyID     string // SecretId, or "operator"
	Role      vpc.KeyRole
	Region    vpc.Region
	Action    string
	RequestID string
	Source    string          // the caller's address
	Params    json.RawMessage // the call's inputs with secrets replaced, for the audit
	Language  vpc.Language
	Codes     vpc.Listed // the codes that the action documents; nil: any
	Actions   []string   // with RoleActions, what the key may call
	Fault     bool       // the call met a fault that the operator has set
}

// Scope is the account and region that the call works in.
func (c *Caller) Scope() vpc.Scope { return vpc.Scope{Account: c.Account, Region: c.Region} }

// Global is the scope of things that belong to no region.
func (c *Caller) Global() vpc.Scope { return vpc.Scope{Account: c.Account} }

// SeesSecrets reports whether answers may hold pre-shared keys: only to keys that may
// write them.
func (c *Caller) SeesSecrets() bool {
	return c.Role == vpc.RoleAdmin || c.Role == vpc.RoleActions &&
		(slices.Contains(c.Actions, "CreateVpnConnection") || slices.Contains(c.Actions, "ModifyVpnConnectionAttribute"))
}

func (c *Caller) audit(at vpc.Instant, result string) vpc.AuditEntry {
	return vpc.AuditEntry{
		At: at, Account: c.Account, Key: c.KeyID, Action: c.Action, Region: c.Region,
		Params: c.Params, Result: result, Fault: c.Fault, RequestID: c.RequestID, Source: c.Source,
	}
}

// update evaluates fn in one transaction that also holds the call's audit entry.
func (c *Control) update(ctx context.Context, caller *Caller, fn func(*store.Tx) error) error {
	return c.updateAs(ctx, caller, func(tx *store.Tx) (string, error) { return "OK", fn(tx) })
}

// updateAs is update where fn says what the audit has as the call's result.
func (c *Control) updateAs(ctx context.Context, caller *Caller, fn func(*store.Tx) (string, error)) error {
	_, err := c.st.Update(ctx, func(tx *store.Tx) error {
		result, err := fn(tx)
		if err == nil {
			tx.Append(store.Audit, caller.audit(tx.Now(), result))
		}
		return err
	})
	return err
}

// read gives a snapshot that holds every write acknowledged before the call, on any
// replica.
func (c *Control) read(ctx context.Context) (*store.View, error) { return c.st.Read(ctx) }

// account finds the caller's own row. A key outlives no account, so its absence is a fault.
func account(r store.Reader, id vpc.AccountID) (*vpc.Account, error) {
	a, ok := store.Accounts.Get(r, id)
	if !ok {
		return nil, vpc.Refuse(vpc.AuthFailureSecretIdNotFound, "", "the account of this key is gone", "该密钥所属账号已不存在")
	}
	return a, nil
}
