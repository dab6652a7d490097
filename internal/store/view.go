package store

// Revision counts commits; it grows with every one, also those of other replicas.
type Revision int64

// View is all rows at one revision. It never changes.
type View struct {
	revision Revision
	head     int64 // revision of the head key: the newest guarded commit in it
	trees    []any
	changed  chan struct{}
}

// Revision is the commit that the view shows.
func (v *View) Revision() Revision { return v.revision }

// Changed is closed when a newer view has been published.
func (v *View) Changed() <-chan struct{} { return v.changed }

func (v *View) tree(slot int) any   { return v.trees[slot] }
func (v *View) frozen(slot int) any { return v.trees[slot] }
