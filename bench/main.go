// Command bench measures a real server over HTTP on loopback, signatures on, limiter
// off, client and server on the same cores, and prints one table. Every rate is also
// given as a share of a canned answer served to the same client in the same run, so
// that tables from different machines can be compared.
//
// It starts and stops its own servers, each with a data directory of its own.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"time"
)

type options struct {
	binary   string
	sizes    []int
	conns    int
	duration time.Duration
	dir      string
}

func main() {
	if len(os.Args) > 1 && os.Args[1] == "canned" {
		serveCanned()
		return
	}
	var o options
	sizes := flag.String("sizes", "1000,10000,100000,1000000", "how many gateways (and as many connections) each store holds")
	flag.StringVar(&o.binary, "binary", "bin/gatewright", "the server to measure")
	flag.IntVar(&o.conns, "conns", 64, "connections of the client")
	flag.DurationVar(&o.duration, "duration", 5*time.Second, "how long each figure is measured")
	flag.StringVar(&o.dir, "dir", "", "where the data directories go (default: a temporary folder, removed at the end)")
	flag.Parse()
	for s := range strings.SplitSeq(*sizes, ",") {
		n, err := strconv.Atoi(s)
		if err != nil || n < 1 {
			fmt.Fprintf(os.Stderr, "bench: -sizes: %q is not a number of gateways\n", s)
			os.Exit(2)
		}
		o.sizes = append(o.sizes, n)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options) (err error) {
	if o.dir == "" {
		dir, err := os.MkdirTemp("", "gatewright-bench-")
		if err != nil {
			return err
		}
		o.dir = dir
		defer func() {
			if err == nil {
				os.RemoveAll(dir)
			} else {
				fmt.Fprintln(os.Stderr, "bench: the servers' logs are in", dir)
			}
		}()
	}
	t := &table{}
	t.print("%s", header())
	empty, err := emptyStart(ctx, o)
	if err != nil {
		return err
	}
	t.row("empty start to ready", 0, figure{value: empty.Seconds(), unit: "s", target: "< 1"})
	for _, n := range o.sizes {
		if err := measureSize(ctx, o, t, n); err != nil {
			return fmt.Errorf("%d gateways: %w", n, err)
		}
	}
	return nil
}

func emptyStart(ctx context.Context, o options) (time.Duration, error) {
	s, err := startServer(ctx, o, "empty")
	if err != nil {
		return 0, err
	}
	defer s.stop()
	return s.ready, nil
}

// measureSize fills a store with n gateways and n connections and measures it.
func measureSize(ctx context.Context, o options, t *table, n int) error {
	s, err := startServer(ctx, o, strconv.Itoa(n))
	if err != nil {
		return err
	}
	defer func() { s.stop() }()
	began := time.Now()
	if err := s.seed(n); err != nil {
		return err
	}
	t.row("seeding (test tool)", n, figure{value: float64(2*n) / time.Since(began).Seconds(), unit: "rows/s"})
	if err := s.restart(ctx); err != nil {
		return err
	}
	t.row("restart to ready", n, figure{value: s.ready.Seconds(), unit: "s", target: "< 60 at 1M"})
	rss, err := s.anonymousMemory()
	if err != nil {
		return err
	}
	t.row("anonymous memory after restart", n, figure{value: float64(rss) / (1 << 30), unit: "GiB", target: "< 6 at 1M"})
	db, err := s.databaseSize()
	if err != nil {
		return err
	}
	t.row("etcd database", n, figure{value: float64(db) / (1 << 30), unit: "GiB", target: "< 8 at 1M"})
	if err := s.prepare(); err != nil {
		return err
	}
	canned, err := measureCanned(ctx, o, s)
	if err != nil {
		return err
	}
	t.row("canned answer", n, figure{value: canned.rate, unit: "/s", p50: canned.p50, p99: canned.p99})
	for _, c := range cases(s, n) {
		r, err := load(ctx, c.conns(o), o.duration, s.url, s.cred, c.next)
		if err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
		f := figure{value: r.rate, unit: "/s", p50: r.p50, p99: r.p99, target: c.target}
		if c.single == 0 {
			f.share = r.rate / canned.rate
		}
		t.row(c.name, n, f)
	}
	rss, err = s.anonymousMemory()
	if err != nil {
		return err
	}
	t.row("anonymous memory after load", n, figure{value: float64(rss) / (1 << 30), unit: "GiB", target: "< 6 at 1M"})
	return nil
}
