package main

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/gatewright/gatewright/internal/lab"
)

// traces are what the demo puts on the machine: names begin so, and processes.
type traces struct {
	prefixes []string
	pids     []int
}

// note takes down what runs in the namespaces now.
func (m *traces) note() {
	for _, prefix := range m.prefixes {
		for _, name := range lab.Namespaces(prefix) {
			m.pids = append(m.pids, lab.Pids(name)...)
		}
	}
	slices.Sort(m.pids)
	m.pids = slices.Compact(m.pids)
}

// check looks for them when everything should be gone. A process that was killed stays
// in the table of processes until its parent has asked how it ended.
func (m *traces) check(seen *table) {
	err := lab.Poll(5*time.Second, m.gone)
	if err != nil {
		seen.add(false, "left on this machine", "nothing", "%v", err)
		return
	}
	seen.add(true, "left on this machine", "nothing", "nothing of %d processes", len(m.pids))
}

func (m *traces) gone() error {
	var left []string
	for _, prefix := range m.prefixes {
		left = append(left, lab.Namespaces(prefix)...)
	}
	for _, pid := range m.pids {
		if syscall.Kill(pid, 0) == nil {
			left = append(left, fmt.Sprintf("process %d", pid))
		}
	}
	if len(left) > 0 {
		return errors.New(strings.Join(left, ", "))
	}
	return nil
}

// own begins the names of this process's labs.
func own() string { return fmt.Sprintf("lab-%d-", os.Getpid()) }
