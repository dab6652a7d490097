package control_test

import (
	"fmt"
	"testing"

	"github.com/gatewright/gatewright/internal/vpc"
)

// TestHostStandings: the operator sees a host while it lives, and afterwards as long as
// it has gateways.
func TestHostStandings(t *testing.T) {
	atSite(t, func(s *site) {
		expect := func(when, want string) {
			s.Helper()
			status, err := s.c.Status(s.Context())
			s.must(err)
			if got := fmt.Sprint(status.Hosts); got != want {
				s.Errorf("%s: %s, want %s", when, got, want)
			}
		}
		expect("announced", "[{h libipsec true 0 0 0}]")
		s.makeEnds(vpc.TypeIPsec)
		expect("with a gateway", "[{h libipsec true 1 0 0}]")
		s.must(s.st.Withdraw(s.Context()))
		expect("withdrawn", "[{h  false 1 0 0}]")
	})
}
