package store

import "testing"

// TestUsage holds what is done about a database's size against examples, in mebibytes
// of a quota of 8 GiB.
func TestUsage(t *testing.T) {
	for _, c := range []struct {
		file, used                    int64
		filling, full, brim, wasteful bool
	}{
		{file: 100, used: 90},
		{file: 400, used: 20, wasteful: true},
		{file: 4000, used: 3000},
		{file: 5000, used: 4000, filling: true},
		{file: 5000, used: 1000, filling: true, wasteful: true},
		{file: 7500, used: 7300, filling: true},
		{file: 7400, used: 6900, filling: true, wasteful: true},
		{file: 7600, used: 7500, filling: true, full: true},
		{file: 7900, used: 5000, filling: true, full: true, wasteful: true},
		{file: 8000, used: 7800, filling: true, full: true},
		{file: 8000, used: 7960, filling: true, full: true, brim: true},
		{file: 8100, used: 5000, filling: true, full: true, brim: true, wasteful: true},
	} {
		u := usage{c.file << 20, c.used << 20, 8 << 30}
		if u.filling() != c.filling || u.full() != c.full || u.brim() != c.brim || u.wasteful() != c.wasteful {
			t.Errorf("file %d, used %d: filling %v, full %v, brim %v, wasteful %v", c.file, c.used, u.filling(), u.full(), u.brim(), u.wasteful())
		}
	}
}
