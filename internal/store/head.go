package store

import "encoding/json"

// headRow is the value of the head key. Every guarded commit writes it.
type headRow struct {
	Last fates `json:"last"` // newest first: the first one made this commit
}

// fates are the last commits of replicas, by which one that lost its connection
// learns whether its batch was kept.
type fates []fate

type fate struct {
	Replica string `json:"r"`
	Batch   uint64 `json:"b"`
}

// maxFates bounds the head's size. A replica that is asked about a commit after as
// many others have started and written must call its outcome unknown.
const maxFates = 32

// with returns the fates after a commit.
func (f fates) with(replica string, batch uint64) fates {
	out := fates{{replica, batch}}
	for _, old := range f {
		if old.Replica != replica && len(out) < maxFates {
			out = append(out, old)
		}
	}
	return out
}

func (w *writer) headValue() []byte {
	w.last = w.last.with(w.s.opts.Replica, w.batch)
	b, err := json.Marshal(headRow{w.last})
	if err != nil {
		panic(err) // a struct of strings and numbers
	}
	return b
}

func encode(row any) ([]byte, error) { return json.Marshal(row) }
