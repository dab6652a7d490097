package main

import (
	"fmt"
	"io"
	"text/tabwriter"
)

// table is what was seen, and whether it is what should be.
type table struct{ rows []row }

type row struct {
	what, seen, wanted string
	ok                 bool
}

// add takes a line and says it at once.
func (t *table) add(ok bool, what, wanted, format string, args ...any) {
	r := row{what: what, seen: fmt.Sprintf(format, args...), wanted: wanted, ok: ok}
	t.rows = append(t.rows, r)
	fmt.Printf("   %s: %s\n", r.what, r.seen)
}

func (t *table) print(w io.Writer) {
	fmt.Fprintln(w)
	out := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(out, "\tWHAT\tSEEN\tWANTED")
	for _, r := range t.rows {
		mark := "ok"
		if !r.ok {
			mark = "NO"
		}
		fmt.Fprintf(out, "%s\t%s\t%s\t%s\n", mark, r.what, r.seen, r.wanted)
	}
	out.Flush() // what cannot be written to the terminal is lost
}

// verdict is an error if any line is not as it should be.
func (t *table) verdict() error {
	bad := 0
	for _, r := range t.rows {
		if !r.ok {
			bad++
		}
	}
	if bad > 0 {
		return fmt.Errorf("%d of %d things were not as they should be", bad, len(t.rows))
	}
	return nil
}
