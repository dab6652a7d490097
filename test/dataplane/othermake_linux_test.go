package dataplane

import (
	"fmt"
	"maps"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/gatewright/gatewright/internal/host"
	"github.com/gatewright/gatewright/internal/lab"
)

// stranger is an office with a Libreswan as Debian ships it, which has nothing but the
// downloaded text.
type stranger struct {
	*office
	*lab.Libreswan
	connection string
	version    string
	begins     bool   // the cloud begins
	cause      string // of a tunnel of which the office cannot encrypt its half
}

// TestLibreswan has offices of another make. Where the kernel has ESP their tunnels carry
// packets. Where it has none Libreswan cannot encrypt: there is an IKE_SA and no more, which
// both ends say, NetStatus stays UNAVAILABLE, and the operator is told where to look. An
// office that begins in IKEv2 would leave then without a word, which only DPD notices.
func TestLibreswan(t *testing.T) {
	t.Parallel()
	l := lab.New(t)
	root := lab.UnpackLibreswan(l)
	esp, err := host.ProbeKernelESP()
	if err != nil {
		t.Fatal(err)
	}
	s := shared.site(l, 100)
	for _, o := range []*stranger{
		{version: lab.IKEv2, begins: true, cause: "the peer refuses the selectors"},
		{version: lab.IKEv1Main, begins: true, cause: "the peer does not answer in phase 2 (IPsec)"},
		{version: lab.IKEv1Aggressive, cause: "the peer has not completed phase 2"},
	} {
		t.Run(o.version, func(t *testing.T) {
			t.Parallel()
			l := lab.New(t)
			o.join(l, s, root)
			if esp.CBC == nil {
				s.netStatus(l, o.connection, "AVAILABLE", 2*lab.Patience)
				s.workload.Reaches(o.inside, lab.Patience)
				return
			}
			l.Eventually(2*lab.Patience, "an IKE_SA with Libreswan", func() error { return o.half(l, s) })
			t.Log(shared.cause(o.connection))
			for until := time.Now().Add(4 * time.Second); time.Now().Before(until); {
				if p := s.workload.Ping(o.inside, 3, "-W", "0.2"); p.Received > 0 {
					t.Fatalf("without a CHILD_SA: %v", p)
				}
				if err := o.half(l, s); err != nil {
					t.Fatalf("later: %v", err)
				}
			}
		})
	}
}

// join makes the office and its connection.
func (o *stranger) join(l *lab.Lab, s *site, root string) {
	l.Helper()
	o.office = newOffice("")
	n := l.Namespace("office")
	o.plug(n, l.Existing(shared.host.Name))
	o.network(n)
	o.enrol(l, shared)
	s.route(l, o.lan)
	options, more := ikeOptions(o.version), obj{"NegotiationType": "passive"}
	maps.Copy(options, obj{"PropoEncryAlgorithm": "AES-CBC-256", "PropoAuthenAlgorithm": "SHA-256", "DhGroupName": "GROUP14"})
	more["IKEOptionsSpecification"] = options
	if o.begins {
		more["NegotiationType"] = "active"
	}
	o.connection = s.connect(l, o.office, o.version, more)
	config := text(shared.call(l, "DownloadCustomerGatewayConfiguration", obj{
		"VpnGatewayId": s.gateway, "VpnConnectionId": o.connection, "InterfaceName": "wan0",
		"CustomerGatewayVendor": obj{"VendorName": "libreswan", "Platform": "linux", "SoftwareVersion": "V5.0"},
	}), "CustomerGatewayConfiguration")
	o.Libreswan = n.Libreswan(root, config)
}

var plutoEstablished = regexp.MustCompile(`#\d+: "[^"]*":\d+ STATE_\w+ \((IKE SA established|established IKE SA)\)`)

// half is nil when there is an IKE_SA and no CHILD_SA, as each side tells it.
func (o *stranger) half(l *lab.Lab, s *site) error {
	l.Helper()
	ours := lab.SAs(filepath.Join(shared.runtime, "charon-"+s.gateway+".vici"))
	if _, own, ok := strings.Cut(ours, o.connection+": #"); ok {
		ours, _, _ = strings.Cut(own, "\nvpnx-")
	}
	theirs := o.Status()
	status := text(shared.connection(l, o.connection), "NetStatus")
	cause := shared.cause(o.connection)
	switch {
	case !strings.Contains(ours, ", ESTABLISHED, "), strings.Contains(ours, "INSTALLED"):
		return fmt.Errorf("charon has %s\n%s", ours, shared.why(o.connection))
	case !plutoEstablished.MatchString(theirs), strings.Contains(theirs, "IPsec SA established"), strings.Contains(theirs, "established Child SA"):
		return fmt.Errorf("Libreswan has %s\n%s", theirs, o.Log())
	case status != "UNAVAILABLE":
		return fmt.Errorf("NetStatus is %s", status)
	case cause != "IKE is up, IPsec is not: "+o.cause:
		return fmt.Errorf("the cause is %q", cause)
	}
	return nil
}

// cause is what the operator is told of a tunnel that is down.
func (c *cloud) cause(connection string) string { return between(c.why(connection), `"cause": "`, `"`) }
