package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/gatewright/gatewright/internal/lab"
)

func main() {
	program := flag.String("program", "bin/gatewright", "the program to show")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	if err := run(ctx, *program); err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, program string) error {
	if os.Geteuid() != 0 {
		return errors.New("it makes network namespaces, which needs root; try: sudo make demo")
	}
	if err := lab.Missing(); err != nil {
		return fmt.Errorf("run scripts/deps.sh dataplane: %w", err)
	}
	program, err := filepath.Abs(program)
	if err != nil {
		return err
	}
	began := time.Now()
	var seen table
	var made traces
	err = lab.Run(ctx, os.Stderr, func(t lab.T) { show(t, program, &seen, &made) })
	made.check(&seen)
	seen.print(os.Stdout)
	fmt.Printf("\n%.0f seconds in all.\n", time.Since(began).Seconds())
	return errors.Join(err, seen.verdict())
}

// show is the whole demo but for what follows its cleaning up.
func show(t lab.T, program string, seen *table, made *traces) {
	c := newCloud(t, program, made)
	s := c.site()
	o, r := c.office(s), c.traveller(s)
	picture(os.Stdout, o, r)
	outsides := []*outside{o.watch(), r.watch()}
	o.tunnel(seen)
	o.ping(seen)
	o.copy(seen)
	o.bandwidth(seen)
	o.kill(seen)
	r.connect(seen)
	r.ping(seen)
	r.copy(seen)
	r.disable(seen)
	r.enable(seen)
	for _, side := range outsides {
		side.report(seen)
	}
}
