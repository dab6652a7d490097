//go:build !linux

package probe

import (
	"errors"

	"github.com/gatewright/gatewright/internal/plan"
)

func open(plan.Probe) (line, error) { return nil, errors.New("health checks need Linux") }
