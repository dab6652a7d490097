package netdev

import (
	"log/slog"
	"testing"

	"github.com/gatewright/gatewright/internal/plan"
)

func TestMarks(t *testing.T) {
	m, other := mark{"abc123"}, mark{"abc12"}
	id := plan.MachineID{Kind: plan.KindRouter, ID: "vpc-00000001"}
	for _, o := range []origin{{"eth1", true, ""}, {"eth1.20", false, "to rack 4"}, {"x", true, " from y up "}} {
		alias := m.movedAlias(id, o)
		if got, ok := m.owner(alias); !ok || got != id {
			t.Errorf("%q: owner %v, %v", alias, got, ok)
		}
		got, ok := m.origin(alias)
		if o.alias == " from y up " {
			o.alias = " from y up"
		}
		if !ok || got != o {
			t.Errorf("%q: origin %+v, want %+v", alias, got, o)
		}
		if _, ok := other.owner(alias); ok {
			t.Errorf("%q: of another server too", alias)
		}
	}
	if _, ok := m.origin(m.alias(id)); ok {
		t.Error("a link that was made has an origin")
	}
	for _, foreign := range []string{"", "gatewright", "gatewright abc123", "gatewright abc123 uplink", "to rack 4", "gatewright abc123 router/"} {
		if got, ok := m.owner(foreign); ok {
			t.Errorf("%q is taken for %v's", foreign, got)
		}
	}
	for _, bad := range []string{"", "../x", "ABC", "123456789", "a b"} {
		if _, err := New(bad, slog.New(slog.DiscardHandler)); err == nil {
			t.Errorf("the tag %q was taken", bad)
		}
	}
}
