package store

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// nextProgram knows one version more: names of gateways are in capitals there.
var nextProgram = schema{version: 2, steps: map[int]step{1: func(key string, value []byte) ([]byte, error) {
	if !strings.HasPrefix(key, rowPrefix+"gateway/") {
		return value, nil
	}
	return bytes.Replace(value, []byte(`"name":"g`), []byte(`"name":"G`), 1), nil
}}}

func TestMigration(t *testing.T) {
	shelf := newShelf(t)
	old := shelf.open(t)
	putGateways(t, old, 0, 500)
	old.Close()

	shelf.opts.schema = nextProgram
	st := shelf.open(t)
	checkMigrated(t, st, 500)
	files, err := filepath.Glob(filepath.Join(st.opts.DataDir, "backups", "before-migration-from-1-*.gz"))
	if err != nil || len(files) != 1 {
		t.Fatalf("backups: %v, %v", files, err)
	}
	st.Close()

	// Started again there is nothing to migrate, and the older program refuses.
	shelf.open(t).Close()
	shelf.opts.schema = thisProgram
	if _, err := open(t.Context(), shelf.db, shelf.opts.filled()); err == nil || !strings.Contains(err.Error(), "newer program") {
		t.Errorf("the older program: %v, want a refusal", err)
	}

	// The backup brings the old rows back, and the new program migrates them again.
	shelf.opts.schema = nextProgram
	st = shelf.open(t)
	putGateways(t, st, 900, 950)
	f, err := os.Open(files[0])
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := st.Restore(t.Context(), f); err != nil {
		t.Fatal(err)
	}
	checkMigrated(t, st, 500)
}

func TestMigrationCutOff(t *testing.T) {
	for after := 1; after <= 5; after++ {
		t.Run(fmt.Sprint(after), func(t *testing.T) {
			shelf := newShelf(t)
			old := shelf.open(t)
			putGateways(t, old, 0, 500)
			old.Close()
			shelf.opts.schema = nextProgram
			commits := 0
			shelf.db.lose = func(txn) error {
				if commits++; commits == after {
					return errors.New("power failure")
				}
				return nil
			}
			st, err := open(t.Context(), shelf.db, shelf.opts.filled())
			if err == nil {
				st.Close()
				t.Fatal("the migration did not notice the failure")
			}
			shelf.db.lose = nil
			checkMigrated(t, shelf.open(t), 500)
		})
	}
}

func TestMigrationWithoutAWay(t *testing.T) {
	shelf := newShelf(t)
	shelf.open(t).Close()
	shelf.opts.schema = schema{version: 3, steps: nextProgram.steps}
	if _, err := open(t.Context(), shelf.db, shelf.opts.filled()); err == nil || !strings.Contains(err.Error(), "no way") {
		t.Errorf("a version without a step: %v, want a refusal", err)
	}
}

func checkMigrated(t *testing.T, s *Store, n int) {
	t.Helper()
	count := 0
	for g := range Gateways.All(s.View()) {
		count++
		if !strings.HasPrefix(g.Name, "G") {
			t.Fatalf("%s is named %q after the migration", g.ID, g.Name)
		}
	}
	if count != n {
		t.Errorf("%d gateways after the migration, want %d", count, n)
	}
	if h := s.Health(); !h.Ready || !h.Writable {
		t.Errorf("after the migration: %+v", h)
	}
}
