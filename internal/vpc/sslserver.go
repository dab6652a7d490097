package vpc

import (
	"net/netip"
	"time"
)

// SSLServerID names an SSL server: vpns-xxxxxxxx.
type SSLServerID string

// DNSServers are pushed to the clients of an SSL server; an invalid address is none.
type DNSServers struct {
	Primary   netip.Addr `json:"primary,omitzero"`
	Secondary netip.Addr `json:"secondary,omitzero"`
}

// List returns the servers there are, the primary first.
func (d DNSServers) List() []netip.Addr {
	var out []netip.Addr
	for _, a := range []netip.Addr{d.Primary, d.Secondary} {
		if a.IsValid() {
			out = append(out, a)
		}
	}
	return out
}

// SSLServer is what people's OpenVPN clients dial in to, as its owner wants it. Written
// by control alone. Its certificates and keys are made with it and never change.
//
//	create -> 0 -(settled)-> 6 -(delete)-> 4 -(due)-> gone
//
// A change makes it read 2 until Changed has settled. With a host, its process decides;
// see State.
type SSLServer struct {
	ID SSLServerID `json:"id"`
	Scope
	Name         string         `json:"name"`
	VPC          VPCID          `json:"vpc,omitempty"` // that of the gateway
	Gateway      GatewayID      `json:"gateway"`
	Local        []netip.Prefix `json:"local"`  // what clients may reach
	Remote       netip.Prefix   `json:"remote"` // where clients' addresses come from; its first is the server's
	Port         uint16         `json:"port"`   // UDP
	Encryption   string         `json:"enc"`
	Integrity    string         `json:"integ"`
	DNS          DNSServers     `json:"dns,omitzero"`
	AccessPolicy bool           `json:"accessPolicy,omitempty"` // clients reach only what Policies say
	Policies     []AccessPolicy `json:"policies,omitempty"`

	RootCert string `json:"rootCert"` // PEM, as are the others
	RootKey  Sealed `json:"rootKey"`
	Cert     string `json:"cert"`
	Key      Sealed `json:"key"`
	Crypt    Sealed `json:"crypt"` // OpenVPN's tls-crypt key, which every client has too

	Created    Instant `json:"created"`
	Changed    Instant `json:"changed,omitempty"`
	Deleted    Instant `json:"deleted,omitempty"`
	Due        Instant `json:"due,omitempty"`
	Generation uint64  `json:"generation"`

	ClientChanges uint64 `json:"clientChanges,omitempty"` // counts calls that changed its clients while a host had it
}

// SSLState is the vendor's number for the state of an SSL server or client. Its 5, delete
// failed, cannot be: what a deletion leaves on a host is removed until nothing is left.
type SSLState uint8

// The states of SSL servers and clients.
const (
	SSLCreating     SSLState = 0
	SSLCreateFailed SSLState = 1
	SSLUpdating     SSLState = 2
	SSLUpdateFailed SSLState = 3
	SSLDeleting     SSLState = 4
	SSLDeleteFailed SSLState = 5
	SSLUp           SSLState = 6
	SSLUnknown      SSLState = 7
)

func sslState(created, changed, deleted, now Instant, settle time.Duration) SSLState {
	switch {
	case deleted != 0:
		return SSLDeleting
	case now < created.Add(settle):
		return SSLCreating
	case changed != 0 && now < changed.Add(settle):
		return SSLUpdating
	}
	return SSLUp
}

// Address is the server's own in its client range.
func (s *SSLServer) Address() netip.Addr { return addrAt(s.Remote, 1) }

// SeatAddress is the address of the client with the seat.
func (s *SSLServer) SeatAddress(seat uint32) netip.Addr { return addrAt(s.Remote, 2+seat) }

// Seats is how many clients a range can hold: all but its own number, the server's
// address and broadcast.
func Seats(pool netip.Prefix) uint32 {
	if pool.Bits() > maxPoolBits {
		return 0
	}
	return 1<<(32-pool.Bits()) - 3
}

// addrAt is the nth address of a range.
func addrAt(p netip.Prefix, n uint32) netip.Addr {
	return numberAddr(addrNumber(p.Masked().Addr()) + n)
}
