//go:build !linux

package main

import (
	"context"
	"errors"
	"log/slog"

	"github.com/gatewright/gatewright/internal/metrics"
	"github.com/gatewright/gatewright/internal/operator"
	"github.com/gatewright/gatewright/internal/vpc"
)

var errSystem = errors.New("it needs Linux")

// planeMissing says why this machine cannot carry packets.
func planeMissing() error { return errSystem }

// dataplane is there on Linux only.
type dataplane struct{}

func (s *server) openPlane(context.Context) (*dataplane, error) { return nil, errSystem }

// noCoreFiles does nothing: elsewhere the system has to see to it.
func noCoreFiles() error { return nil }

func (*dataplane) announce(context.Context, *server) error { return errSystem }

func (*dataplane) run(context.Context, *server) error { return errSystem }

func (*dataplane) traffic(context.Context, vpc.GatewayID, vpc.Instant) ([]vpc.PeerTraffic, error) {
	return nil, errSystem
}

func (*dataplane) withdraw(context.Context, *server) {}

func (*dataplane) describe() (text, prefix string) { return "", "" }

func (*dataplane) look(context.Context, string) (operator.Machine, error) {
	return operator.Machine{}, errSystem
}

func (*dataplane) dialled(context.Context, vpc.GatewayID, vpc.SSLServerID) (operator.SSLServer, error) {
	return operator.SSLServer{}, errSystem
}

func (*dataplane) carried(*Config) metrics.Sources { return metrics.Sources{} }

func (*dataplane) negotiations(context.Context, vpc.ConnectionID) ([]string, error) {
	return nil, errSystem
}

func cleanUp(context.Context, *Config, *slog.Logger) ([]string, error) { return nil, errSystem }
