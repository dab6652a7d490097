package api_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gatewright/gatewright/internal/vpc"
	"github.com/gatewright/gatewright/internal/wire"
)

// The golden matrix: what each action answers in each situation, as text files in
// testdata/matrix. See docs/adding-an-action.md for the format.

// cannotRefuse are the actions that have nothing to refuse: they take no input, and
// any caller may ask.
var cannotRefuse = []string{"DescribeAccountAttributes", "DescribeCustomerGatewayVendors", "DescribeNetworkAccountType", "GetCallerIdentity"}

func TestMatrix(t *testing.T) {
	files, err := filepath.Glob("testdata/matrix/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no matrix files: %v", err)
	}
	seen := coverage{}
	played := 0
	for _, f := range files {
		t.Run(strings.TrimSuffix(filepath.Base(f), ".txt"), func(t *testing.T) {
			played++
			h := newHarness(t)
			for _, b := range readBlocks(t, f) {
				t.Run(b.name, func(t *testing.T) { h.run(t, f, b, seen) })
			}
		})
	}
	if played < len(files) {
		return // -run picked some files: they need not have every action
	}
	for name, a := range wire.Actions {
		if !a.Served {
			continue
		}
		if !seen[name]["OK"] {
			t.Errorf("%s: the matrix has no situation in which it succeeds", name)
		}
		refused := len(seen[name]) > 1 || (len(seen[name]) == 1 && !seen[name]["OK"])
		if !refused && !slices.Contains(cannotRefuse, name) {
			t.Errorf("%s: the matrix has no situation in which it refuses", name)
		}
	}
	seen.holdAgainst(t, readUnreached(t))
}

// coverage counts which codes each action was seen to answer without a fault.
type coverage map[string]map[string]bool

func (c coverage) add(action, code string) {
	if c[action] == nil {
		c[action] = map[string]bool{}
	}
	c[action][code] = true
}

type block struct {
	name  string
	lines []numbered
}

type numbered struct {
	n    int
	text string
}

func readBlocks(t *testing.T, path string) []block {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var blocks []block
	sc := bufio.NewScanner(f)
	sc.Buffer(nil, 1<<22)
	for n := 1; sc.Scan(); n++ {
		line := strings.TrimSpace(sc.Text())
		if name, ok := strings.CutPrefix(line, "situation:"); ok {
			blocks = append(blocks, block{name: strings.TrimSpace(name)})
			continue
		}
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if len(blocks) == 0 {
			t.Fatalf("%s:%d: a line before the first situation", path, n)
		}
		b := &blocks[len(blocks)-1]
		b.lines = append(b.lines, numbered{n, line})
	}
	if err := sc.Err(); err != nil {
		t.Fatal(err)
	}
	return blocks
}

// run plays one block: a fresh account, its calls, their codes.
func (h *harness) run(t *testing.T, file string, b block, seen coverage) {
	s := h.session(t)
	vars := map[string]string{}
	var action string
	var reply any
	pending := false
	faults := map[string]bool{} // "ACTION CODE"
	for _, l := range b.lines {
		fail := func(format string, args ...any) {
			t.Helper()
			t.Fatalf("%s:%d: %s\n  %s\n  last reply: %s", file, l.n, fmt.Sprintf(format, args...), l.text, compact(reply))
		}
		text := expand(l.text, vars)
		switch {
		case strings.HasPrefix(text, "=>"):
			if !pending {
				fail("a code without a call")
			}
			pending = false
			want := strings.TrimSpace(text[2:])
			if got := codeOf(reply); got != want {
				fail("answered %s", got)
			}
			if !faults[action+" "+want] {
				seen.add(action, want)
			}
		case pending:
			fail("the call before has no => CODE")
		case strings.HasPrefix(l.text, "$"):
			name, path, _ := strings.Cut(l.text[1:], "=")
			v, ok := lookup(reply, strings.TrimSpace(path))
			if !ok {
				fail("nothing at that path")
			}
			vars[strings.TrimSpace(name)] = plain(v)
		case strings.HasPrefix(text, "?"):
			if err := expect(reply, strings.TrimSpace(text[1:])); err != nil {
				fail("%v", err)
			}
		case strings.HasPrefix(text, "!"):
			if fault, ok := strings.CutPrefix(text, "!fault "); ok {
				faults[fault] = true
			}
			if err := s.knob(text[1:]); err != nil {
				fail("%v", err)
			}
		default:
			var body string
			action, body, _ = strings.Cut(text, " ")
			if body = strings.TrimSpace(body); body == "" {
				body = "{}"
			}
			reply = s.call(t, action, body)
			pending = true
		}
	}
	if pending {
		t.Fatalf("%s: %s: the last call has no => CODE", file, b.name)
	}
}

