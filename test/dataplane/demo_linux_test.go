package dataplane

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/gatewright/gatewright/internal/lab"
)

// startDemo builds the demo and starts it on the program under test.
func startDemo(l *lab.Lab) *lab.Process {
	l.Helper()
	demo := filepath.Join(l.TempDir(), "demo")
	if out, err := exec.Command("go", "build", "-o", demo, "../../demo").CombinedOutput(); err != nil {
		l.Fatalf("build: %v\n%s", err, out)
	}
	return l.Start(exec.Command(demo, "-program", program))
}

// TestDemo is make demo, and holds its table against what it must say. It has the
// machine for itself, since it measures.
func TestDemo(t *testing.T) {
	l := lab.New(t)
	began := time.Now()
	demo := startDemo(l)
	if err := demo.Wait(2 * time.Minute); err != nil {
		t.Fatalf("%v\n%s", err, demo.Output())
	}
	t.Logf("%v\n%s", time.Since(began).Round(time.Second), demo.Output())
	for _, line := range []string{
		`tunnel up, and the first ping +\d\.\d\d s`,
		`ping, desk to workload +0 of 50 lost, [\d.]+ ms`,
		`ping, workload to desk +0 of 50 lost, [\d.]+ ms`,
		`a file of 4 MiB +sha256 ([0-9a-f]{12})…, \d+\.\d s +sha256 ([0-9a-f]{12})…`,
		`iperf3, desk to workload +(1\d|20)\.\d\d Mbit/s`,
		`iperf3, workload to desk +(1\d|20)\.\d\d Mbit/s`,
		`charon killed, tunnel healed +[0-4]\.\d\d s, charon is now \d+`,
		`pings meanwhile +[1-9]\d* of \d+ lost`,
		`traveller connected, and the first ping +\d\.\d\d s`,
		`ping, traveller to workload +0 of 50 lost, [\d.]+ ms`,
		`a file of 4 MiB, from the traveller +sha256 ([0-9a-f]{12})…, \d+\.\d s +sha256 ([0-9a-f]{12})…`,
		`disabled, the session is gone +[0-4]\.\d\d s`,
		`refused while it is disabled +0 of 3 pings after the refusal`,
		`enabled, the traveller is back +[12]?\d\.\d\d s, the same process`,
		`packets on the gateway's internet side +0 in clear, \d{4,} encrypted`,
		`packets on the SSL gateway's internet side +0 in clear, \d{4,} encrypted`,
		`left on this machine +nothing of \d+ processes`,
	} {
		if !regexp.MustCompile(`(?m)^ok  ` + line).MatchString(demo.Output()) {
			t.Errorf("the table has no line %q", line)
		}
	}
	nothingOf(t, demo)
}

// TestDemoInterrupted ends the demo half-way, as Ctrl-C does.
func TestDemoInterrupted(t *testing.T) {
	t.Parallel()
	l := lab.New(t)
	demo := startDemo(l)
	l.Eventually(time.Minute, "the demo pings", func() error {
		if !strings.Contains(demo.Output(), "== ping") {
			return fmt.Errorf("%s", demo.Output())
		}
		return nil
	})
	demo.Signal(os.Interrupt)
	if err := demo.Wait(20 * time.Second); err == nil || !demo.Ended() {
		t.Errorf("it ended with %v", err)
	}
	if out := demo.Output(); !strings.Contains(out, "interrupted") || !strings.Contains(out, "left on this machine: nothing of") {
		t.Errorf("it says\n%s", out)
	}
	nothingOf(t, demo)
}

// nothingOf looks for namespaces of an ended demo.
func nothingOf(t *testing.T, demo *lab.Process) {
	t.Helper()
	if left := lab.Namespaces(fmt.Sprintf("lab-%d-", demo.Pid())); len(left) > 0 {
		t.Errorf("%v is left", left)
	}
}
