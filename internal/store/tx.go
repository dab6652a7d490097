package store

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"

	"github.com/gatewright/gatewright/internal/vpc"
)

// Tx is one closure's view of the newest rows, with its own changes in it. It ends
// with the closure.
type Tx struct {
	ws      *workspace
	now     vpc.Instant
	rand    *rand.Rand
	log     []change
	journal []line
	err     error
}

// change is one Put or Delete, kept so that it can be undone.
type change struct {
	table   table
	old     any // nil: there was none
	row     any
	deleted bool
}

// line is one journal entry, encoded.
type line struct {
	journal Journal
	part    string
	json    []byte
}

// Now is the instant of this transaction: never before that of an earlier one of this
// process.
func (tx *Tx) Now() vpc.Instant { return tx.now }

// Rand is where ids come from.
func (tx *Tx) Rand() *rand.Rand { return tx.rand }

// Append adds an entry to a journal. It commits with the transaction's rows.
func (tx *Tx) Append(journal Journal, entry any) {
	b, err := json.Marshal(entry)
	if err != nil && tx.err == nil {
		tx.err = fmt.Errorf("encode %s entry: %w", journal, err)
	}
	tx.journal = append(tx.journal, line{journal, partOf(entry), b})
}

func (tx *Tx) tree(slot int) any           { return tx.ws.trees[slot] }
func (tx *Tx) frozen(slot int) any         { return slots[slot].copy(tx.ws.trees[slot]) }
func (tx *Tx) writable(slot int) any       { return tx.ws.writable(slot) }
func (tx *Tx) touch(table string, row any) { tx.ws.touch(table, row) }

func (tx *Tx) note(t table, row, old any, deleted bool) {
	tx.log = append(tx.log, change{t, old, row, deleted})
}

// undo takes every change back, the last one first.
func (tx *Tx) undo() {
	for i := len(tx.log) - 1; i >= 0; i-- {
		if c := tx.log[i]; c.old != nil {
			c.table.put(tx.ws, c.old)
		} else if !c.deleted {
			c.table.remove(tx.ws, c.row)
		}
	}
	tx.log, tx.journal = nil, nil
}

// workspace is the mutable set of trees. The writer's goroutine owns it.
type workspace struct {
	trees []any
	dirty []bool // differs from the published view
	rows  []Row  // put or removed since the published view
	all   bool   // rows does not say everything
}

// mostRows is how many changed rows are told one by one.
const mostRows = 10_000

func newWorkspace() *workspace {
	ws := &workspace{trees: make([]any, len(slots)), dirty: make([]bool, len(slots)), all: true}
	for i, s := range slots {
		ws.trees[i] = s.empty()
		ws.dirty[i] = true
	}
	return ws
}

func (ws *workspace) writable(slot int) any {
	ws.dirty[slot] = true
	return ws.trees[slot]
}

// touch notes that a row was put or removed, also when that is undone later.
func (ws *workspace) touch(table string, row any) {
	if len(ws.rows) >= mostRows {
		ws.rows, ws.all = nil, true
	}
	if !ws.all {
		ws.rows = append(ws.rows, Row{table, row})
	}
}

// since takes what was noted.
func (ws *workspace) since() ([]Row, bool) {
	rows, all := ws.rows, ws.all
	ws.rows, ws.all = nil, false
	return rows, all
}

func (ws *workspace) tree(slot int) any   { return ws.trees[slot] }
func (ws *workspace) frozen(slot int) any { return slots[slot].copy(ws.trees[slot]) }

// publish freezes what changed since old; old may be nil.
func (ws *workspace) publish(old *View, rev Revision) *View {
	v := &View{revision: rev, trees: make([]any, len(slots)), changed: make(chan struct{})}
	for i, s := range slots {
		if ws.dirty[i] || old == nil {
			v.trees[i] = s.copy(ws.trees[i])
			ws.dirty[i] = false
		} else {
			v.trees[i] = old.trees[i]
		}
	}
	return v
}
