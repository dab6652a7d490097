package control

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"sync"
	"time"

	"github.com/gatewright/gatewright/internal/store"
	"github.com/gatewright/gatewright/internal/vpc"
)

// Seed is a test tool: it fills a store with rows as callers would have made them, but
// past quotas, the ledger and the audit of each, and free of charge.

// SeedSpec is how much to make.
type SeedSpec struct {
	Gateways    int        `json:"gateways"`
	Connections int        `json:"connections"`
	VPCs        int        `json:"vpcs"`   // 0: one for every ten gateways
	Region      vpc.Region `json:"region"` // empty: the server's
}

// Seeded tells what to look for in a seeded store.
type Seeded struct {
	Account        vpc.AccountID
	SecretID       string `json:"SecretId"`
	SecretKey      string
	BigVPC         vpc.VPCID // a VPC with a tenth of the gateways
	InBigVPC       int
	Name           string // a name that a tenth of the gateways bear
	PerName        int
	TagKey         string // a tag that every other VPC bears
	TagValue       string
	TaggedVPCs     int
	SampleGateways []vpc.GatewayID // spread over all
}

const (
	maxSeed       = 10_000_000 // of each kind
	seedSamples   = 1000
	seedTagKey    = "seed"
	seedCommon    = "seed-common"
	seedChunk     = 10 // rows in one call; the store joins some twelve calls to a commit
	seedWorkers   = 64
	seedPerPeer   = 10 // connections of one customer gateway
	seedPerVPC    = 10 // gateways of one VPC, but for the big one
	seedBandwidth = 5
)

