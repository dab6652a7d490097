package sslvpn

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/gatewright/gatewright/internal/pki"
	"github.com/gatewright/gatewright/internal/plan"
	"github.com/gatewright/gatewright/internal/vpc"
)

// Why a client is not let in; also the names under which refusals are counted.
const (
	refusedUnknown = "unknown"  // disabled, deleted, or of no client at all
	refusedSerial  = "replaced" // the client has another certificate by now
	refusedInvalid = "invalid"  // the certificate has ended, or does not count yet; mostly OpenVPN sees it first
	refusedOld     = "old"      // it can do no AEAD, and the operator lets in only who can
	refusedCipher  = "cipher"   // it can do no AEAD, and not the server's other cipher
	refusedFull    = "full"     // MaxConnection sessions are there
	refusedLate    = "late"     // asked while no program was there to answer; not counted
)

// Hint is what an operator may do about a refusal, as far as there is something.
func Hint(refused string) string {
	switch refused {
	case refusedOld:
		return "serve --openvpn-old-clients yes lets clients in that have no AEAD cipher, and keeps the data channels of all clients out of the kernel"
	case refusedCipher:
		return "a client that has no AEAD cipher needs a profile with the server's EncryptAlgorithm of now: download it anew"
	}
	return ""
}

// knock is a client that has proved to have a certificate of this server's authority and
// waits for an answer.
type knock struct {
	client vpc.SSLClientID
	serial string
	source netip.AddrPort
	again  bool     // a session that renews its keys
	tries  bool     // 2.6 or later: hears that a refusal may pass, and asks again
	aead   bool     // can do one of our AEAD ciphers
	names  []string // of all ciphers that it can do, in capitals; nil: it does not say
}

// protoTemporary is the bit of IV_PROTO by which a client (2.6 and later) says that it
// knows refusals that pass.
const protoTemporary = 1 << 7

// knockOf reads what OpenVPN says of a client. The common name is checked for its shape,
// since whatever comes of it goes into logs and figures.
func knockOf(env map[string]string, again bool) knock {
	k := knock{client: vpc.SSLClientID(env["common_name"]), again: again}
	if !vpc.PrefixSSLClient.Match(string(k.client)) {
		k.client = ""
	}
	if proto, err := strconv.ParseUint(env["IV_PROTO"], 10, 32); err == nil {
		k.tries = proto&protoTemporary != 0
	}
	k.aead = canAEAD(env)
	if names, said := env["IV_CIPHERS"]; said {
		k.names = strings.Split(strings.ToUpper(names), ":")
	}
	if a, err := netip.ParseAddrPort(env["untrusted_ip"] + ":" + env["untrusted_port"]); err == nil {
		k.source = a
	}
	if n, ok := pki.ParseSerial(env["tls_serial_hex_0"]); ok {
		k.serial = pki.Serial(n)
	}
	return k
}

// canAEAD reports whether a client can do one of our AEAD ciphers, as OpenVPN itself reads
// it: those of 2.5 and later name all that they can, 2.4 can do AES-GCM and says so by
// IV_NCP=2, and older ones say nothing and cannot.
func canAEAD(env map[string]string) bool {
	if names, said := env["IV_CIPHERS"]; said {
		ours := strings.Split(aead, ":")
		return slices.ContainsFunc(strings.Split(names, ":"), func(name string) bool { return slices.Contains(ours, strings.ToUpper(name)) })
	}
	ncp, err := strconv.Atoi(env["IV_NCP"])
	return err == nil && ncp >= 2
}

// decide finds the client that may come in, or says why it may not. others counts the
// sessions of all other clients: a client's second device takes over from its first.
func decide(want *plan.SSLServer, k knock, others int) (c plan.SSLClient, refused string) {
	c, known := find(want.Clients, k.client)
	late, invalid := find(want.Invalid, k.client)
	switch {
	case invalid && late.Serial == k.serial:
		return c, refusedInvalid
	case invalid || known && c.Serial != k.serial:
		return c, refusedSerial
	case !known:
		return c, refusedUnknown
	case !k.again && want.Encryption == "" && !k.aead:
		return c, refusedOld
	case !k.again && !k.aead && k.names != nil && !slices.Contains(k.names, want.Encryption):
		return c, refusedCipher
	case !k.again && want.Sessions > 0 && others >= int(want.Sessions):
		return c, refusedFull
	}
	return c, ""
}

// find finds a client by its id; nobody has the empty one.
func find(all []plan.SSLClient, id vpc.SSLClientID) (c plan.SSLClient, found bool) {
	at, found := slices.BinarySearchFunc(all, id, func(c plan.SSLClient, id vpc.SSLClientID) int { return cmp.Compare(c.ID, id) })
	if !found || id == "" {
		return c, false
	}
	return all[at], true
}

// answer is what the management socket is told about a client that is let in. An answer that
// reaches OpenVPN after the client's last packet of the handshake, as on a fast network,
// is acted on at the client's next one, a second later. So a new client that knows it is
// told to wait first, which makes OpenVPN look at it again at once.
func answer(want *plan.SSLServer, k knock, c plan.SSLClient, cid, kid string) string {
	hurry := ""
	if k.tries && !k.again {
		hurry = fmt.Sprintf("client-pending-auth %s %s \"\" 30\n", cid, kid)
	}
	return hurry + fmt.Sprintf("client-auth %s %s\nifconfig-push %s %s\nEND\n", cid, kid, c.Address, netmask(want.Address))
}

// denial is what it is told about one that is not. The client hears that this may pass,
// so that one that is enabled again, or finds room later, comes back by itself. An older
// client would take any refusal for final and exit; it gets no answer, and tries again
// when its patience is over.
func denial(k knock, cid, kid, refused string) string {
	if !k.tries {
		return ""
	}
	return fmt.Sprintf("client-deny %s %s \"%s\" \"TEMP[backoff 5,advance no]: %s\"\n", cid, kid, refused, strings.ReplaceAll(refused, `"`, ""))
}
