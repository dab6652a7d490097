//go:build linux

package lab

import (
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

const charon = "/usr/sbin/charon-systemd"

// Peer is an IPsec gateway of another make than the server's: a strongSwan configured
// from text, by swanctl.
type Peer struct {
	*Namespace
	dir     string
	daemon  *Process
	options []string
	more    string // further sections of its strongswan.conf
}

// Peer starts a strongSwan in the namespace, one that answers aggressive mode with
// pre-shared keys. More lines go into the section of the daemon in its strongswan.conf.
func (n *Namespace) Peer(options ...string) *Peer {
	return n.peer(append([]string{"i_dont_care_about_security_and_use_aggressive_mode_psk = yes"}, options...), "")
}

// StockPeer starts a strongSwan with the answers that it is shipped with. More is added
// to its strongswan.conf.
func (n *Namespace) StockPeer(more string) *Peer { return n.peer(nil, more) }

func (n *Namespace) peer(options []string, more string) *Peer {
	n.lab.Helper()
	p := &Peer{Namespace: n, dir: n.lab.TempDir(), options: options, more: more}
	n.Forward()
	p.Start()
	return p
}

// Start starts the daemon, again after Kill. It knows no connection then.
func (p *Peer) Start() {
	p.lab.Helper()
	conf := fmt.Sprintf(peerConf, p.socket(), filepath.Join(p.dir, "log"), strings.Join(p.options, "\n  "), p.more)
	path := filepath.Join(p.dir, "strongswan.conf")
	if err := os.WriteFile(path, []byte(conf), 0o600); err != nil {
		p.lab.Fatalf("lab: %v", err)
	}
	cmd := p.Command(charon)
	cmd.Env = append(os.Environ(), "STRONGSWAN_CONF="+path)
	// A session of its own, as every daemon has: the scheduler shares the processors out
	// among sessions, and one beside its tests would be scheduled unlike a real one.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	p.daemon = p.lab.Start(cmd)
	p.lab.Eventually(10*time.Second, "the peer's daemon answers", func() error {
		_, err := p.swanctl("--stats")
		return err
	})
}

// Kill ends the daemon as a power cut would: it says nothing to its peers.
func (p *Peer) Kill() {
	p.daemon.Kill()
	os.Remove(p.socket())
}

// The peer's ESP is in user space, so it needs nothing of this machine's kernel.
const peerConf = `charon-systemd {
  load = random nonce aesni openssl aes sha1 sha2 md5 hmac kdf pem pkcs1 pkcs8 x509 pubkey constraints revocation gmp curve25519 chapoly gcm ccm ctr xcbc cmac drbg socket-default vici updown counters kernel-libipsec kernel-netlink
  plugins { vici { socket = unix://%s } }
  filelog { f { path = %s
    flush_line = yes
    default = 1 } }
  journal { default = -1 }
  install_virtual_ip = no
  %s
}
%s
`

func (p *Peer) socket() string { return filepath.Join(p.dir, "vici") }

func (p *Peer) swanctl(args ...string) (string, error) { return swanctl(p.socket(), args...) }

func swanctl(socket string, args ...string) (string, error) {
	return run(append([]string{"swanctl"}, append(args, "--uri", "unix://"+socket)...)...)
}

// Load makes the text of a swanctl.conf the peer's whole configuration.
func (p *Peer) Load(text string) {
	p.lab.Helper()
	path := filepath.Join(p.dir, "swanctl.conf")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		p.lab.Fatalf("lab: %v", err)
	}
	if out, err := p.swanctl("--load-all", "--file", path); err != nil {
		p.lab.Fatalf("lab: %v\n%s", err, out)
	}
}

// Up negotiates a CHILD_SA and says why it failed.
func (p *Peer) Up(child string) error {
	_, err := p.swanctl("--initiate", "--child", child, "--timeout", "10")
	return err
}

// Down ends an IKE_SA, telling the other side.
func (p *Peer) Down(ike string) error {
	_, err := p.swanctl("--terminate", "--ike", ike, "--timeout", "10")
	return err
}

// CloseChild ends the CHILD_SAs of a name, telling the other side.
func (p *Peer) CloseChild(child string) error {
	_, err := p.swanctl("--terminate", "--child", child, "--timeout", "10")
	return err
}

// RekeyChild and RekeyIKE replace keys now.
func (p *Peer) RekeyChild(child string) error {
	_, err := p.swanctl("--rekey", "--child", child)
	return err
}

// RekeyIKE replaces the keys of an IKE_SA; IKEv1 calls it reauthentication.
func (p *Peer) RekeyIKE(ike string) error {
	_, err := p.swanctl("--rekey", "--ike", ike)
	return err
}

// SAs are the peer's security associations, as swanctl prints them.
func (p *Peer) SAs() string { return SAs(p.socket()) }

