package sslvpn

import (
	"log/slog"
	"net"
	"net/netip"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/gatewright/gatewright/internal/plan"
)

// told is a management connection that keeps what is said.
type told struct {
	net.Conn
	text strings.Builder
}

func (c *told) Write(p []byte) (int, error)      { return c.text.Write(p) }
func (c *told) SetWriteDeadline(time.Time) error { return nil }

// listener is a server without a process, and its connection.
func listener(notes string) (*server, *told) {
	line := &told{}
	s := &server{
		id: "vpns-aaaaaaaa", log: slog.New(slog.DiscardHandler), wake: func() {}, notes: notes, answered: make(chan struct{}), tally: newTally(),
		want: &plan.SSLServer{Encryption: "AES-128-CBC", Address: netip.MustParsePrefix("172.16.0.1/24"), Clients: []plan.SSLClient{
			{ID: "vpnc-00000001", Serial: "ab", Address: netip.MustParseAddr("172.16.0.2")}, {ID: "vpnc-00000002", Serial: "cd", Address: netip.MustParseAddr("172.16.0.3")},
		}},
	}
	s.begin(line)
	return s, line
}

// visit is what OpenVPN writes when it lists nobody, and the first client comes in and is
// listed, and says the text wherever a client can.
func visit(text string) string {
	return strings.ReplaceAll(`END
>CLIENT:CONNECT,7,1
>CLIENT:ENV,n_clients=0
>CLIENT:ENV,password=TEXT
>CLIENT:ENV,untrusted_port=40000
>CLIENT:ENV,IV_PROTO=990
>CLIENT:ENV,UV_TEXT=TEXT
>CLIENT:ENV,IV_VER=TEXT
>CLIENT:ENV,username=TEXT
>CLIENT:ENV,common_name=vpnc-00000001
>CLIENT:ENV,tls_serial_hex_0=ab
>CLIENT:ENV,END
CLIENT_LIST	vpnc-00000001	198.51.100.21:40000	172.16.0.2		10	20	now	1	TEXT	7	0	AES-256-GCM
END
`, "TEXT", text)
}

func (s *server) hearAll(text string) {
	for line := range strings.Lines(text) {
		s.hear(strings.TrimRight(line, "\r\n"))
	}
}

// FuzzManagement has a client say anything of itself: the answer is what it would be
// otherwise, and so is who is listed. Control characters reach nobody, since OpenVPN makes
// underscores of them. Then the same text comes as if OpenVPN had written it, and whatever
// it is, nobody is let in but by the plan.
func FuzzManagement(f *testing.F) {
	for _, text := range evils {
		f.Add(text)
	}
	f.Add(visit("x"))
	f.Add(">CLIENT:REAUTH,7,2\n>CLIENT:ENV,common_name=vpnc-00000002\n>CLIENT:ENV,tls_serial_hex_0=cd\n>CLIENT:ENV,END\n>CLIENT:ADDRESS,7,172.16.0.9,1\n")
	f.Add(">CLIENT:ENV,END\n>CLIENT:CONNECT\n>CLIENT:ENV,END\n>CLIENT:DISCONNECT,7\n>CLIENT:ENV,bytes_sent=-1\n>CLIENT:ENV,END\n")
	f.Add(">CLIENT:ENV,=0") // goes on with what has not begun
	notes := filepath.Join(f.TempDir(), "notes")
	plain, said := listener(notes)
	plain.hearAll(visit("x"))
	if !strings.Contains(said.text.String(), "client-auth 7 1\n") {
		f.Fatalf("the client is not let in: %s", said.text.String())
	}
	f.Fuzz(func(t *testing.T, text string) {
		clean := strings.Map(func(r rune) rune {
			if unicode.IsControl(r) {
				return '_'
			}
			return r
		}, text)
		s, line := listener(notes)
		s.hearAll(visit(clean))
		if got, want := line.text.String(), said.text.String(); got != want {
			t.Errorf("it answers\n%s\nnot\n%s", got, want)
		}
		if got, want := s.sessions[7], plain.sessions[7]; len(s.sessions) != 1 || got != want {
			t.Errorf("listed are %+v, not %+v", s.sessions, want)
		}

		s, line = listener(notes)
		s.hearAll(text)
		s.mu.Lock()
		defer s.mu.Unlock()
		for _, answer := range strings.SplitAfter(line.text.String(), "END\n") {
			if strings.Contains(answer, "client-auth ") && !strings.Contains(answer, "\nifconfig-push 172.16.0.2 255.255.255.0\n") && !strings.Contains(answer, "\nifconfig-push 172.16.0.3 255.255.255.0\n") {
				t.Errorf("it lets somebody in: %q", answer)
			}
		}
	})
}
