package ipsec

import (
	"encoding/hex"
	"fmt"
	"net/netip"
	"strings"

	"github.com/gatewright/gatewright/internal/plan"
	"github.com/gatewright/gatewright/internal/vpc"
)

// identity says an identity to charon so that it takes the kind as given and the text
// byte for byte: charon guesses the kind of a bare text, and an address after ipv4: is
// taken as four letters rather than parsed, so both are given in hex.
func identity(id plan.Identity) (string, error) {
	if id.Kind == vpc.IdentityAddress {
		a, err := netip.ParseAddr(id.Text)
		if err != nil || !a.Is4() {
			return "", &refusal{cause: "the identity is no IPv4 address", hint: "set an identity of kind ADDRESS to an IPv4 address"}
		}
		return "ipv4:#" + hex.EncodeToString(a.AsSlice()), nil
	}
	if strings.HasPrefix(id.Text, "*") {
		return "", &refusal{cause: "the daemon would take an identity that begins with `*` for many peers'", hint: "use the name of one peer"}
	}
	switch {
	case vpc.CharonHoldsHex(id.Text):
		return "fqdn:#" + hex.EncodeToString([]byte(id.Text)), nil
	case vpc.CharonHolds(id.Text):
		return "fqdn:" + id.Text, nil
	}
	return "", &refusal{cause: fmt.Sprintf("the daemon cannot hold an identity like this of %d bytes", len(id.Text)),
		hint: "use a name of at most 124 bytes"}
}