// expand replaces $name by what was captured under it, the longest name first.
func expand(s string, vars map[string]string) string {
	names := make([]string, 0, len(vars))
	for n := range vars {
		names = append(names, n)
	}
	slices.SortFunc(names, func(a, b string) int { return len(b) - len(a) })
	for _, n := range names {
		s = strings.ReplaceAll(s, "$"+n, vars[n])
	}
	return s
}

func codeOf(reply any) string {
	if code, ok := lookup(reply, "Error.Code"); ok {
		return plain(code)
	}
	return "OK"
}

// lookup walks a dotted path through objects and lists; a number picks from a list,
// # is its length.
func lookup(v any, path string) (any, bool) {
	for part := range strings.SplitSeq(path, ".") {
		switch x := v.(type) {
		case map[string]any:
			next, ok := x[part]
			if !ok {
				return nil, false
			}
			v = next
		case []any:
			if part == "#" {
				return json.Number(strconv.Itoa(len(x))), true
			}
			i, err := strconv.Atoi(part)
			if err != nil || i < 0 || i >= len(x) {
				return nil, false
			}
			v = x[i]
		default:
			return nil, false
		}
	}
	return v, true
}

func expect(reply any, text string) error {
	if path, ok := strings.CutSuffix(text, " absent"); ok {
		if v, found := lookup(reply, strings.TrimSpace(path)); found {
			return fmt.Errorf("it is there: %s", compact(v))
		}
		return nil
	}
	if path, ok := strings.CutSuffix(text, " present"); ok {
		if _, found := lookup(reply, strings.TrimSpace(path)); !found {
			return fmt.Errorf("it is absent")
		}
		return nil
	}
	path, want, ok := strings.Cut(text, "==")
	if !ok {
		return fmt.Errorf("an expectation is PATH == VALUE, PATH absent or PATH present")
	}
	got, found := lookup(reply, strings.TrimSpace(path))
	if !found {
		return fmt.Errorf("it is absent")
	}
	wantValue, err := decode(strings.TrimSpace(want))
	if err != nil {
		return fmt.Errorf("the wanted value is not JSON: %v", err)
	}
	if !reflect.DeepEqual(got, wantValue) {
		return fmt.Errorf("it is %s", compact(got))
	}
	return nil
}

func decode(s string) (any, error) {
	d := json.NewDecoder(strings.NewReader(s))
	d.UseNumber()
	var v any
	err := d.Decode(&v)
	return v, err
}

func plain(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	return compact(v)
}

func compact(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(b)
}

// knob turns one of the operator's knobs for the block's account.
func (s *session) knob(text string) error {
	words := strings.Fields(text)
	verb, args := words[0], words[1:]
	switch verb {
	case "account":
		return s.setAccount(args)
	case "quota":
		n, err := strconv.Atoi(args[1])
		if err != nil {
			return err
		}
		return s.setQuota(args[0], n)
	case "fault":
		return s.addFault(args[0], vpc.Code(args[1]))
	case "advance":
		d, err := time.ParseDuration(args[0])
		if err != nil {
			return err
		}
		return s.advance(d)
	case "region":
		s.region = args[0]
		return nil
	case "role":
		return s.setRole(vpc.KeyRole(args[0]), args[1:])
	case "other":
		return s.switchAccount()
	case "task":
		return s.setTask(args)
	case "block", "unblock":
		return s.setBlocked(vpc.GatewayID(args[0]), verb == "block")
	}
	return fmt.Errorf("no knob of that name")
}
