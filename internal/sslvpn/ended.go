package sslvpn

import (
	"fmt"
	"time"

	"github.com/gatewright/gatewright/internal/pki"
	"github.com/gatewright/gatewright/internal/plan"
)

// ended says that a server's own certificates do not count any more, so that no client
// believes it; empty while they do. OpenVPN itself runs on and says nothing.
func ended(want *plan.SSLServer, now time.Time) (cause string) {
	for _, x := range []struct{ what, text string }{{"certificate authority", want.RootCert}, {"certificate", want.Cert}} {
		cert, err := pki.ParseCertificate(x.text)
		switch {
		case err != nil:
			return fmt.Sprintf("the server's %s cannot be read: %v", x.what, err)
		case !now.Before(cert.NotAfter):
			return fmt.Sprintf("the server's %s ended at %s, and clients refuse it; make another server, with new profiles", x.what, cert.NotAfter.UTC().Format(time.RFC3339))
		}
	}
	return ""
}
