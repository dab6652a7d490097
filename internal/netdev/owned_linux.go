package netdev

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/gatewright/gatewright/internal/host"
	"github.com/gatewright/gatewright/internal/plan"
)

// owned knows what on the host belongs to which machine: what a scan has found, and
// what was made since. Only this driver makes and removes what bears its mark.
type owned struct {
	sync.Mutex
	scanned    bool
	namespaces map[plan.MachineID]map[string]bool
	links      map[plan.MachineID][]string // in the host's namespace, of a scan
	nobody     []string                    // namespaces with our prefix and no machine
}

func (o *owned) add(id plan.MachineID, name string) {
	o.Lock()
	defer o.Unlock()
	o.addLocked(id, name)
}

func (o *owned) addLocked(id plan.MachineID, name string) {
	if o.namespaces == nil {
		o.namespaces = map[plan.MachineID]map[string]bool{}
	}
	if o.namespaces[id] == nil {
		o.namespaces[id] = map[string]bool{}
	}
	o.namespaces[id][name] = true
}

func (o *owned) remove(id plan.MachineID, name string) {
	o.Lock()
	defer o.Unlock()
	delete(o.namespaces[id], name)
	if len(o.namespaces[id]) == 0 {
		delete(o.namespaces, id)
	}
}

// dropAbsentLocked forgets namespaces that others have deleted.
func (o *owned) dropAbsentLocked() {
	for id, names := range o.namespaces {
		maps.DeleteFunc(names, func(name string, _ bool) bool { return !host.NamespaceExists(name) })
		if len(names) == 0 {
			delete(o.namespaces, id)
		}
	}
}

func (o *owned) of(id plan.MachineID) []string {
	o.Lock()
	defer o.Unlock()
	return slices.Sorted(maps.Keys(o.namespaces[id]))
}

func (o *owned) strays(id plan.MachineID) []string {
	o.Lock()
	defer o.Unlock()
	return slices.Clone(o.links[id])
}

func (o *owned) clearStrays(id plan.MachineID) {
	o.Lock()
	defer o.Unlock()
	delete(o.links, id)
}

// scanOnce scans unless it was done before.
func (d *Driver) scanOnce(ctx context.Context) error {
	d.owned.Lock()
	scanned := d.owned.scanned
	d.owned.Unlock()
	if scanned {
		return nil
	}
	return d.scan(ctx)
}

// scan looks at every namespace with our prefix, and at the host's links.
func (d *Driver) scan(ctx context.Context) error {
	names, err := host.Namespaces(d.prefix())
	if err != nil {
		return err
	}
	var nobody []string
	for _, name := range names {
		if err := ctx.Err(); err != nil {
			return err
		}
		id, ok, err := d.ownerOf(name)
		switch {
		case errors.Is(err, host.ErrNoNamespace): // it has just gone
		case err != nil:
			return err
		case ok:
			d.owned.add(id, name)
		default:
			nobody = append(nobody, name)
		}
	}
	links, err := d.homeLinks()
	if err != nil {
		return err
	}
	d.owned.Lock()
	defer d.owned.Unlock()
	d.owned.links, d.owned.nobody, d.owned.scanned = links, nobody, true
	d.owned.dropAbsentLocked()
	return nil
}

// ownerOf reads whose a namespace is from its lo, or else from its name.
func (d *Driver) ownerOf(name string) (plan.MachineID, bool, error) {
	s, err := d.open(name)
	if err != nil {
		return plan.MachineID{}, false, err
	}
	defer d.done(s)
	lo, err := s.link("lo")
	if err != nil {
		return plan.MachineID{}, false, err
	}
	if lo != nil {
		if id, ok := d.owner(lo.Attrs().Alias); ok {
			return id, true, nil
		}
	}
	id := strings.TrimPrefix(name, d.prefix())
	switch {
	case strings.HasPrefix(id, "vpngw-"):
		return plan.MachineID{Kind: plan.KindGateway, ID: id}, true, nil
	case strings.HasPrefix(id, "vpc-"):
		return plan.MachineID{Kind: plan.KindRouter, ID: id}, true, nil
	}
	return plan.MachineID{}, false, nil
}

func (d *Driver) homeLinks() (map[plan.MachineID][]string, error) {
	home, err := d.open(plan.HostNamespace)
	if err != nil {
		return nil, err
	}
	defer d.done(home)
	links, err := again(home.nl.LinkList)
	if err != nil {
		return nil, &host.Error{Op: "read links", Err: err, Hint: host.Hint(err)}
	}
	out := map[plan.MachineID][]string{}
	for _, l := range links {
		if id, ok := d.owner(l.Attrs().Alias); ok {
			out[id] = append(out[id], l.Attrs().Name)
		}
	}
	return out, nil
}

// machines names every machine of which something is on the host.
func (d *Driver) machines(ctx context.Context) ([]plan.MachineID, error) {
	if err := d.scan(ctx); err != nil {
		return nil, err
	}
	d.owned.Lock()
	defer d.owned.Unlock()
	ids := map[plan.MachineID]bool{}
	for id := range d.owned.namespaces {
		ids[id] = true
	}
	for id := range d.owned.links {
		ids[id] = true
	}
	out := slices.Collect(maps.Keys(ids))
	slices.SortFunc(out, compareIDs)
	return out, nil
}
