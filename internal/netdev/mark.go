package netdev

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/gatewright/gatewright/internal/plan"
)

// What bears one of these marks is ours, and nothing else is ever changed or removed.
const (
	protocol = 83           // of routes and rules
	table    = "gatewright" // of nftables, family ip
)

var tagForm = regexp.MustCompile(`^[a-z0-9]{1,8}$`)

// mark is one server's mark. Servers with different tags on one host leave each other
// alone.
type mark struct{ tag string }

// prefix starts the names of all namespaces.
func (m mark) prefix() string { return "gwr-" + m.tag + "-" }

// alias marks a link, also one in a foreign namespace, and the lo of every namespace of
// a machine.
func (m mark) alias(id plan.MachineID) string { return "gatewright " + m.tag + " " + id.String() }

// owner reads an alias back.
func (m mark) owner(alias string) (plan.MachineID, bool) {
	rest, ok := strings.CutPrefix(alias, "gatewright "+m.tag+" ")
	if !ok {
		return plan.MachineID{}, false
	}
	name, _, _ := strings.Cut(rest, " ")
	kind, id, ok := strings.Cut(name, "/")
	return plan.MachineID{Kind: plan.Kind(kind), ID: id}, ok && id != ""
}

// origin is where a moved device came from and goes back to. It is kept in the device's
// alias, so that a later run knows it too.
type origin struct {
	name  string
	up    bool
	alias string // that the device had
}

const from = " from "

func (m mark) movedAlias(id plan.MachineID, o origin) string {
	state := "down"
	if o.up {
		state = "up"
	}
	return strings.TrimRight(fmt.Sprintf("%s%s%s %s %s", m.alias(id), from, o.name, state, o.alias), " ")
}

func (m mark) origin(alias string) (origin, bool) {
	id, ok := m.owner(alias)
	if !ok {
		return origin{}, false
	}
	rest, ok := strings.CutPrefix(alias, m.alias(id)+from)
	if !ok {
		return origin{}, false
	}
	f := strings.SplitN(rest, " ", 3)
	if len(f) < 2 {
		return origin{}, false
	}
	o := origin{name: f[0], up: f[1] == "up"}
	if len(f) == 3 {
		o.alias = f[2]
	}
	return o, true
}

func compareIDs(a, b plan.MachineID) int { return strings.Compare(a.String(), b.String()) }
