//go:build linux

package lab

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Iperf sends one TCP stream from this namespace to an address of another, and gives
// the Mbit/s of payload that arrived. More arguments are iperf3's own, such as -R.
func (n *Namespace) Iperf(to *Namespace, addr string, length time.Duration, more ...string) float64 {
	n.lab.Helper()
	const port = "5201"
	server := to.Start("iperf3", "-s", "-1", "-p", port, "-B", addr, "--forceflush")
	defer server.Kill()
	n.lab.Eventually(5*time.Second, "iperf3 listens", func() error {
		if !strings.Contains(server.Output(), "listening") {
			return fmt.Errorf("it says %q", server.Output())
		}
		return nil
	})
	args := []string{"iperf3", "-c", addr, "-p", port, "-J", "-t", strconv.FormatFloat(length.Seconds(), 'f', -1, 64), "--connect-timeout", "5000"}
	text := n.Run(append(args, more...)...)
	var report struct {
		End struct {
			Received struct {
				Rate float64 `json:"bits_per_second"`
			} `json:"sum_received"`
		} `json:"end"`
	}
	if err := json.Unmarshal([]byte(text), &report); err != nil {
		n.lab.Fatalf("lab: iperf3: %v: %s", err, text)
	}
	return report.End.Received.Rate / 1e6
}
