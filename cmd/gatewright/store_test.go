package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestBackupAndRestore(t *testing.T) {
	t.Parallel()
	s := start(t, t.TempDir())
	vpc := func(name string) string { return "call CreateVpc VpcName=" + name + " CidrBlock=10.0.0.0/16" }
	file := filepath.Join(t.TempDir(), "backup")
	s.script(t, []step{
		{vpc("kept"), 0, "kept"},
		{"store backup " + file, 0, "master key not in the backup"},
		{vpc("lost"), 0, "lost"},
		{"key create", 0, "AKID"},
		{"store restore " + file, 0, "master key not in the backup"},
		{"call DescribeVpcs", 0, `"TotalCount": 1`},
		{"call DescribeVpcs", 0, `"VpcName": "kept"`},
		{vpc("new"), 0, "new"},
		{"debug audit", 0, "operator - store backup OK"},
		{"debug audit", 0, "operator - store restore OK"},
		{"store backup " + filepath.Join(t.TempDir(), "no", "such", "dir"), 1, "no such file"},
		{"store restore " + filepath.Join(t.TempDir(), "none"), 1, "no such file"},
	})
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the backup's mode: %v %v", info.Mode(), err)
	}

	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"cut": string(whole[:len(whole)/2]), "nothing": "", "something else": "hello"} {
		if r := gatewright(t, text, "store", "restore", "-", "--data-dir", s.dir); r.code != 1 || !strings.Contains(r.err, "not a whole backup") {
			t.Errorf("a backup that is %s: exit code %d\n%s", name, r.code, r.err)
		}
	}
	if r := gatewright(t, string(whole), "store", "restore", "-", "--data-dir", s.dir); r.code != 0 {
		t.Errorf("from stdin: exit code %d\n%s", r.code, r.err)
	}
	s.script(t, []step{{"call DescribeVpcs", 0, `"TotalCount": 1`}})
}

// TestRestoreElsewhere moves everything to a new machine.
func TestRestoreElsewhere(t *testing.T) {
	t.Parallel()
	old := start(t, t.TempDir())
	old.run("call", "CreateVpc", "VpcName=moved", "CidrBlock=10.0.0.0/16")
	sealed := old.run("store", "backup", "-")
	withKey := old.run("store", "backup", "-", "--with-key")
	_, secret, err := readCredentials(filepath.Join(old.dir, credentialsFile))
	if err != nil {
		t.Fatal(err)
	}
	old.kill()

	s := start(t, t.TempDir())
	if r := gatewright(t, sealed, "store", "restore", "-", "--data-dir", s.dir); r.code != 1 || !strings.Contains(r.err, "another master key") {
		t.Errorf("a backup under another key: exit code %d\n%s", r.code, r.err)
	}
	s.script(t, []step{{"call DescribeVpcs", 0, `"TotalCount": 0`}})
	if r := gatewright(t, withKey, "store", "restore", "-", "--data-dir", s.dir); r.code != 0 || !strings.Contains(squeeze(r.out), "master key in the backup") {
		t.Fatalf("exit code %d\n%s%s", r.code, r.out, r.err)
	}
	moved := []step{{"call DescribeVpcs", 0, `"VpcName": "moved"`}}
	s.script(t, moved)
	if _, got, err := readCredentials(filepath.Join(s.dir, credentialsFile)); err != nil || got != secret {
		t.Errorf("the credentials are not those of the restored store: %v", err)
	}
	s.stop()
	start(t, s.dir).script(t, moved)
}
