package netdev

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/google/nftables"
	"github.com/google/nftables/expr"
	"github.com/google/nftables/userdata"
	nft "github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"

	"github.com/gatewright/gatewright/internal/host"
	"github.com/gatewright/gatewright/internal/plan"
)

// ruleset is what a table holds, in the form in which two are compared: a line for each
// chain and rule in order, and the names of counters.
type ruleset struct {
	chains   []string // with their hook, priority and policy
	rules    []string // chain and the digest that the rule carries
	counters []string
}

func (r ruleset) equal(o ruleset) bool {
	return slices.Equal(r.chains, o.chains) && slices.Equal(r.rules, o.rules) && slices.Equal(r.counters, o.counters)
}

// firewall replaces the whole ruleset in one transaction when it differs in anything.
// Counters that stay wanted keep their values.
func (p *pass) firewall(ns plan.Namespace) error {
	s, err := p.open(ns.Name)
	if err != nil {
		return err
	}
	lacks := p.d.lacks()
	want, err := compile(ns.Firewall, lacks)
	if err != nil {
		return &host.Error{Op: "compile firewall", Namespace: ns.Name, Err: err, Hint: host.Hint(unix.EOPNOTSUPP)}
	}
	for _, text := range want.without {
		p.facts = append(p.facts, ns.Name+": this kernel cannot match it, left out: "+text)
	}
	for _, text := range want.loose {
		p.facts = append(p.facts, ns.Name+": this kernel does not track connections, so it also lets begin what may only answer: "+text)
	}
	c, err := s.nftables()
	if err != nil {
		return err
	}
	defer c.CloseLasting()
	have, err := s.ruleset(c)
	if err != nil {
		return &host.Error{Op: "read firewall", Namespace: ns.Name, Err: err, Hint: host.Hint(err)}
	}
	if have.equal(want.text()) {
		return nil
	}
	return p.do("replace firewall", table, ns.Name, func() error {
		want.queue(c, have)
		return c.Flush()
	})
}

// nftables opens a connection; the caller closes it with CloseLasting.
func (s *space) nftables() (*nftables.Conn, error) {
	c, err := nftables.New(nftables.WithNetNSFd(int(s.fd)), nftables.AsLasting(),
		nftables.WithSockOptions(func(c *nft.Conn) error { return c.SetReadBuffer(1 << 20) }))
	if err != nil {
		return nil, &host.Error{Op: "open nftables", Namespace: s.name, Err: err, Hint: host.Hint(err)}
	}
	return c, nil
}

var ourTable = &nftables.Table{Name: table, Family: nftables.TableFamilyIPv4}

// ruleset reads what our table holds.
func (s *space) ruleset(c *nftables.Conn) (ruleset, error) {
	var out ruleset
	chains, err := c.ListChainsOfTableFamily(nftables.TableFamilyIPv4)
	if err != nil {
		return out, err
	}
	for _, ch := range chains {
		if ch.Table.Name == table {
			out.chains = append(out.chains, chainText(ch))
		}
	}
	slices.Sort(out.chains)
	if out.rules, err = s.ruleDigests(); err != nil {
		return out, err
	}
	counters, err := readCounters(c)
	if err != nil {
		return out, err
	}
	out.counters = slices.Sorted(maps.Keys(counters))
	return out, nil
}

func chainText(c *nftables.Chain) string {
	hook, priority, policy := -1, 0, nftables.ChainPolicyAccept
	if c.Hooknum != nil {
		hook = int(*c.Hooknum)
	}
	if c.Priority != nil {
		priority = int(*c.Priority)
	}
	if c.Policy != nil {
		policy = *c.Policy
	}
	return fmt.Sprintf("%s %s hook %d priority %d policy %d", c.Name, c.Type, hook, priority, policy)
}

// ruleDigests reads chain and digest of all rules. The library cannot read every
// expression that it can write, so this reads nothing else.
func (s *space) ruleDigests() ([]string, error) {
	c, err := nft.Dial(unix.NETLINK_NETFILTER, &nft.Config{NetNS: int(s.fd)})
	if err != nil {
		return nil, err
	}
	defer c.Close()
	attrs, err := nft.MarshalAttributes([]nft.Attribute{{Type: unix.NFTA_RULE_TABLE, Data: []byte(table + "\x00")}})
	if err != nil {
		return nil, err
	}
	msgs, err := c.Execute(nft.Message{
		Header: nft.Header{Type: unix.NFNL_SUBSYS_NFTABLES<<8 | unix.NFT_MSG_GETRULE, Flags: nft.Request | nft.Dump},
		Data:   append([]byte{unix.NFPROTO_IPV4, unix.NFNETLINK_V0, 0, 0}, attrs...),
	})
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	chains := map[string][]string{}
	for _, m := range msgs {
		chain, digest, err := ruleDigest(m.Data)
		if err != nil {
			return nil, err
		}
		chains[chain] = append(chains[chain], chain+" "+digest)
	}
	var out []string
	for _, chain := range slices.Sorted(maps.Keys(chains)) {
		out = append(out, chains[chain]...)
	}
	return out, nil
}

func ruleDigest(msg []byte) (chain, digest string, err error) {
	if len(msg) < 4 {
		return "", "", errors.New("a rule is too short")
	}
	ad, err := nft.NewAttributeDecoder(msg[4:])
	if err != nil {
		return "", "", err
	}
	for ad.Next() {
		switch ad.Type() {
		case unix.NFTA_RULE_CHAIN:
			chain = ad.String()
		case unix.NFTA_RULE_USERDATA:
			digest, _ = userdata.GetString(ad.Bytes(), userdata.TypeComment)
		}
	}
	return chain, digest, ad.Err()
}

// queue fills the connection's batch with everything that makes have into c.
func (f *compiled) queue(c *nftables.Conn, have ruleset) {
	t := c.AddTable(ourTable)
	if len(f.chains) == 0 {
		c.DelTable(t)
		return
	}
	wanted := f.text()
	for _, text := range have.chains {
		name, _, _ := strings.Cut(text, " ")
		ch := &nftables.Chain{Name: name, Table: t}
		c.FlushChain(ch)
		place, _, _ := strings.Cut(text, " policy ") // a policy can be changed in place
		if !slices.ContainsFunc(wanted.chains, func(w string) bool { return strings.HasPrefix(w, place+" policy ") }) {
			c.DelChain(ch)
		}
	}
	for _, name := range wanted.counters {
		if !slices.Contains(have.counters, name) {
			c.AddObj(counterObject(t, name))
		}
	}
	for _, ch := range f.chains {
		c.AddChain(ch.chain)
		for _, r := range ch.rules {
			c.AddRule(&nftables.Rule{
				Table: t, Chain: ch.chain, Exprs: r.exprs,
				UserData: userdata.AppendString(nil, userdata.TypeComment, r.digest),
			})
		}
	}
	for _, name := range have.counters {
		if !slices.Contains(wanted.counters, name) {
			c.DeleteObject(counterObject(t, name))
		}
	}
}

func counterObject(t *nftables.Table, name string) *nftables.NamedObj {
	return &nftables.NamedObj{Table: t, Name: name, Type: nftables.ObjTypeCounter, Obj: &expr.Counter{}}
}
