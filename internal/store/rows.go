package store

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// TableNames are the names of all tables, sorted.
func TableNames() []string { return slices.Sorted(maps.Keys(tables)) }

// EachRow yields the rows of a table by its name, in the order of their keys, whose key
// as text begins with prefix. The rows are pointers to structs of the package vpc.
func EachRow(r Reader, name, prefix string, yield func(key string, row any) bool) error {
	t, ok := tables[name]
	if !ok {
		return fmt.Errorf("there is no table %q; the tables are %s", name, strings.Join(TableNames(), ", "))
	}
	t.each(r, func(key string, row any) bool {
		return !strings.HasPrefix(key, prefix) || yield(key, row)
	})
	return nil
}
