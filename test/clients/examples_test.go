package clients

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestExamples runs the programs of examples/ as they stand.
func TestExamples(t *testing.T) {
	t.Parallel()
	node, err := filepath.Abs("node")
	if err != nil {
		t.Fatal(err)
	}
	for name, command := range map[string][]string{
		"go":   {"go", "run", "../../examples/go"},
		"node": {"node", "../../examples/node/gateway.js"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if name == "node" {
				nodeSDK(t) // has the SDK installed
			}
			keys := shared.newAccount(t)
			cmd := exec.Command(command[0], command[1:]...)
			cmd.Env = cleanEnv("GATEWRIGHT="+shared.http, "NODE_PATH="+filepath.Join(node, "node_modules"),
				"TENCENTCLOUD_SECRET_ID="+keys.id, "TENCENTCLOUD_SECRET_KEY="+keys.secret)
			out, err := cmd.CombinedOutput()
			for _, want := range []string{"made vpc-", "made vpngw-", " is AVAILABLE at ", "removed both"} {
				if err != nil || !strings.Contains(string(out), want) {
					t.Fatalf("%v: %v, and no %q in\n%s", command, err, want, out)
				}
			}
		})
	}
}
