package peerconfig

import (
	"strconv"
	"strings"

	"github.com/gatewright/gatewright/internal/vpc"
)

// words translates values of the API; what is not in it a make does not have.
type words map[string]string

// phase is what a make has for one phase of one IKE version.
type phase struct{ cipher, hash, group words }

// suite is one proposal in a dialect's words.
type suite struct {
	cipher, hash string
	group        string // empty: no PFS
	number       string // of the group, as IANA counts
	gcm, null    bool
	lifetime     uint32 // seconds
	kib          uint32 // phase 2: kilobytes of 1024 bytes
}

func (t *tunnel) suites(s Site, d *dialect, codes vpc.Listed) *vpc.Error {
	ike, esp := d.ike1, d.esp1
	if t.v2 {
		ike, esp = d.ike2, d.esp2
	}
	o, p := s.Connection.IKE, s.Connection.IPsec
	t.ike.lifetime, t.esp.lifetime, t.esp.kib = o.Lifetime, p.Lifetime, p.LifetimeKiB
	t.ike.gcm, t.esp.gcm, t.esp.null = gcm(o.Encryption), gcm(p.Encryption), p.Encryption == "NULL"
	group := strings.TrimPrefix(p.PFS, "DH-")
	t.ike.number, t.esp.number = strings.TrimPrefix(o.DHGroup, "GROUP"), strings.TrimPrefix(group, "GROUP")
	wanted := []struct {
		to          *string
		have        words
		param, name string
	}{
		{&t.ike.cipher, ike.cipher, "IKEOptionsSpecification.PropoEncryAlgorithm", o.Encryption},
		{&t.ike.hash, ike.hash, "IKEOptionsSpecification.PropoAuthenAlgorithm", o.Integrity},
		{&t.ike.group, ike.group, "IKEOptionsSpecification.DhGroupName", o.DHGroup},
		{&t.esp.cipher, esp.cipher, "IPSECOptionsSpecification.EncryptAlgorithm", p.Encryption},
		{&t.esp.hash, esp.hash, "IPSECOptionsSpecification.IntegrityAlgorith", p.Integrity},
		{&t.esp.group, esp.group, "IPSECOptionsSpecification.PfsDhGroup", group},
	}
	for _, x := range wanted {
		said, ok := x.have[x.name]
		switch {
		case x.to == &t.esp.hash && t.esp.gcm: // GCM authenticates by itself
		case ok:
			*x.to = said
			t.values = append(t.values, x.name)
		case x.to == &t.esp.group && group == "NULL":
			t.esp.number = ""
		default:
			return cannot(s.Vendor, codes, "do `%s` `%s` with %s", "使用 `%s` `%s`（%s）", x.param, x.name, o.Version)
		}
	}
	return nil
}

func gcm(cipher string) bool { return strings.Contains(cipher, "GCM") }

// groups names Diffie-Hellman groups by a pattern such as "group%s".
func groups(pattern string, numbers ...int) words {
	out := words{}
	for _, n := range numbers {
		text := strconv.Itoa(n)
		out["GROUP"+text] = strings.ReplaceAll(pattern, "%s", text)
	}
	return out
}

// and returns the words of both.
func (w words) and(more words) words {
	out := words{}
	for k, v := range w {
		out[k] = v
	}
	for k, v := range more {
		out[k] = v
	}
	return out
}
