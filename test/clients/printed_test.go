package clients

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestPrintedLines pastes into a shell what a server prints when it is ready. Its data
// directory has a name that a shell takes apart unless it is quoted.
func TestPrintedLines(t *testing.T) {
	t.Parallel()
	s, err := start(filepath.Join(t.TempDir(), "it's $HOME; a dir"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.stop(); err != nil {
			t.Error(err)
		}
	}()
	keys := s.root(t)
	signed := []string{"TENCENTCLOUD_SECRET_ID=" + keys.id, "TENCENTCLOUD_SECRET_KEY=" + keys.secret}
	for i, want := range [][]string{
		{`"VpcName": "first"`, `"RequestId": "`},
		append(signed, "tccli vpc DescribeVpcs --region ap-guangzhou --endpoint http://"+s.http),
		append(signed, "TENCENTCLOUD_PROTOCOL=HTTP", "HTTP_PROXY=http://"+s.http, "TENCENTCLOUD_REGION=ap-guangzhou", "terraform apply"),
	} {
		out := paste(t, s.paste[i])
		for _, text := range want {
			if !strings.Contains(out, text) {
				t.Errorf("no %q after %s:\n%s", text, s.paste[i], out)
			}
		}
	}
}

// paste runs a line in a shell. The tools that are not installed for tests say with
// what they were called.
func paste(t *testing.T, line string) string {
	t.Helper()
	tools := t.TempDir()
	for _, name := range []string{"tccli", "terraform"} {
		script := "#!/bin/sh\nenv\necho " + name + " \"$@\"\n"
		if err := os.WriteFile(filepath.Join(tools, name), []byte(script), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command("sh", "-c", line)
	cmd.Env = cleanEnv("PATH=" + tools + string(os.PathListSeparator) + os.Getenv("PATH"))
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", line, err, out)
	}
	return string(out)
}
