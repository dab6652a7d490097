//go:build linux

package lab

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
)

// Run gives do a T outside a test, cleans up and returns what do has failed with. When
// ctx ends, so does do, at its next step with that T.
func Run(ctx context.Context, log io.Writer, do func(T)) (err error) {
	r := &standalone{ctx: ctx, log: log}
	defer func() {
		r.cleaning = true
		for i := len(r.cleanups) - 1; i >= 0; i-- {
			r.cleanups[i]()
		}
	}()
	defer func() {
		if r.failure != nil {
			_ = recover() // the panic of Fatalf
			err = r.failure
		}
	}()
	do(r)
	return nil
}

// standalone is T for one goroutine.
type standalone struct {
	ctx      context.Context
	cleaning bool // which ctx does not end
	log      io.Writer
	failure  error
	cleanups []func()
}

// Helper is what every step of a lab calls first, so an interrupted run ends here.
func (r *standalone) Helper() {
	if !r.cleaning && r.ctx.Err() != nil {
		r.Fatalf("interrupted: %w", context.Cause(r.ctx))
	}
}

func (r *standalone) Fatalf(format string, args ...any) {
	r.failure = fmt.Errorf(format, args...)
	panic(r.failure)
}

func (r *standalone) Logf(format string, args ...any) { fmt.Fprintf(r.log, format+"\n", args...) }

func (r *standalone) Cleanup(f func()) { r.cleanups = append(r.cleanups, f) }

func (r *standalone) TempDir() string {
	dir, err := os.MkdirTemp("", "gatewright-lab")
	if err != nil {
		r.Fatalf("lab: %v", errors.Unwrap(err))
	}
	r.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}
