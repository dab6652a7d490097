package dataplane

import (
	"bufio"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// metrics are what the server counts, each the sum of its series.
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
		line := lines.Text()
		if line == "" || line[0] == '#' {
			continue
		}
		name, _, _ := strings.Cut(line[:strings.LastIndexByte(line, ' ')], "{")
		value, err := strconv.ParseFloat(line[strings.LastIndexByte(line, ' ')+1:], 64)
		if err != nil {
			return nil, fmt.Errorf("metrics: %s: %w", name, err)
		}
		out[name] += value
	}
	return out, lines.Err()
}
