package control

import (
	"strconv"
	"testing"

	"github.com/gatewright/gatewright/internal/store"
)

// TestFilterTests holds that a filter says the same of a row however many values it has,
// and looks at the row once where it has many.
func TestFilterTests(t *testing.T) {
	type row struct{ color string }
	looks := 0
	rules := map[string]filterRule[row]{
		"value": {Value: func(_ store.Reader, r *row) (string, bool) { looks++; return r.color, r.color != "" }},
		"match": {Match: func(_ store.Reader, r *row, v string) bool { looks++; return r.color != "" && r.color == v }},
	}
	for name, rule := range rules {
		for _, n := range []int{0, 1, fewValues, fewValues + 1, 100} {
			values := []string{"", ""}[:min(n, 2)]
			for i := range max(n-2, 0) {
				values = append(values, "red"+strconv.Itoa(i))
			}
			if n > 1 {
				values[1] = "blue"
			}
			test := rule.test(nil, values)
			looks = 0
			got := [3]bool{test(&row{"blue"}), test(&row{"green"}), test(&row{""})}
			if want := [3]bool{n > 1, false, false}; got != want {
				t.Errorf("%s, %d values: %v, want %v", name, n, got, want)
			}
			if name == "value" && looks != 3 {
				t.Errorf("%d values: looked at three rows %d times", n, looks)
			}
		}
	}
	same := rules["match"]
	test := same.test(nil, []string{"a", "a", "a", "a", "a", "a"})
	looks = 0
	if test(&row{"b"}); looks != 1 {
		t.Errorf("one value that is given six times is compared %d times", looks)
	}
}
