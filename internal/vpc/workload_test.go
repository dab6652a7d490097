package vpc

import (
	"net/netip"
	"strings"
	"testing"
)

func TestWorkloadNames(t *testing.T) {
	for _, c := range []struct {
		spec WorkloadSpec
		want Code
	}{
		{WorkloadSpec{Namespace: "app"}, "OK"},
		{WorkloadSpec{Namespace: "app-1.x_y", Address: "10.0.0.9"}, "OK"},
		{WorkloadSpec{Device: "eth1.20"}, "OK"},
		{WorkloadSpec{}, InvalidParameter},
		{WorkloadSpec{Namespace: "a", Device: "eth0"}, InvalidParameter},
		{WorkloadSpec{Namespace: "../../etc/passwd"}, InvalidParameterValueMalformed},
		{WorkloadSpec{Namespace: ".."}, InvalidParameterValueMalformed},
		{WorkloadSpec{Namespace: "a b"}, InvalidParameterValueMalformed},
		{WorkloadSpec{Namespace: "a\n"}, InvalidParameterValueMalformed},
		{WorkloadSpec{Namespace: "-a"}, InvalidParameterValueMalformed},
		{WorkloadSpec{Namespace: strings.Repeat("a", 64)}, InvalidParameterValueMalformed},
		{WorkloadSpec{Device: "eth0/1"}, InvalidParameterValueMalformed},
		{WorkloadSpec{Device: "..."}, InvalidParameterValueMalformed},
		{WorkloadSpec{Device: "a23456789012345x"}, InvalidParameterValueMalformed},
		{WorkloadSpec{Device: "eth0", Address: "10.0.0.9"}, InvalidParameterCoexist},
	} {
		if got := code(c.spec.Check()); got != c.want {
			t.Errorf("%+v: %s, want %s", c.spec, got, c.want)
		}
	}
}

// TestSubnetLends hands out all addresses of a small subnet, and no other.
func TestSubnetLends(t *testing.T) {
	s := &Subnet{ID: "subnet-1", CIDR: netip.MustParsePrefix("10.0.0.0/29")}
	taken := map[netip.Addr]bool{netip.MustParseAddr("10.0.0.3"): true}
	for text, want := range map[string]Code{
		"10.0.0.6": "OK", "10.0.0.3": ResourceInUse, "10.0.0.0": InvalidParameterValueReserved, "10.0.0.1": InvalidParameterValueReserved,
		"10.0.0.7": InvalidParameterValueReserved, "10.0.0.8": InvalidParameterValueRange, "10.0.0.6/29": InvalidParameterValueMalformed,
		"010.0.0.6": InvalidParameterValueMalformed, "::1": InvalidParameterValueMalformed,
	} {
		if _, err := s.Lends(text, taken); code(err) != want {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
	var got []string
	for range 4 {
		a, err := s.Lends("", taken)
		if err != nil {
			t.Fatal(err)
		}
		taken[a] = true
		got = append(got, a.String())
	}
	if text := strings.Join(got, " "); text != "10.0.0.2 10.0.0.4 10.0.0.5 10.0.0.6" {
		t.Errorf("lent %s", text)
	}
	if _, err := s.Lends("", taken); code(err) != ResourceInsufficient {
		t.Errorf("a full subnet: %v", err)
	}
}

func TestWorkloadState(t *testing.T) {
	h := &Host{Name: "h"}
	for _, c := range []struct {
		host  *Host
		seen  *WorkloadStatus
		state State
		cause string
	}{
		{nil, nil, StatePending, "host h is gone"},
		{h, nil, StatePending, ""},
		{h, &WorkloadStatus{Generation: 1, Ready: true}, StatePending, ""},
		{h, &WorkloadStatus{Generation: 2}, StatePending, ""},
		{h, &WorkloadStatus{Generation: 2, Cause: "no such namespace"}, StateFailed, "no such namespace"},
		{h, &WorkloadStatus{Generation: 2, Ready: true}, StateAvailable, ""},
	} {
		w := &Workload{ID: "att-abcdefgh", Host: "h", Namespace: "n", Generation: 2}
		if state, cause := w.State(c.host, c.seen); state != c.state || cause != c.cause {
			t.Errorf("%+v: %s %q, want %s %q", c.seen, state, cause, c.state, c.cause)
		}
		w.Deleted = 1
		if state, _ := w.State(c.host, c.seen); state != StateDeleting {
			t.Errorf("deleted: %s", state)
		}
	}
	in, dev := &Workload{ID: "att-abcdefgh", Namespace: "n"}, &Workload{ID: "att-abcdefgh", Device: "eth1"}
	if in.Interface() != "atabcdefgh" || dev.Interface() != "eth1" || in.Name() != "n" || dev.Name() != "eth1" {
		t.Errorf("%s %s, %s %s", in.Name(), in.Interface(), dev.Name(), dev.Interface())
	}
}
