package netdev

import (
	"context"
	"errors"
	"os"

	"github.com/google/nftables"
	"github.com/google/nftables/expr"

	"github.com/gatewright/gatewright/internal/host"
)

// Counters reads the named counters of a namespace's firewall. They start from zero
// with their namespace and go on through changes of the ruleset.
func (d *Driver) Counters(ctx context.Context, namespace string) (map[string]Traffic, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s, err := d.open(namespace)
	if err != nil {
		return nil, err
	}
	defer d.done(s)
	c, err := s.nftables()
	if err != nil {
		return nil, err
	}
	defer c.CloseLasting()
	out, err := readCounters(c)
	if err != nil {
		return nil, &host.Error{Op: "read counters", Namespace: namespace, Err: err, Hint: host.Hint(err)}
	}
	return out, nil
}

func readCounters(c *nftables.Conn) (map[string]Traffic, error) {
	objects, err := c.GetNamedObjects(ourTable)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	out := map[string]Traffic{}
	for _, o := range objects {
		named, ok := o.(*nftables.NamedObj)
		if !ok || named.Table.Name != table {
			continue
		}
		if count, ok := named.Obj.(*expr.Counter); ok {
			out[named.Name] = Traffic{Packets: count.Packets, Bytes: count.Bytes}
		}
	}
	return out, nil
}

// LinkCounters reads what the links of a namespace have carried.
func (d *Driver) LinkCounters(ctx context.Context, namespace string) (map[string]LinkTraffic, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s, err := d.open(namespace)
	if err != nil {
		return nil, err
	}
	defer d.done(s)
	links, err := again(s.nl.LinkList)
	if err != nil {
		return nil, &host.Error{Op: "read links", Namespace: namespace, Err: err, Hint: host.Hint(err)}
	}
	out := map[string]LinkTraffic{}
	for _, l := range links {
		if st := l.Attrs().Statistics; st != nil {
			out[l.Attrs().Name] = LinkTraffic{
				In:         Traffic{st.RxPackets, st.RxBytes},
				Out:        Traffic{st.TxPackets, st.TxBytes},
				InDropped:  st.RxDropped,
				OutDropped: st.TxDropped,
			}
		}
	}
	return out, nil
}
