package store

// Revision counts commits; it grows with every one, also those of other replicas.
type Revision int64

// View is all rows at one revision. It never changes.
type View struct {
	revision Revision
	head     int64 // revision of the head key: the newest guarded commit in it
	trees    []any
	changed  chan struct{}
	step     Step // to the next view; set before changed is closed
}

// Step is the way from a view to the one published after it.
type Step struct {
	View *View // the newer one
	Rows []Row // what was put or removed; some may be as they were, some named twice
	All  bool  // any row may differ, Rows does not say which
}

// Row is one row of a table: a pointer to a struct of the package vpc. Of a row that was
// removed it is what the row was.
type Row struct {
	Table string
	Row   any
}

// Next returns the step to the view after v, or false while v is the newest. Following
// steps costs what changed, not what there is; who holds an old view keeps all later
// steps in memory.
func (v *View) Next() (Step, bool) {
	select {
	case <-v.changed:
		return v.step, true
	default:
		return Step{}, false
	}
}

// Revision is the commit that the view shows.
func (v *View) Revision() Revision { return v.revision }

// Changed is closed when a newer view has been published.
func (v *View) Changed() <-chan struct{} { return v.changed }

func (v *View) tree(slot int) any   { return v.trees[slot] }
func (v *View) frozen(slot int) any { return v.trees[slot] }
