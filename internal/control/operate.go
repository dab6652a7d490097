package control

import (
	"context"
	"encoding/json"
	"time"

	"github.com/gatewright/gatewright/internal/store"
	"github.com/gatewright/gatewright/internal/vpc"
)

// What the operator asks of a running server, besides the nouns that have files of
// their own. No account's wall stands before the operator.

// Status is the server's state at one moment.
type Status struct {
	Health      Health         `json:"health"`
	Revision    int64          `json:"revision"`
	Rows        map[string]int `json:"rows"`        // by table
	Gateways    map[string]int `json:"gateways"`    // by State, and by PROTECTIVELY_ISOLATED and BLOCKED
	Connections map[string]int `json:"connections"` // by State
	Tunnels     map[string]int `json:"tunnels"`     // by NetStatus
	Causes      map[string]int `json:"causes"`      // why tunnels are not up
	SSLServers  map[string]int `json:"sslServers"`  // by state, in words

	Hosts       []HostStanding    `json:"hosts"`       // by name
	GatewayList []GatewayStanding `json:"gatewayList"` // some of those that hosts carry
	TunnelList  []TunnelStanding  `json:"tunnelList"`

	SSLServerList []SSLServerStanding `json:"sslServerList"`
}

// Status looks at every row once.
func (c *Control) Status(ctx context.Context) (*Status, error) {
	view, err := c.read(ctx)
	if err != nil {
		return nil, err
	}
	s := &Status{
		Health: c.Health(), Revision: int64(view.Revision()), Rows: c.Figures().Rows,
		Gateways: map[string]int{}, Connections: map[string]int{}, Tunnels: map[string]int{}, Causes: map[string]int{},
		SSLServers: map[string]int{},
	}
	now := c.st.Now()
	for g := range store.Gateways.All(view) {
		c.countGateway(s, view, g, now)
	}
	for x := range store.Connections.All(view) {
		seen := sighting(view, x)
		s.Connections[x.State(seen, now, c.cfg.Settle).Shown()]++
		s.Tunnels[x.NetStatus(seen)]++
		if cause, _ := x.TunnelCause(seen); cause != "" {
			s.Causes[cause]++
		}
	}
	for x := range store.SSLServers.All(view) {
		s.SSLServers[x.State(sslSighting(view, x), now, c.cfg.Settle).String()]++
	}
	s.Hosts = hostStandings(view)
	s.SSLServerList = c.sslServerStandings(view, now)
	s.GatewayList, s.TunnelList = c.standings(view, now)
	return s, nil
}

func (c *Control) countGateway(s *Status, r store.Reader, g *vpc.Gateway, now vpc.Instant) {
	s.Gateways[string(c.gatewayState(r, g, now))]++
	if g.Isolated != 0 {
		s.Gateways["PROTECTIVELY_ISOLATED"]++
	}
	if g.Blocked {
		s.Gateways["BLOCKED"]++
	}
}

// FindGateway finds a gateway of any account.
func (c *Control) FindGateway(ctx context.Context, id vpc.GatewayID) (*vpc.Gateway, error) {
	view, err := c.read(ctx)
	if err != nil {
		return nil, err
	}
	g, ok := store.Gateways.Get(view, id)
	if !ok {
		return nil, vpc.NotFound(vpc.PrefixGateway, "gateway", string(id), nil)
	}
	return g, nil
}

// Tables are the names that Rows takes.
func (c *Control) Tables() []string { return store.TableNames() }

// Rows yields the rows of a table whose key begins with prefix, as JSON with every
// sealed field hidden, until yield fails.
func (c *Control) Rows(ctx context.Context, table, prefix string, yield func(key string, row json.RawMessage) error) error {
	view, err := c.read(ctx)
	if err != nil {
		return err
	}
	var failed error
	err = store.EachRow(view, table, prefix, func(key string, row any) bool {
		var text json.RawMessage
		if text, failed = json.Marshal(hideSealed(row)); failed == nil {
			failed = yield(key, text)
		}
		return failed == nil && ctx.Err() == nil
	})
	if err != nil {
		return vpc.Refuse(vpc.InvalidParameterValue, "table", "%v", "%v", err)
	}
	if failed == nil {
		failed = ctx.Err()
	}
	return failed
}

// hideSealed copies the rows that hold a secret and leaves it out.
func hideSealed(row any) any {
	switch r := row.(type) {
	case *vpc.Key:
		k := *r
		k.Secret = nil
		return k
	case *vpc.Connection:
		x := *r
		x.PreSharedKey = nil
		return x
	case *vpc.SSLServer:
		x := *r
		x.RootKey, x.Key, x.Crypt = nil, nil, nil
		return x
	case *vpc.SSLClient:
		x := *r
		x.Key = nil
		return x
	}
	return row
}

// AuditLog returns the newest audit entries not older than age (0: of any age), oldest
// first, of one account (0: all), at most limit of them (0: all).
func (c *Control) AuditLog(ctx context.Context, age time.Duration, account vpc.AccountID, limit int) ([]vpc.AuditEntry, error) {
	since := vpc.Instant(0)
	if age > 0 {
		since = c.st.Now().Add(-age)
	}
	if account == 0 {
		return c.st.AuditEntries(ctx, since, limit)
	}
	all, err := c.st.AuditEntries(ctx, since, 0)
	if err != nil {
		return nil, err
	}
	var out []vpc.AuditEntry
	for _, e := range all {
		if e.Account == account {
			out = append(out, e)
		}
	}
	if limit > 0 && len(out) > limit {
		out = out[len(out)-limit:]
	}
	return out, nil
}
