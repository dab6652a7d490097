package ipsec

import (
	"slices"
	"strconv"
	"strings"

	"github.com/strongswan/govici/vici"
)

// ikeSA is one IKE_SA as charon lists it.
type ikeSA struct {
	connection string
	id         uint32
	state      string
	remote     string // the peer's address
	creating   bool   // a CHILD_SA is being negotiated in it, or waits for that
	children   []childSA
}

// childSA is one CHILD_SA.
type childSA struct {
	name      string
	id        uint32
	state     string
	spiIn     string
	local     []span // what the peer agreed to
	remote    []span
	selectors string // the same, as charon writes it
	cipher    string
	bytesIn   uint64
	bytesOut  uint64
	packetsIn uint64
	packetOut uint64
	heard     bool // something has come in
	silence   uint64
}

// usable says whether packets pass: while it is being replaced the old one still serves.
func (c childSA) usable() bool { return c.state == "INSTALLED" || c.state == "REKEYING" }

// established says whether the IKE_SA can carry exchanges.
func (s ikeSA) established() bool { return s.state == "ESTABLISHED" || s.state == "REKEYING" }

// underWay says whether a negotiation is going on that may still end well.
func (s ikeSA) underWay() bool { return s.state == "CREATED" || s.state == "CONNECTING" }

// parseSAs reads a list-sa, ike-updown or child-updown message: sections by connection.
func parseSAs(m *vici.Message) []ikeSA {
	var out []ikeSA
	sections(m, func(name string, s *vici.Message) {
		sa := ikeSA{connection: name, id: uint32(number(s, "uniqueid")), state: text(s, "state"), remote: text(s, "remote-host")}
		for _, tasks := range []string{"tasks-active", "tasks-queued"} {
			names, _ := s.Get(tasks).([]string)
			sa.creating = sa.creating || slices.Contains(names, "CHILD_CREATE") || slices.Contains(names, "QUICK_MODE")
		}
		kids, _ := s.Get("child-sas").(*vici.Message)
		sections(kids, func(key string, k *vici.Message) {
			if old, ok := k.Get("old").(*vici.Message); ok { // child-rekey has two below the name
				sa.children = append(sa.children, parseChild(old))
				k, _ = k.Get("new").(*vici.Message)
			}
			if k != nil {
				sa.children = append(sa.children, parseChild(k))
			}
		})
		out = append(out, sa)
	})
	return out
}

func parseChild(m *vici.Message) childSA {
	local, _ := m.Get("local-ts").([]string)
	remote, _ := m.Get("remote-ts").([]string)
	_, heard := m.Get("use-in").(string)
	return childSA{
		name: text(m, "name"), id: uint32(number(m, "uniqueid")), state: text(m, "state"), spiIn: text(m, "spi-in"),
		local: spans(local), remote: spans(remote),
		selectors: strings.Join(local, " ") + " - " + strings.Join(remote, " "),
		cipher:    strings.Trim(text(m, "encr-alg")+"-"+text(m, "encr-keysize")+"-"+text(m, "integ-alg"), "-"),
		bytesIn:   number(m, "bytes-in"), bytesOut: number(m, "bytes-out"),
		packetsIn: number(m, "packets-in"), packetOut: number(m, "packets-out"),
		heard: heard, silence: number(m, "use-in"),
	}
}

func number(m *vici.Message, key string) uint64 {
	n, _ := strconv.ParseUint(text(m, key), 10, 64)
	return n
}

// serving are the CHILD_SAs through which packets pass.
func serving(sas []ikeSA) (out []childSA) {
	for _, s := range sas {
		for _, c := range s.children {
			if c.usable() {
				out = append(out, c)
			}
		}
	}
	return out
}
