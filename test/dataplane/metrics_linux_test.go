package dataplane

import (
	"bufio"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// metrics are the server's own counters: the values of series without labels.
func (c *cloud) metrics() (map[string]float64, error) {
	// A connection of its own each time, so that there is none when it counts goroutines
	// but the one that asks.
	client := http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{DialContext: c.host.Dial, DisableKeepAlives: true}}
	answer, err := client.Get("http://" + metricsEndpoint + "/metrics")
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("metrics: %s", answer.Status)
	}
	out := map[string]float64{}
	lines := bufio.NewScanner(answer.Body)
	for lines.Scan() {
		name, value, ok := strings.Cut(lines.Text(), " ")
		if !ok || name == "#" || strings.Contains(name, "{") {
			continue
		}
		if out[name], err = strconv.ParseFloat(value, 64); err != nil {
			return nil, fmt.Errorf("metrics: %s: %w", name, err)
		}
	}
	return out, lines.Err()
}
