package clients

import (
	"os/exec"
	"strings"
	"testing"
)

// TestVPNActions runs the program behind scripts/vpnactions.sh, which calls each of the
// 39 VPN gateway actions through the vendor's Node SDK and lists what comes of it.
func TestVPNActions(t *testing.T) {
	t.Parallel()
	nodeSDK(t) // has the SDK installed
	keys := shared.newAccount(t)
	cmd := exec.Command("node", "vpnactions.js", shared.http, keys.id, keys.secret)
	cmd.Dir, cmd.Env = "node", cleanEnv()
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "39 of 39 VPN actions answered OK") {
		t.Errorf("%v\n%s", err, out)
	}
	t.Logf("%s", out)
}
