package ipsec

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gatewright/gatewright/internal/lab"
)

// values are every value of the API's lists of algorithms that the host has, so that each
// is in one suite at least, in charon's words for the peer.
var suites = []struct {
	ike, ikeHash, group string
	esp, espHash, pfs   string
	peerIKE, peerESP    string
}{
	{"3DES-CBC", "MD5", "GROUP1", "3DES-CBC", "MD5", "DH-GROUP1", "3des-md5-modp768", "3des-md5-modp768"},
	{"AES-CBC-128", "SHA", "GROUP2", "AES-CBC-128", "SHA1", "DH-GROUP2", "aes128-sha1-modp1024", "aes128-sha1-modp1024"},
	{"AES-CBC-192", "SHA-256", "GROUP5", "AES-CBC-192", "SHA-256", "DH-GROUP5", "aes192-sha256-modp1536", "aes192-sha256-modp1536"},
	{"AES-CBC-256", "SHA-512", "GROUP14", "AES-CBC-256", "SHA-384", "DH-GROUP14", "aes256-sha512-modp2048", "aes256-sha384-modp2048"},
	{"DES-CBC", "MD5", "GROUP15", "DES-CBC", "SHA-512", "DH-GROUP15", "des-md5-modp3072", "des-sha512-modp3072"},
	{"AES128GCM128", "SHA-256", "GROUP19", "AES128GCM128", "SHA-256", "DH-GROUP19", "aes128gcm16-prfsha256-ecp256", "aes128gcm16-ecp256"},
	{"AES192GCM128", "SHA-512", "GROUP20", "AES192GCM128", "SHA1", "DH-GROUP20", "aes192gcm16-prfsha512-ecp384", "aes192gcm16-ecp384"},
	{"AES256GCM128", "SHA", "GROUP21", "AES256GCM128", "MD5", "DH-GROUP21", "aes256gcm16-prfsha1-ecp521", "aes256gcm16-ecp521"},
	{"AES-CBC-128", "SHA-256", "GROUP24", "NULL", "SHA1", "DH-GROUP24", "aes128-sha256-modp2048s256", "null-sha1-modp2048s256"},
	{"AES-CBC-128", "SHA-256", "GROUP16", "AES-CBC-128", "SHA-256", "DH-GROUP16", "aes128-sha256-modp4096", "aes128-sha256-modp4096"},
	{"AES-CBC-128", "SHA-256", "GROUP14", "AES-CBC-128", "SHA-256", "NULL", "aes128-sha256-modp2048", "aes128-sha256"},
}

// ofOnePhase are the names that the API has in one phase only.
var ofOnePhase = map[string]string{"NULL": "esp", "SHA": "ike", "SHA1": "esp", "SHA-384": "esp"}

// TestSuites negotiates every suite at the same time, each with a peer of its own, sends
// packets through and rekeys the CHILD_SA under a ping, where the group of PFS comes into
// play. With -v it prints a row for each.
func TestSuites(t *testing.T) {
	covered := map[string]bool{}
	for _, c := range suites {
		for _, name := range []string{"ike " + c.ike, "ike " + c.ikeHash, "ike " + c.group, "esp " + c.esp, "esp " + c.espHash, "esp " + strings.TrimPrefix(c.pfs, pfsPrefix)} {
			covered[name] = true
		}
	}
	for _, name := range slices.Concat(slices.Collect(maps.Keys(ciphers)), slices.Collect(maps.Keys(digests)), slices.Collect(maps.Keys(groups))) {
		for _, phase := range []string{"ike", "esp"} {
			if only := ofOnePhase[name]; (only == "" || only == phase) && !covered[phase+" "+name] {
				t.Errorf("no suite has %s %s", phase, name)
			}
		}
	}
	for _, version := range []string{lab.IKEv2, lab.IKEv1Main} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			var peers []*peer
			for i, c := range suites {
				p := s.office(i + 1)
				p.version(version)
				p.want.IKE.Encryption, p.want.IKE.Integrity, p.want.IKE.DHGroup = c.ike, c.ikeHash, c.group
				p.want.IPsec.Encryption, p.want.IPsec.Integrity, p.want.IPsec.PFS = c.esp, c.espHash, c.pfs
				p.have.IKE, p.have.ESP = c.peerIKE, c.peerESP
				if version == lab.IKEv1Main && ciphers[c.ike].aead { // refused, see TestRefusals
					p.want.IKE.Encryption, p.have.IKE = "AES-CBC-128", fmt.Sprintf("aes128-%s-%s", digests[c.ikeHash].word, groups[c.group].word)
				}
				p.load()
				s.set(p)
				peers = append(peers, p)
			}
			s.apply()
			var wg sync.WaitGroup
			pings := make([]*lab.Pings, len(peers))
			for i, p := range peers {
				s.becomes(id(i+1), true, 20*time.Second)
				wg.Go(func() {
					s.carries(p)
					pings[i] = s.host.PingStart(p.inner(), "-i", "0.05")
					if err := p.RekeyChild("gw-1"); err != nil {
						t.Errorf("%+v: rekey: %v", suites[i], err)
					}
				})
			}
			wg.Wait()
			for i, p := range peers {
				s.becomes(id(i+1), true, lab.Patience)
				s.carries(p)
				s.whole(fmt.Sprintf("%+v", suites[i]), pings[i], gaps(version, 1))
				c := p.want
				t.Logf("%s %-12s %-7s %-7s | %-12s %-7s %-10s | up, rekeyed, %v", version, c.IKE.Encryption, c.IKE.Integrity, c.IKE.DHGroup,
					c.IPsec.Encryption, c.IPsec.Integrity, c.IPsec.PFS, pings[i])
			}
		})
	}
}
