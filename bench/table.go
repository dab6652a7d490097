package main

import (
	"fmt"
	"os"
	"runtime"
	"time"
)

// figure is one cell of the table: a value, and latencies where they were measured.
type figure struct {
	value    float64
	unit     string
	share    float64 // of the canned answer; 0: not a rate under the same load
	p50, p99 time.Duration
	target   string
}

type table struct{}

func header() string {
	return fmt.Sprintf("%s, %d cores, %s\n%-42s %9s %12s %7s %9s %9s  %s",
		time.Now().UTC().Format(time.DateOnly), runtime.NumCPU(), runtime.Version(),
		"what", "gateways", "figure", "share", "p50 ms", "p99 ms", "wanted")
}

func (*table) print(format string, args ...any) { fmt.Fprintf(os.Stdout, format+"\n", args...) }

func (t *table) row(what string, n int, f figure) {
	size := "-"
	if n > 0 {
		size = fmt.Sprint(n)
	}
	t.print("%-42s %9s %12s %7s %9s %9s  %s", what, size, amount(f.value)+" "+f.unit,
		orDash(f.share > 0, "%.2f", f.share), millis(f.p50), millis(f.p99), f.target)
}

func amount(v float64) string {
	switch {
	case v >= 100:
		return fmt.Sprintf("%.0f", v)
	case v >= 1:
		return fmt.Sprintf("%.2f", v)
	}
	return fmt.Sprintf("%.3f", v)
}

func millis(d time.Duration) string {
	return orDash(d > 0, "%.2f", float64(d.Microseconds())/1000)
}

func orDash(ok bool, format string, v float64) string {
	if !ok {
		return "-"
	}
	return fmt.Sprintf(format, v)
}
