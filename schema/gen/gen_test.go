package main

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
)

const root = "../.."

// TestTreeIsGenerated compares the tree with what the tables give now, twice, so that
// a dependence on map order shows.
func TestTreeIsGenerated(t *testing.T) {
	for range 2 {
		files, err := generate(os.DirFS(filepath.Join(root, "schema")))
		if err != nil {
			t.Fatal(err)
		}
		for name, want := range files {
			got, err := os.ReadFile(filepath.Join(root, name))
			if err != nil || !bytes.Equal(got, want) {
				t.Errorf("%s is not what the tables say; run go generate ./... (%v)", name, err)
			}
		}
	}
}

// TestNothingElseIsGenerated finds generated files that no table makes any more.
func TestNothingElseIsGenerated(t *testing.T) {
	files, err := generate(os.DirFS(filepath.Join(root, "schema")))
	if err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{"internal/wire", "internal/vpc"} {
		found, err := fs.Glob(os.DirFS(root), dir+"/zz_*.go")
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range found {
			if files[name] == nil {
				t.Errorf("%s: no table makes it", name)
			}
		}
	}
}

// TestWrongTables shows that tables which the generated code could not serve are
// refused, by what they say wrong.
func TestWrongTables(t *testing.T) {
	for _, c := range []struct{ name, vpc, want string }{
		{"an unknown key", `{"service": "vpc", "colour": 1}`, "unknown field"},
		{"an unknown type", actions(`"in": [{"name": "A", "type": "object:B"}]`), `no type "B"`},
		{"an unknown group", strings.Replace(actions(`"in": []`), `"group": "g"`, `"group": "h"`, 1), `no group "h"`},
		{"an unknown code", actions(`"codes": ["No.Such"]`), "No.Such is in no table"},
		{"too many inputs", actions(`"in": [` + strings.Repeat(`{"name": "A", "type": "string"},`, 64) + `{"name": "B", "type": "bool"}]`), "more than 64"},
		{"an endless input", types(`{"name": "A", "type": "list:T"}`), "nested too deep"},
	} {
		_, err := generate(tables(c.vpc))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", c.name, err, c.want)
		}
	}
	if _, err := generate(tables(actions(`"in": [{"name": "A", "type": "string"}]`))); err != nil {
		t.Errorf("a sound table: %v", err)
	}
}

func actions(rest string) string {
	return `{"service": "vpc", "groups": [{"name": "g", "title": "G"}], "actions": {"X": {"group": "g", ` + rest + `}}}`
}

func types(fields string) string {
	return `{"service": "vpc", "types": {"T": {"usage": "in", "fields": [` + fields + `]}}}`
}

func tables(vpc string) fs.FS {
	return fstest.MapFS{
		"vpc.json":    {Data: []byte(vpc)},
		"tag.json":    {Data: []byte(`{"service": "tag"}`)},
		"sts.json":    {Data: []byte(`{"service": "sts"}`)},
		"common.json": {Data: []byte(`{"errors": {}}`)},
		"known.txt":   {Data: []byte("[VPC]\n+ X\n")},
	}
}

// TestCheckMode shows that -check notices a changed file and writes nothing.
func TestCheckMode(t *testing.T) {
	dir := t.TempDir()
	for _, sub := range []string{"schema", "internal/wire", "internal/vpc", "docs"} {
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.CopyFS(filepath.Join(dir, "schema"), tables(actions(`"in": []`))); err != nil {
		t.Fatal(err)
	}
	if err := run(dir, true); err == nil {
		t.Error("files that are not there passed the check")
	}
	if err := run(dir, false); err != nil {
		t.Fatal(err)
	}
	if err := run(dir, true); err != nil {
		t.Errorf("after writing: %v", err)
	}
	changed := filepath.Join(dir, "internal/wire/zz_types.go")
	if err := os.WriteFile(changed, []byte("package wire\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := run(dir, true); err == nil {
		t.Error("a changed file passed the check")
	}
	if text, err := os.ReadFile(changed); err != nil || string(text) != "package wire\n" {
		t.Errorf("-check wrote: %q, %v", text, err)
	}
}