// Seed makes an account of its own and fills it. Said is told now and then what has
// been made; an error of it ends the work.
func (c *Control) Seed(ctx context.Context, caller *Caller, spec SeedSpec, said func(progress string) error) (*Seeded, error) {
	if err := spec.check(); err != nil {
		return nil, err
	}
	if spec.VPCs == 0 {
		spec.VPCs = max(1, spec.Gateways/seedPerVPC)
	}
	if spec.Region == "" {
		spec.Region = c.cfg.Region
	}
	name := "seed-" + strconv.FormatInt(int64(c.st.Now()), 36)
	acct, cred, err := c.CreateAccount(ctx, caller, AccountSpec{Name: name, Balance: 1000 * DefaultBalance})
	if err != nil {
		return nil, err
	}
	s := &seeding{c: c, spec: spec, scope: vpc.Scope{Account: acct.ID, Region: spec.Region}, said: said, told: time.Now()}
	for _, step := range []func(context.Context) error{s.makeVPCs, s.makeGateways, s.makePeers, s.makeConnections} {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	return s.result(cred), nil
}

func (s SeedSpec) check() error {
	for name, n := range map[string]int{"gateways": s.Gateways, "connections": s.Connections, "vpcs": s.VPCs} {
		if n < 0 || n > maxSeed {
			return vpc.Refuse(vpc.InvalidParameterValue, name, "0 to %d is possible", "取值范围为 0 至 %d", maxSeed)
		}
	}
	if s.Connections > 0 && s.Gateways == 0 {
		return vpc.Refuse(vpc.InvalidParameterValue, "connections", "they need gateways", "需要先有网关")
	}
	if s.Region != "" && !vpc.ValidRegion(string(s.Region)) {
		return vpc.Refuse(vpc.UnsupportedRegion, "region", "`%s` is not a region's name", "`%s` 不是地域名称", vpc.Clip(string(s.Region)))
	}
	return nil
}

// seeding is a Seed at work. What one step makes the next ones refer to.
type seeding struct {
	c        *Control
	spec     SeedSpec
	scope    vpc.Scope
	vpcs     []*vpc.VPC
	gateways []*vpc.Gateway
	peers    []*vpc.CustomerGateway

	said func(string) error
	told time.Time
}

func (s *seeding) result(cred *Credential) *Seeded {
	out := &Seeded{
		Account: s.scope.Account, SecretID: cred.KeyID, SecretKey: cred.Secret.Reveal(),
		Name: seedCommon, TagKey: seedTagKey, TagValue: "even", TaggedVPCs: (len(s.vpcs) + 1) / 2,
	}
	if len(s.vpcs) > 0 {
		out.BigVPC = s.vpcs[0].ID
	}
	step := max(1, len(s.gateways)/seedSamples)
	for i, g := range s.gateways {
		if g.VPC == out.BigVPC {
			out.InBigVPC++
		}
		if g.Name == seedCommon {
			out.PerName++
		}
		if i%step == 0 {
			out.SampleGateways = append(out.SampleGateways, g.ID)
		}
	}
	return out
}

// makeRows makes n rows of one kind, many transactions at a time; put makes the i-th.
// The rows are returned in order.
func makeRows[R any](ctx context.Context, s *seeding, kind string, n int, put func(tx *store.Tx, i int) (*R, error)) ([]*R, error) {
	out := make([]*R, n)
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	begins := make(chan int)
	var wg sync.WaitGroup
	for range seedWorkers {
		wg.Go(func() {
			for begin := range begins {
				if err := makeChunk(ctx, s, out[begin:min(begin+seedChunk, n)], begin, put); err != nil {
					stop(err)
				}
			}
		})
	}
	for begin := 0; begin < n && ctx.Err() == nil; begin += seedChunk {
		begins <- begin
		if err := s.tell(kind, begin, n); err != nil {
			stop(err)
		}
	}
	close(begins)
	wg.Wait()
	return out, context.Cause(ctx)
}

// makeChunk makes the rows from begin on in one transaction. A store that is busy, say
// with its own upkeep, is tried again.
func makeChunk[R any](ctx context.Context, s *seeding, rows []*R, begin int, put func(*store.Tx, int) (*R, error)) error {
	for {
		_, err := s.c.st.Update(ctx, func(tx *store.Tx) error {
			for i := range rows {
				row, err := put(tx, begin+i)
				if err != nil {
					return err
				}
				rows[i] = row
			}
			return nil
		})
		if !errors.Is(err, &vpc.Error{Code: vpc.ServiceUnavailable}) || ctx.Err() != nil {
			return err
		}
		if err := s.settled(ctx); err != nil {
			return err
		}
		if rows[0] != nil && kept(s.c.st.View(), rows[0]) {
			return nil
		}
	}
}

// settled waits until the store writes again; what became of earlier calls is then
// known.
func (s *seeding) settled(ctx context.Context) error {
	for ctx.Err() == nil {
		if _, err := s.c.st.Update(ctx, func(*store.Tx) error { return nil }); err == nil {
			return nil
		}
		pause(ctx, 100*time.Millisecond)
	}
	return ctx.Err()
}

func kept(r store.Reader, row any) (ok bool) {
	switch row := row.(type) {
	case *vpc.VPC:
		_, ok = store.VPCs.Get(r, row.ID)
	case *vpc.Gateway:
		_, ok = store.Gateways.Get(r, row.ID)
	case *vpc.CustomerGateway:
		_, ok = store.CustomerGateways.Get(r, row.ID)
	case *vpc.Connection:
		_, ok = store.Connections.Get(r, row.ID)
	}
	return ok
}

// tell says at most once a second how far it is.
func (s *seeding) tell(kind string, done, of int) error {
	if time.Since(s.told) < time.Second {
		return nil
	}
	s.told = time.Now()
	return s.said(fmt.Sprintf("%d of %d %s", done, of, kind))
}

var seedRange = netip.MustParsePrefix("10.0.0.0/16")

func (s *seeding) makeVPCs(ctx context.Context) (err error) {
	s.vpcs, err = makeRows(ctx, s, "VPCs", s.spec.VPCs, func(tx *store.Tx, i int) (*vpc.VPC, error) {
		row, refusal := vpc.NewVPC(vpc.VPCSpec{Name: "seed-" + strconv.Itoa(i), CIDR: seedRange.String()}, nil)
		if refusal != nil {
			return nil, refusal
		}
		v := putVPC(tx, s.scope, row)
		value := [2]string{"even", "odd"}[i%2]
		putTagging(tx, &vpc.Tagging{Resource: vpcResource(v.ID), Scope: s.scope, Tags: []vpc.Tag{{Key: seedTagKey, Value: value}}, Created: v.Created})
		return v, nil
	})
	return err
}

func (s *seeding) makeGateways(ctx context.Context) (err error) {
	zones := s.c.zones(s.scope.Region)
	s.gateways, err = makeRows(ctx, s, "gateways", s.spec.Gateways, func(tx *store.Tx, i int) (*vpc.Gateway, error) {
		public, ok := s.c.pool.take(tx)
		if !ok {
			return nil, vpc.Refuse(vpc.FailedOperationCreateVpnGatewayFailed, "", "no public address is free in the pool of this server", "本服务的公网地址池已耗尽")
		}
		order := vpc.GatewayOrder{Gateway: vpc.Gateway{
			Scope: s.scope, Name: seedName(i), VPC: s.vpcOf(i).ID, Type: vpc.TypeIPsec, Zone: zones[i%len(zones)],
			Bandwidth: seedBandwidth, Version: vpc.GatewayVersion, Charge: vpc.Postpaid, RenewFlag: vpc.RenewByItself, Generation: 1,
		}}
		g, _ := order.Make(newID(tx, store.Gateways, vpc.PrefixGateway), public, tx.Now(), s.c.life())
		g.RateSince = 0 // free of charge
		store.Gateways.Put(tx, g)
		return g, nil
	})
	return err
}

func seedName(i int) string {
	if i%10 == 0 {
		return seedCommon
	}
	return "seed-" + strconv.Itoa(i)
}

// vpcOf puts every tenth gateway into the first VPC and spreads the others.
func (s *seeding) vpcOf(i int) *vpc.VPC {
	if i%10 == 0 || len(s.vpcs) == 1 {
		return s.vpcs[0]
	}
	return s.vpcs[1+i%(len(s.vpcs)-1)]
}

// rounds is how many connections the first gateway has.
func (s *seeding) rounds() int {
	return (s.spec.Connections + len(s.gateways) - 1) / max(1, len(s.gateways))
}

// peersPerRound is how many customer gateways one connection of each gateway needs.
func (s *seeding) peersPerRound() int { return (len(s.gateways) + seedPerPeer - 1) / seedPerPeer }

func (s *seeding) makePeers(ctx context.Context) (err error) {
	n := 0
	if s.spec.Connections > 0 {
		n = s.rounds() * s.peersPerRound()
	}
	s.peers, err = makeRows(ctx, s, "customer gateways", n, func(tx *store.Tx, i int) (*vpc.CustomerGateway, error) {
		p := &vpc.CustomerGateway{
			ID: newID(tx, store.CustomerGateways, vpc.PrefixCustomerGateway), Scope: s.scope,
			Name: "seed-" + strconv.Itoa(i), Addr: seedAddr(i), Created: tx.Now(),
		}
		store.CustomerGateways.Put(tx, p)
		return p, nil
	})
	return err
}

// seedAddr spreads customer gateways over 20.0.0.0/6, the host part never 0 or 255.
func seedAddr(i int) netip.Addr {
	host := i%254 + 1
	i /= 254
	return netip.AddrFrom4([4]byte{byte(20 + i>>16), byte(i >> 8), byte(i), byte(host)})
}

func (s *seeding) makeConnections(ctx context.Context) error {
	_, err := makeRows(ctx, s, "connections", s.spec.Connections, func(tx *store.Tx, i int) (*vpc.Connection, error) {
		round, at := i/len(s.gateways), i%len(s.gateways)
		x, refusal := s.connection(s.gateways[at], s.peers[round*s.peersPerRound()+at/seedPerPeer], round)
		if refusal != nil {
			return nil, refusal
		}
		x.ID, x.Scope = newID(tx, store.Connections, vpc.PrefixConnection), s.scope
		x.Name, x.Created, x.Generation = "seed-"+strconv.Itoa(i), tx.Now(), 1
		if err := s.c.seal(x, vpc.Secret("seed-"+string(x.ID))); err != nil {
			return nil, err
		}
		store.Connections.Put(tx, x)
		return x, nil
	})
	return err
}

// connection lays out one tunnel. Each round of a gateway has a remote range of its own.
func (s *seeding) connection(g *vpc.Gateway, peer *vpc.CustomerGateway, round int) (*vpc.Connection, *vpc.Error) {
	remote := netip.PrefixFrom(netip.AddrFrom4([4]byte{172, byte(16 + round>>8&15), byte(round), 0}), 24)
	return vpc.NewConnection(
		vpc.ConnectionSpec{Tunnel: vpc.TunnelSpec{Policies: []vpc.PolicySpec{{Local: seedRange.String(), Remotes: []string{remote.String()}}}}},
		&vpc.Surroundings{
			Site: s.c.cfg.Site, Gateway: g, CustomerGateway: peer, VPCRanges: []netip.Prefix{seedRange},
			Quota: func(string) int { return maxSeed },
		})
}
