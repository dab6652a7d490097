// Package reconcile keeps this host's machines as their rows want them: one loop per
// machine takes a snapshot, compiles a plan, applies it plane by plane and publishes
// what was seen. It does not know which planes exist.
package reconcile

import (
	"context"

	"github.com/gatewright/gatewright/internal/plan"
)

// A Plane makes one part of this host match a plan. Only a loop of this package calls
// Apply, for one machine at a time, for different machines at once; every
// implementation passes the conformance suite.
type Plane interface {
	Name() string
	// Apply reads what is, changes what differs and reports what is true
	// afterwards, also when it fails. Applying the same plan again changes nothing.
	Apply(ctx context.Context, want plan.Machine) (plan.Observed, error)
	// Machines names every machine of which this plane finds something on the host,
	// also what a former run left behind.
	Machines(ctx context.Context) ([]plan.MachineID, error)
	// Run owns the plane's connections until ctx ends, and calls wake when
	// something about a machine may have changed. Wakes may be lost or repeated.
	Run(ctx context.Context, wake func(plan.MachineID)) error
}
