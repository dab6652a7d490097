package plan

import (
	"net/netip"
	"testing"
)

func TestMachineText(t *testing.T) {
	m := Machine{
		ID: MachineID{KindGateway, "vpngw-aaaaaaaa"}, Namespace: "gwr-aaaaaaaa",
		Public: netip.MustParseAddr("198.51.100.2"), Bandwidth: 5, Isolated: true,
	}
	want := "machine gateway/vpngw-aaaaaaaa\nnamespace gwr-aaaaaaaa\npublic 198.51.100.2\nbandwidth 5 Mbit/s\nisolated\n"
	if got := m.Text(); got != want {
		t.Errorf("Text:\n%s\nwant:\n%s", got, want)
	}
	m.Gone = true
	if got, want := m.Text(), "machine gateway/vpngw-aaaaaaaa\ngone\n"; got != want {
		t.Errorf("Text of a gone machine: %q, want %q", got, want)
	}
}
