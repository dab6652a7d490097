package dataplane

import (
	"bufio"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/gatewright/gatewright/internal/lab"
)

// idleGateways fills a host with gateways that have no tunnel, and looks at what they
// cost, how long a pass over all takes, and a change of one.
func (v speeds) idleGateways(t *testing.T) {
	c, l := newCloud(t), lab.New(t)
	before, memory := v.metrics(l, c), available(l)
	lands := make([]*site, v.idle)
	for i := range lands {
		if i%perVPC == 0 {
			vpc := text(c.call(l, "CreateVpc", obj{"VpcName": "idle", "CidrBlock": siteRange}), "Vpc", "VpcId")
			lands[i] = &site{cloud: c, vpc: vpc}
			continue
		}
		lands[i] = &site{cloud: c, vpc: lands[i-1].vpc}
	}
	began := time.Now()
	c.each(t, v.idle, func(n int) error { return lands[n].order(5) })
	if err := c.stand(v.idle); err != nil {
		t.Fatal(err)
	}
	v.row("gateways made, sixteen at a time", v.idle, fmt.Sprintf("%.1f s", time.Since(began).Seconds()), beside)
	v.cost(l, c, before, memory)
	v.change(l, c, lands[v.idle/2])
	v.pass(l, c)
}

func (speeds) metrics(l *lab.Lab, c *cloud) map[string]float64 {
	l.Helper()
	m, err := c.metrics()
	if err != nil {
		l.Fatalf("%v", err)
	}
	return m
}

// cost prints what idle gateways hold and use.
func (v speeds) cost(l *lab.Lab, c *cloud, before map[string]float64, memory float64) {
	l.Helper()
	after := v.metrics(l, c)
	each := (memory - available(l)) / float64(v.idle)
	server := (after["process_resident_memory_bytes"] - before["process_resident_memory_bytes"]) / 1024 / float64(v.idle)
	v.row("memory of an idle gateway", v.idle, fmt.Sprintf("%.0f KiB, %.0f of it the server's", each, server), stated)
	// Everything is looked at once a minute, spread over it.
	span := time.Duration(v.seconds) * 5 * time.Second
	began, first := time.Now(), after["process_cpu_seconds_total"]
	<-time.After(span)
	used := v.metrics(l, c)["process_cpu_seconds_total"] - first
	share := used / time.Since(began).Seconds()
	v.row("CPU of idle gateways", v.idle, fmt.Sprintf("%.1f %% of a core, %.2f ms/min each", share*100, share*60000/float64(v.idle)), stated)
}

// available is the machine's memory that can be had, in KiB.
func available(l *lab.Lab) float64 {
	l.Helper()
	file, err := os.Open("/proc/meminfo")
	if err != nil {
		l.Fatalf("%v", err)
	}
	defer file.Close()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		var kib float64
		if n, _ := fmt.Sscanf(lines.Text(), "MemAvailable: %f kB", &kib); n == 1 {
			return kib
		}
	}
	l.Fatalf("no MemAvailable in /proc/meminfo")
	return 0
}

// change changes one gateway's bandwidth until its namespace has the new one.
func (v speeds) change(l *lab.Lab, c *cloud, s *site) {
	l.Helper()
	inside := l.Existing(c.prefix + s.gateway)
	var took []time.Duration
	for n := range v.alone {
		mbit := []int{10, 20}[n%2]
		began := time.Now()
		c.call(l, "ResetVpnGatewayInternetMaxBandwidth", obj{"VpnGatewayId": s.gateway, "InternetMaxBandwidthOut": mbit})
		err := promptly(2*time.Millisecond, func() error {
			out, err := inside.Try("tc", "qdisc", "show", "dev", "lan0")
			if err == nil && !strings.Contains(out, "rate "+rateText(mbit)+"bit") {
				err = fmt.Errorf("lan0 has %s", out)
			}
			return err
		})
		if err != nil {
			l.Fatalf("%v", err)
		}
		took = append(took, time.Since(began))
	}
	v.row("one change among them, call to kernel", v.idle, spread(took), allBelow(200*time.Millisecond, took...))
}

// pass starts the server again, which makes it look at every machine, and takes the time
// from its first pass until all gateways have been seen to stand.
func (v speeds) pass(l *lab.Lab, c *cloud) {
	l.Helper()
	c.stop()
	type seen struct {
		at  time.Time
		err error
	}
	done := make(chan seen)
	var began time.Time // in the answer before the first that knows of a pass
	go func() {
		asked := time.Now()
		err := promptly(20*time.Millisecond, func() error {
			before := asked
			asked = time.Now()
			m, err := c.metrics()
			if began.IsZero() && m["gatewright_reconcile_passes_total"] > 0 {
				began = before
			}
			if up := int(m["gatewright_gateway_up"]); err == nil && up < v.idle {
				err = fmt.Errorf("%d of %d gateways stand", up, v.idle)
			}
			return err
		})
		done <- seen{time.Now(), err}
	}()
	c.start()
	end := <-done
	if end.err != nil {
		l.Fatalf("%v", end.err)
	}
	took := end.at.Sub(began)
	v.row("a pass over all, when the server starts", v.idle, millis(took), allBelow(time.Second, took))
}
