package reconcile

import (
	"context"
	"log/slog"

	"github.com/gatewright/gatewright/internal/plan"
	"github.com/gatewright/gatewright/internal/store"
	"github.com/gatewright/gatewright/internal/vpc"
)

// Options are what the loops are given. Host, View, Unseal, Report and Planes must be set.
type Options struct {
	Host   plan.Host
	View   func() *store.View
	Unseal func(row, field string, sealed vpc.Sealed) ([]byte, error)
	Report func(context.Context, vpc.Report) error // control.Report; may be called again with the same statuses
	Planes []Plane                                 // in the order in which they are applied; a machine that goes is taken down in reverse
	Log    *slog.Logger                            // default slog.Default()
	Seed   uint64                                  // of the jitter; 0: from the system's randomness
}

// Loops keep the machines of one host.
type Loops struct {
	Options
}

// New makes loops. Nothing happens until Run.
func New(o Options) *Loops { return &Loops{o} }
