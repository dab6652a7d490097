package gatewright

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/gatewright/gatewright"

var tree = os.DirFS(".")

// exempt are rooms for tests and the demo only.
var exempt = map[string]bool{"internal/lab": true, "internal/reconcile/planetest": true}

// room is one row of the table of rooms and floors in ARCHITECTURE.md.
type room struct {
	floor int
	own   []string // packages of this module that it may import
	third []string // modules that live here; a third-party import must match a row's prefix
	pure  bool     // no clock, no chance, no I/O
}

var rooms = map[string]room{
	"internal/vpc":       {floor: 0, pure: true},
	"internal/wire":      {floor: 0},
	"internal/plan":      {floor: 1, own: []string{"vpc"}, pure: true},
	"internal/store":     {floor: 1, own: []string{"vpc"}, third: []string{"go.etcd.io/", "github.com/tidwall/btree", "google.golang.org/grpc", "go.uber.org/zap"}},
	"internal/pki":       {floor: 1, own: []string{"vpc"}},
	"internal/host":      {floor: 1, own: []string{"vpc"}, third: []string{"github.com/vishvananda/", "golang.org/x/sys"}},
	"internal/control":   {floor: 2, own: []string{"vpc", "store", "peerconfig", "pki"}},
	"internal/ipsec":     {floor: 2, own: []string{"vpc", "plan", "host"}, third: []string{"github.com/strongswan/govici"}},
	"internal/sslvpn":    {floor: 2, own: []string{"vpc", "plan", "host", "pki"}},
	"internal/netdev":    {floor: 2, own: []string{"vpc", "plan", "host"}, third: []string{"github.com/vishvananda/", "github.com/google/nftables", "github.com/mdlayher/netlink", "golang.org/x/sys"}},
	"internal/probe":     {floor: 2, own: []string{"vpc", "plan", "host"}, third: []string{"golang.org/x/net"}},
	"internal/reconcile": {floor: 3, own: []string{"vpc", "store", "plan"}},
	"internal/api":       {floor: 3, own: []string{"vpc", "wire", "control"}},
	"internal/operator":  {floor: 3, own: []string{"vpc", "control"}},
	"internal/metrics":   {floor: 4, own: []string{"vpc", "control", "reconcile"}, third: []string{"github.com/prometheus/client_golang"}},
	"cmd/gatewright":     {floor: 5, own: []string{"*"}, third: []string{"github.com/spf13/", "github.com/tencentcloud/", "github.com/BurntSushi/toml"}},

	"internal/peerconfig": {floor: 1, own: []string{"vpc"}, pure: true},
}

// impure are the packages that a pure room may not see.
var impure = []string{"os", "net", "net/http", "math/rand", "math/rand/v2", "crypto/rand", "io/fs", "log", "log/slog", "context", "sync", "syscall", "unsafe", "os/exec"}

// TestImports holds every package against the table: imports point down only, and a
// third-party library lives where its row says and nowhere else.
func TestImports(t *testing.T) {
	for dir, imports := range sourceImports(t) {
		r, ok := rooms[dir]
		if !ok {
			t.Errorf("%s: no such room in the table; add a row here and in ARCHITECTURE.md", dir)
			continue
		}
		for _, imp := range imports {
			if err := r.admits(dir, imp); err != "" {
				t.Errorf("%s imports %s: %s", dir, imp, err)
			}
		}
	}
}

func (r room) admits(dir, imp string) string {
	if own, ok := strings.CutPrefix(imp, module+"/"); ok {
		target, known := rooms[own]
		switch {
		case !known:
			return "not a room"
		case !slices.Contains(r.own, "*") && !slices.Contains(r.own, strings.TrimPrefix(own, "internal/")):
			return "not in its row"
		case target.floor >= r.floor:
			return "imports point down only"
		}
		return ""
	}
	first, _, _ := strings.Cut(imp, "/")
	if !strings.Contains(first, ".") { // the standard library
		if r.pure && slices.Contains(impure, imp) {
			return "a pure package may not"
		}
		return ""
	}
	for _, p := range r.third {
		if strings.HasPrefix(imp, p) {
			return ""
		}
	}
	return "third-party library outside its room"
}

// TestImportsRefuses proves that the table can fail.
func TestImportsRefuses(t *testing.T) {
	for _, c := range []struct{ dir, imp string }{
		{"internal/vpc", "os"},
		{"internal/vpc", module + "/internal/plan"},
		{"internal/plan", module + "/internal/store"},
		{"internal/api", module + "/internal/store"},
		{"internal/api", "go.etcd.io/etcd/client/v3"},
		{"internal/control", module + "/internal/reconcile"},
	} {
		if rooms[c.dir].admits(c.dir, c.imp) == "" {
			t.Errorf("%s may import %s, but must not", c.dir, c.imp)
		}
	}
}

// TestPureCallsNoClock finds time.Now and its kin in the pure rooms.
func TestPureCallsNoClock(t *testing.T) {
	for dir, r := range rooms {
		if !r.pure {
			continue
		}
		for _, f := range goFiles(t, dir) {
			src, err := fs.ReadFile(tree, f)
			if err != nil {
				t.Fatal(err)
			}
			for _, bad := range []string{"time.Now(", "time.Since(", "time.Sleep(", "time.After(", "time.NewTimer("} {
				if strings.Contains(string(src), bad) {
					t.Errorf("%s calls %s…)", f, bad)
				}
			}
		}
	}
}

func goFiles(t *testing.T, dir string) []string {
	t.Helper()
	files, err := fs.Glob(tree, path.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(files, func(f string) bool { return strings.HasSuffix(f, "_test.go") })
}

// sourceImports lists, for every folder with Go source under internal/ and cmd/, what
// its files (tests exempt) import.
func sourceImports(t *testing.T) map[string][]string {
	t.Helper()
	out := map[string][]string{}
	for _, root := range []string{"internal", "cmd"} {
		err := fs.WalkDir(tree, root, func(p string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(p, ".go") || strings.HasSuffix(p, "_test.go") {
				return err
			}
			dir := path.Dir(filepath.ToSlash(p))
			if exempt[dir] {
				return nil
			}
			src, err := fs.ReadFile(tree, p)
			if err != nil {
				return err
			}
			f, err := parser.ParseFile(token.NewFileSet(), p, src, parser.ImportsOnly)
			if err != nil {
				return err
			}
			for _, im := range f.Imports {
				name, err := strconv.Unquote(im.Path.Value)
				if err != nil {
					return err
				}
				if !slices.Contains(out[dir], name) {
					out[dir] = append(out[dir], name)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return out
}
