//go:build !linux

package netdev

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"

	"github.com/gatewright/gatewright/internal/plan"
)

var errSystem = fmt.Errorf("the data plane needs Linux: %w", errors.ErrUnsupported)

// Driver is there on Linux only: New fails elsewhere.
type Driver struct{}

// New fails.
func New(string, *slog.Logger) (*Driver, error) { return nil, errSystem }

// Close does nothing.
func (*Driver) Close() {}

// Build and Prune are planes that fail.
type (
	Build struct{ none }
	Prune struct{ none }
	none  struct{}
)

// Build gives the plane that adds and changes.
func (*Driver) Build() Build { return Build{} }

// Prune gives the plane that removes.
func (*Driver) Prune() Prune { return Prune{} }

// Name names the plane.
func (none) Name() string { return "netdev" }

// Machines names none.
func (none) Machines(context.Context) ([]plan.MachineID, error) { return nil, nil }

// Run fails.
func (none) Run(context.Context, func(plan.MachineID)) error { return errSystem }

// Apply fails.
func (none) Apply(context.Context, plan.Machine) (plan.Observed, error) {
	return plan.Observed{Cause: errSystem.Error()}, errSystem
}

// EnsureUplink fails.
func (*Driver) EnsureUplink(context.Context, string, netip.Prefix) (Uplink, error) {
	return Uplink{}, errSystem
}

// Cleanup has nothing to remove.
func (*Driver) Cleanup(context.Context) ([]string, error) { return nil, nil }

// Counters has none.
func (*Driver) Counters(context.Context, string) (map[string]Traffic, error) { return nil, errSystem }

// LinkCounters has none.
func (*Driver) LinkCounters(context.Context, string) (map[string]LinkTraffic, error) {
	return nil, errSystem
}