// SAs asks any charon for its own, by its VICI socket.
func SAs(socket string) string {
	out, err := swanctl(socket, "--list-sas")
	if err != nil {
		return err.Error()
	}
	return out
}

// Installed waits until a CHILD_SA is installed.
func (p *Peer) Installed(child string, within time.Duration) {
	p.lab.Helper()
	p.lab.Eventually(within, "CHILD_SA "+child+" at "+p.Name, func() error {
		sas := p.SAs()
		for _, line := range strings.Split(sas, "\n") {
			if strings.HasPrefix(strings.TrimSpace(line), child+":") && strings.Contains(line, "INSTALLED") {
				return nil
			}
		}
		return fmt.Errorf("it has\n%s\nlog:\n%s", sas, p.tail())
	})
}

// Log is what the daemon has logged.
func (p *Peer) Log() string {
	b, _ := os.ReadFile(filepath.Join(p.dir, "log"))
	return string(b)
}

func (p *Peer) tail() string {
	lines := strings.Split(p.Log(), "\n")
	return strings.Join(lines[max(0, len(lines)-25):], "\n")
}

// The versions of IKE, with IKEv1's modes.
const (
	IKEv2           = "IKEv2"
	IKEv1Main       = "IKEv1 main"
	IKEv1Aggressive = "IKEv1 aggressive"
)

// Tunnel is one connection of a peer. Empty fields take what stands beside them.
type Tunnel struct {
	Name               string   // the IKE connection's; its children are NAME-1, NAME-2, …
	Version            string   // IKEv2
	Local, Remote      string   // %any
	LocalID, RemoteID  string   // the addresses; names are taken as FQDN
	Key                string   // the pre-shared key
	LocalTS, RemoteTS  []string // one pair for each child, in IKEv1 or Singly
	Singly             bool     // a child for each pair of ranges, as crypto maps and policies of most vendors have
	IKE, ESP           string   // aes128-sha1-modp1024, aes128-sha1
	Start              string   // none: wait; start: begin at once and again
	Rekey              string   // of the CHILD_SA: 1h
	Options, ChildOpts []string // more lines of the connection and of each child
}

// Text is the connection as a swanctl.conf.
func (t Tunnel) Text() string {
	var b strings.Builder
	version, aggressive := "2", "no"
	if t.Version == IKEv1Main || t.Version == IKEv1Aggressive {
		version = "1"
	}
	if t.Version == IKEv1Aggressive {
		aggressive = "yes"
	}
	local, remote := or(t.Local, "%any"), or(t.Remote, "%any")
	localID, remoteID := or(t.LocalID, local), or(t.RemoteID, remote)
	fmt.Fprintf(&b, "connections {\n %s {\n  version = %s\n  aggressive = %s\n  local_addrs = %s\n  remote_addrs = %s\n  proposals = %s\n", t.Name, version, aggressive, local, remote, or(t.IKE, "aes128-sha1-modp1024"))
	for _, o := range append([]string{"keyingtries = 0", "dpd_delay = 5s", "dpd_timeout = 15s"}, t.Options...) {
		fmt.Fprintf(&b, "  %s\n", o)
	}
	fmt.Fprintf(&b, "  local { auth = psk\n   id = %s }\n  remote { auth = psk\n   id = %s }\n  children {\n", localID, remoteID)
	for i, pair := range t.pairs() {
		fmt.Fprintf(&b, "   %s-%d {\n    local_ts = %s\n    remote_ts = %s\n    esp_proposals = %s\n    rekey_time = %s\n    start_action = %s\n    dpd_action = %s\n", t.Name, i+1, pair[0], pair[1], or(t.ESP, "aes128-sha1"), or(t.Rekey, "1h"), or(t.Start, "none"), dpdAction(t.Start))
		for _, o := range t.ChildOpts {
			fmt.Fprintf(&b, "    %s\n", o)
		}
		b.WriteString("   }\n")
	}
	// As hex the key has no character that swanctl.conf could read as syntax.
	fmt.Fprintf(&b, "  }\n }\n}\nsecrets {\n ike-%s {\n  id-1 = %s\n  secret = 0x%s\n }\n}\n", t.Name, remoteID, hex.EncodeToString([]byte(t.Key)))
	return b.String()
}

// pairs are the selectors of each child: IKEv2 can have all in one.
func (t Tunnel) pairs() [][2]string {
	if t.Version != IKEv1Main && t.Version != IKEv1Aggressive && !t.Singly {
		return [][2]string{{strings.Join(t.LocalTS, ","), strings.Join(t.RemoteTS, ",")}}
	}
	var out [][2]string
	for _, l := range t.LocalTS {
		for _, r := range t.RemoteTS {
			out = append(out, [2]string{l, r})
		}
	}
	return out
}

func dpdAction(start string) string {
	if start == "start" {
		return "restart"
	}
	return "clear"
}

func or(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}
