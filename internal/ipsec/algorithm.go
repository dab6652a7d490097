package ipsec

import (
	"slices"
	"strings"

	"github.com/gatewright/gatewright/internal/vpc"
)

// cipher is an encryption algorithm of the API.
type cipher struct {
	word string // in a proposal
	has  string // charon's name of it in its list of algorithms
	aead bool
}

var ciphers = map[string]cipher{
	"NULL":         {word: "null", has: "NULL"},
	"DES-CBC":      {word: "des", has: "DES_CBC"},
	"3DES-CBC":     {word: "3des", has: "3DES_CBC"},
	"AES-CBC-128":  {word: "aes128", has: "AES_CBC"},
	"AES-CBC-192":  {word: "aes192", has: "AES_CBC"},
	"AES-CBC-256":  {word: "aes256", has: "AES_CBC"},
	"AES128GCM128": {word: "aes128gcm16", has: "AES_GCM_16", aead: true},
	"AES192GCM128": {word: "aes192gcm16", has: "AES_GCM_16", aead: true},
	"AES256GCM128": {word: "aes256gcm16", has: "AES_GCM_16", aead: true},
}

// digest is an integrity algorithm. The API calls SHA-1 SHA in phase 1 and SHA1 in 2.
type digest struct{ word, has string }

var digests = map[string]digest{
	"MD5":     {"md5", "HMAC_MD5_96"},
	"SHA":     {"sha1", "HMAC_SHA1_96"},
	"SHA1":    {"sha1", "HMAC_SHA1_96"},
	"SHA-256": {"sha256", "HMAC_SHA2_256_128"},
	"SHA-384": {"sha384", "HMAC_SHA2_384_192"},
	"SHA-512": {"sha512", "HMAC_SHA2_512_256"},
}

// groups are the Diffie-Hellman groups; phase 2 puts DH- before their names.
var groups = map[string]struct{ word, has string }{
	"GROUP1":  {"modp768", "MODP_768"},
	"GROUP2":  {"modp1024", "MODP_1024"},
	"GROUP5":  {"modp1536", "MODP_1536"},
	"GROUP14": {"modp2048", "MODP_2048"},
	"GROUP15": {"modp3072", "MODP_3072"},
	"GROUP16": {"modp4096", "MODP_4096"},
	"GROUP19": {"ecp256", "ECP_256"},
	"GROUP20": {"ecp384", "ECP_384"},
	"GROUP21": {"ecp521", "ECP_521"},
	"GROUP24": {"modp2048s256", "MODP_2048_256"},
}

const (
	ikeV1     = "IKEV1"
	noPFS     = "NULL"
	pfsPrefix = "DH-"
)

// ikeProposal is phase 1 in charon's words. GCM brings its own integrity, so there the
// digest is only the pseudo-random function's.
func ikeProposal(o vpc.IKEOptions) (string, error) {
	c, ok1 := ciphers[o.Encryption]
	d, ok2 := digests[o.Integrity]
	g, ok3 := groups[o.DHGroup]
	switch {
	case !ok1 || !ok2 || !ok3:
		return "", &refusal{cause: "no daemon here knows " + o.Encryption + " with " + o.Integrity + " and " + o.DHGroup + " in phase 1",
			hint: "choose algorithms that `gatewright doctor` lists"}
	case c.aead && o.Version == ikeV1:
		return "", &refusal{cause: "phase 1 of IKEv1 has no " + o.Encryption, hint: "choose an AES-CBC cipher for phase 1, or IKEV2"}
	case c.aead:
		return c.word + "-prf" + d.word + "-" + g.word, nil
	}
	return c.word + "-" + d.word + "-" + g.word, nil
}

// espProposal is phase 2 in charon's words.
func espProposal(o vpc.IPsecOptions) (string, error) {
	c, ok1 := ciphers[o.Encryption]
	d, ok2 := digests[o.Integrity]
	g, ok3 := groups[strings.TrimPrefix(o.PFS, pfsPrefix)]
	if !ok1 || !c.aead && !ok2 || o.PFS != noPFS && !ok3 {
		return "", &refusal{cause: "no daemon here knows " + o.Encryption + " with " + o.Integrity + " and " + o.PFS + " in phase 2",
			hint: "choose algorithms that `gatewright doctor` lists"}
	}
	words := []string{c.word}
	if !c.aead {
		words = append(words, d.word)
	}
	if o.PFS != noPFS {
		words = append(words, g.word)
	}
	return strings.Join(words, "-"), nil
}

// algorithms is what charon says it has, by its kinds: encryption, aead, integrity, dh.
type algorithms map[string][]string

// names are the API's names of what both charon and, where it encrypts, the kernel has.
func (a algorithms) names(kernel func(name string) bool) []string {
	var out []string
	for name, c := range ciphers {
		kind := "encryption"
		if c.aead {
			kind = "aead"
		}
		if slices.Contains(a[kind], c.has) && kernel(name) {
			out = append(out, name)
		}
	}
	for name, d := range digests {
		if slices.Contains(a["integrity"], d.has) && (name == "SHA" || kernel(name)) {
			out = append(out, name)
		}
	}
	for name, g := range groups {
		if slices.Contains(a["dh"], g.has) {
			out = append(out, name, pfsPrefix+name)
		}
	}
	slices.Sort(out)
	return out
}
