package store

import (
	"encoding/json"
	"fmt"
	"slices"
)

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

// maxFates bounds the head's size. A replica that learns of a commit only after as
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

// kept reports whether a batch was committed, and whether that is certain.
func (f fates) kept(replica string, batch uint64) (kept, certain bool) {
	i := slices.IndexFunc(f, func(o fate) bool { return o.Replica == replica })
	if i < 0 {
		return false, len(f) < maxFates
	}
	return f[i].Batch == batch, true
}

func (f fates) value() []byte {
	b, err := json.Marshal(headRow{f})
	if err != nil {
		panic(err) // a struct of strings and numbers
	}
	return b
}

func parseHead(value []byte) (fates, error) {
	var h headRow
	if value == nil {
		return nil, nil
	}
	if err := json.Unmarshal(value, &h); err != nil {
		return nil, fmt.Errorf("head key: %w", err)
	}
	return h.Last, nil
}

func encode(row any) ([]byte, error) { return json.Marshal(row) }
