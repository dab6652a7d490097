package ipsec

import (
	"errors"
	"fmt"
	"net/netip"

	"github.com/strongswan/govici/vici"

	"github.com/gatewright/gatewright/internal/plan"
	"github.com/gatewright/gatewright/internal/vpc"
)

// refusal is why a tunnel cannot be loaded, for its owner.
type refusal struct{ cause, hint string }

func (r *refusal) Error() string { return r.cause }

// connection is one tunnel in the words of VICI's load-conn. The key is not in it.
type connection struct {
	Version       int      `vici:"version"`
	Aggressive    bool     `vici:"aggressive"`
	LocalAddrs    []string `vici:"local_addrs"`
	RemoteAddrs   []string `vici:"remote_addrs"`
	Proposals     []string `vici:"proposals"`
	RekeyTime     uint32   `vici:"rekey_time"`
	OverTime      uint32   `vici:"over_time"`
	RandTime      uint32   `vici:"rand_time"`
	ReauthTime    uint32   `vici:"reauth_time"`
	DPDDelay      uint32   `vici:"dpd_delay"`
	DPDTimeout    uint32   `vici:"dpd_timeout"`
	KeyingTries   int      `vici:"keyingtries"`
	Unique        string   `vici:"unique"`
	Mobike        bool     `vici:"mobike"`
	Fragmentation string   `vici:"fragmentation"`
	Local         party    `vici:"local"`
	Remote        party    `vici:"remote"`
	Children      []child  `vici:"-"`
}

type party struct {
	Auth string `vici:"auth"`
	ID   string `vici:"id"`
}

type child struct {
	Name       string   `vici:"-"`
	LocalTS    []string `vici:"local_ts"`
	RemoteTS   []string `vici:"remote_ts"`
	Proposals  []string `vici:"esp_proposals"`
	RekeyTime  uint32   `vici:"rekey_time"`
	LifeTime   uint32   `vici:"life_time"`
	RandTime   uint32   `vici:"rand_time"`
	RekeyBytes uint64   `vici:"rekey_bytes"`
	LifeBytes  uint64   `vici:"life_bytes"`
	RandBytes  uint64   `vici:"rand_bytes"`
	Mode       string   `vici:"mode"`
}

// describe puts a tunnel into charon's words.
func describe(t plan.Tunnel) (connection, error) {
	ike, err1 := ikeProposal(t.IKE)
	esp, err2 := espProposal(t.IPsec)
	local, err3 := identity(t.LocalID)
	remote, err4 := identity(t.RemoteID)
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		return connection{}, err
	}
	c := connection{
		Version:       2,
		LocalAddrs:    []string{t.Local.String()},
		RemoteAddrs:   []string{"%any"},
		Proposals:     []string{ike},
		KeyingTries:   1, // the daemon's goroutine tries again, for ever
		Unique:        "replace",
		Fragmentation: "yes",
		Local:         party{Auth: "psk", ID: local},
		Remote:        party{Auth: "psk", ID: remote},
	}
	if t.Remote.IsValid() {
		c.RemoteAddrs = []string{t.Remote.String()}
	}
	if t.IKE.Version == ikeV1 {
		c.Version, c.Aggressive = 1, t.IKE.Exchange == "AGGRESSIVE"
	}
	c.RekeyTime, c.OverTime, c.RandTime = ikeTimes(t.IKE.Lifetime)
	if t.DPD.Enable {
		c.DPDDelay, c.DPDTimeout = dpdTimes(t.DPD.Timeout)
	}
	for _, rule := range t.Children {
		// As the responder charon takes the first of the children that match equally well. A
		// peer that asks for one pair gets the child of that pair: when charon renews the SA,
		// it asks for all that is in the child, of which a peer may take another pair.
		if pairs := pairsOf(rule); len(pairs) > 1 {
			for _, p := range pairs {
				c.Children = append(c.Children, describeChild(p.child(), t.IPsec, esp))
			}
		}
		c.Children = append(c.Children, describeChild(rule, t.IPsec, esp))
	}
	return c, nil
}

func describeChild(k plan.Child, o vpc.IPsecOptions, proposal string) child {
	c := child{Name: k.Name, LocalTS: ranges(k.Local), RemoteTS: ranges(k.Remote), Proposals: []string{proposal}, Mode: "tunnel", LifeTime: o.Lifetime}
	margin := margin(o.Lifetime, 30)
	c.RekeyTime, c.RandTime = o.Lifetime-margin, margin/2
	c.RekeyBytes, c.LifeBytes, c.RandBytes = byteLimits(o.LifetimeKiB)
	return c
}

func ranges(all []netip.Prefix) []string {
	out := make([]string, len(all))
	for i, p := range all {
		out[i] = p.String()
	}
	return out
}

// margin is how long before its end an SA is renewed: time for all retransmissions of
// the exchange where the lifetime allows it.
func margin(lifetime, least uint32) uint32 { return min(max(lifetime/10, least), 540) }

// ikeTimes are when an IKE_SA is renewed, how long after that it ends, and how much
// earlier than said it may be renewed, so that both ends seldom do it at once.
func ikeTimes(lifetime uint32) (rekey, over, random uint32) {
	m := margin(lifetime, 20)
	return lifetime - m, m, m / 2
}

// byteSlack is what may pass beyond the limit while a new SA is negotiated. At the
// limit itself charon would drop, and a fast flow is there before the exchange is done.
const byteSlack = 128 << 20

// byteLimits renews after 70 to 80 % of the limit.
func byteLimits(kib uint32) (rekey, life, random uint64) {
	limit := uint64(kib) << 10
	return limit / 10 * 8, limit + byteSlack, limit / 10
}

// retransmitted is how long charon tries to get an answer, as settings.go says.
const retransmitted = 36

// dpdTimes are after how long a silence the peer is asked whether it lives, and, for
// IKEv1, when it is taken for dead. charon gives up by itself after its retransmissions,
// so with a longer timeout the question comes later.
func dpdTimes(timeout uint32) (delay, dead uint32) {
	delay = max(1, timeout/3)
	if timeout > retransmitted {
		delay = max(delay, timeout-retransmitted)
	}
	return delay, max(timeout, delay+2)
}

// loadConn is the message of load-conn, with the children in their order.
func loadConn(t plan.Tunnel, c connection) (*vici.Message, error) {
	children, whole := vici.NewMessage(), vici.NewMessage()
	for _, k := range c.Children {
		if err := children.Set(k.Name, k); err != nil {
			return nil, err
		}
	}
	m, err := vici.MarshalMessage(c)
	if err == nil {
		err = m.Set("children", children)
	}
	if err == nil {
		err = whole.Set(string(t.Connection), m)
	}
	return whole, err
}

// sharedKey is the message of load-shared. The data goes as it is: charon takes the
// bytes of a VICI message for the key itself.
type sharedKey struct {
	ID     string   `vici:"id"`
	Type   string   `vici:"type"`
	Data   string   `vici:"data"`
	Owners []string `vici:"owners"`
}

// String keeps the key out of logs.
func (k sharedKey) String() string { return fmt.Sprintf("key %s", k.ID) }

// loadShared owns the key by the peer alone: with our own identity as a second owner a
// key would also match, less well, for every other peer of the daemon.
func loadShared(t plan.Tunnel, c connection) sharedKey {
	return sharedKey{ID: string(t.Connection), Type: "IKE", Data: t.Key.Reveal(), Owners: []string{c.Remote.ID}}
}
