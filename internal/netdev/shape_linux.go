package netdev

import (
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/gatewright/gatewright/internal/plan"
)

// shaperHandle is the mark of our root qdiscs.
const shaperHandle = 0x83 << 16

// shape sets what may leave through a link, and takes away a shaper that is not wanted.
func (p *pass) shape(v *view, l netlink.Link, want plan.Shape) error {
	cur := v.shapers[l.Attrs().Index]
	if want == (plan.Shape{}) {
		if cur == nil || cur.Attrs().Handle != shaperHandle {
			return nil
		}
		return p.do("delete shaper of", l.Attrs().Name, v.s.name, func() error { return v.s.nl.QdiscDel(cur) })
	}
	q := tbf(l, want)
	if have, ok := cur.(*netlink.Tbf); ok && have.Handle == shaperHandle && sameTBF(have, q) {
		return nil
	}
	return p.do("shape", l.Attrs().Name, v.s.name, func() error {
		err := v.s.nl.QdiscReplace(q)
		if err == unix.EEXIST { // another kind has our handle
			if err = v.s.nl.QdiscDel(cur); err == nil {
				err = v.s.nl.QdiscReplace(q)
			}
		}
		return err
	})
}

func tbf(l netlink.Link, s plan.Shape) *netlink.Tbf {
	rate := s.Rate / 8
	return &netlink.Tbf{
		QdiscAttrs: netlink.QdiscAttrs{LinkIndex: l.Attrs().Index, Parent: netlink.HANDLE_ROOT, Handle: shaperHandle},
		Rate:       rate,
		Limit:      s.Queue,
		Buffer:     netlink.Xmittime(rate, s.Burst),
	}
}

func sameTBF(a, b *netlink.Tbf) bool {
	return a.Rate == b.Rate && a.Limit == b.Limit && a.Buffer == b.Buffer
}
