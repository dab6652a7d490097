package dataplane

import (
	"fmt"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// sizes are how much is measured. GATEWRIGHT_SPEEDS replaces some, as in
// "alone=21,together=100,idle=500,seconds=4"; `make bench-dataplane` measures in full.
type sizes struct {
	alone    int // things made one after another
	together int // things made at once
	idle     int // gateways without a tunnel on one host
	seconds  int // of one measurement that is about time
}

func askedSizes(t *testing.T) sizes {
	t.Helper()
	s := sizes{alone: 3, together: 4, idle: 8, seconds: 1}
	fields := map[string]*int{"alone": &s.alone, "together": &s.together, "idle": &s.idle, "seconds": &s.seconds}
	for word := range strings.FieldsFuncSeq(os.Getenv("GATEWRIGHT_SPEEDS"), func(r rune) bool { return r == ',' }) {
		name, value, _ := strings.Cut(word, "=")
		n, err := strconv.Atoi(value)
		if fields[name] == nil || err != nil || n < 1 || n > 2000 {
			t.Fatalf("GATEWRIGHT_SPEEDS: %q is none of alone, together, idle, seconds with a number up to 2000", word)
		}
		*fields[name] = n
	}
	return s
}

// speeds is the table, printed row by row as they are measured.
type speeds struct{ sizes }

func (speeds) row(what string, count int, figure string, g goal) {
	line(what, strconv.Itoa(count), figure, g)
}

func line(what, count, figure string, g goal) {
	fmt.Println(strings.TrimRight(fmt.Sprintf("%-50s %6s  %-40s %-14s %s", what, count, figure, g.wanted, g.verdict), " "))
}

// goal is what a row wants and whether it has it. The word is for who reads the table: a
// machine with other work misses what it reaches when it is quiet, so no test fails by it.
type goal struct{ wanted, verdict string }

// Rows of which nothing is promised but the figure itself, or not even that.
var (
	stated = goal{wanted: "stated"}
	beside goal
)

func hold(wanted string, met bool) goal {
	if met {
		return goal{wanted, "ok"}
	}
	return goal{wanted, "MISSED"}
}

// below wants the median of times below a limit, allBelow every one.
func below(all []time.Duration, limit time.Duration) goal {
	return hold("p50 < "+millis(limit), median(all) < limit)
}

func allBelow(limit time.Duration, all ...time.Duration) goal {
	return hold("< "+millis(limit), slices.Max(all) < limit)
}

// TestSpeeds measures the data plane and prints the table. What it asserts is that
// everything that is measured does happen, and that neighbours lose no packet; not how
// long anything takes. It is alone on the machine, like what it measures.
func TestSpeeds(t *testing.T) {
	s := speeds{askedSizes(t)}
	fmt.Printf("%s, %d cores, %s, server and peers on the same cores\n", time.Now().UTC().Format(time.DateOnly), runtime.NumCPU(), runtime.Version())
	line("what", "count", "figure", goal{wanted: "wanted"})
	t.Run("tunnels", s.tunnels)
	t.Run("throughput", s.throughput)
	t.Run("neighbours", s.neighbours)
	t.Run("travellers", s.travellers)
	t.Run("idle", s.idleGateways)
}

func median[T int | float64 | time.Duration](all []T) T {
	return slices.Sorted(slices.Values(all))[len(all)/2]
}

// spread is the median of times, and the least and the greatest.
func spread(all []time.Duration) string {
	return fmt.Sprintf("p50 %s (%s to %s)", millis(median(all)), millis(slices.Min(all)), millis(slices.Max(all)))
}

func millis(d time.Duration) string { return fmt.Sprintf("%.0f ms", d.Seconds()*1000) }
