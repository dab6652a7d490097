package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/gatewright/gatewright/internal/lab"
)

// obj is a JSON object of the API.
type obj = map[string]any

// cloud is a running server, and the namespace that is its whole machine.
type cloud struct {
	*lab.Lab
	program string
	dir     string
	prefix  string // begins the names of the namespaces that the server makes
	host    *lab.Namespace
	made    *traces
}

// The addresses of office and traveller are the uplink's and not the pool's.
const (
	uplink     = "gwr-uplink" // the bridge that the server makes
	uplinkAddr = "198.51.100.1"
	officeAddr = "198.51.100.200"
)

func newCloud(t lab.T, program string, made *traces) *cloud {
	c := &cloud{Lab: lab.New(t), program: program, dir: filepath.Join(t.TempDir(), "data"), made: made}
	made.prefixes = append(made.prefixes, own())
	c.host = c.Namespace("cloud")
	say("a server, in a namespace of its own")
	c.serve()
	return c
}

func (c *cloud) serve() {
	c.Helper()
	flags := []string{"--data-dir", c.dir, "--listen", "127.0.0.1:9080", "--metrics-listen", "", "--dataplane", "linux", "--public-exclude", officeAddr + "," + travellerAddr, "--settle", "0s", "--rate-limit", "0"}
	server := c.host.Start(append([]string{c.program, "serve"}, flags...)...)
	c.Cleanup(func() {
		c.made.note()
		server.Kill()
		cmd := c.host.Command(append([]string{c.program, "serve", "--cleanup"}, flags...)...)
		if out, err := cmd.CombinedOutput(); err != nil {
			c.Logf("serve --cleanup: %v\n%s", err, out)
		}
	})
	c.Eventually(30*time.Second, "the server is ready", func() error {
		if server.Ended() {
			c.Fatalf("the server has ended:\n%s", server.Output())
		}
		if !strings.Contains(server.Output(), "Paste one of these") {
			return fmt.Errorf("it says:\n%s", server.Output())
		}
		return nil
	})
	var status struct{ Prefix string }
	c.gatewright(&status, "status", "--json")
	if status.Prefix == "" {
		c.Fatalf("gatewright status names no prefix of namespaces")
	}
	c.prefix = status.Prefix
	c.made.prefixes = append(c.made.prefixes, status.Prefix)
}

// gatewright runs one of the program's commands, which prints JSON.
func (c *cloud) gatewright(answer any, args ...string) {
	c.Helper()
	cmd := exec.Command(c.program, append(args, "--data-dir", c.dir)...)
	// The server's address is one inside its namespace.
	if args[0] == "call" {
		cmd = c.host.Command(cmd.Args...)
	}
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err == nil {
		err = json.Unmarshal(out, answer)
	}
	if err != nil {
		c.Fatalf("gatewright %s: %v", args[0], err)
	}
}

// call calls an action of the API, and shows the command.
func (c *cloud) call(action string, params ...string) obj {
	c.Helper()
	line := action
	for _, p := range params {
		if name, _, _ := strings.Cut(p, "="); name == "PreShareKey" {
			p = name + "=***"
		}
		line += " " + p
	}
	fmt.Printf("   $ gatewright call %s\n", line)
	return c.ask(action, params...)
}

// ask is call without a word.
func (c *cloud) ask(action string, params ...string) obj {
	c.Helper()
	var answer obj
	c.gatewright(&answer, append([]string{"call", action}, params...)...)
	return answer
}

// field is a string in an answer, at a path of names; of a list the first is taken.
func (c *cloud) field(answer any, path ...string) string {
	c.Helper()
	for _, name := range path {
		if list, ok := answer.([]any); ok && len(list) > 0 {
			answer = list[0]
		}
		o, _ := answer.(obj)
		answer = o[name]
	}
	text, ok := answer.(string)
	if !ok {
		c.Fatalf("the answer has no %s", strings.Join(path, "."))
	}
	return text
}

func say(format string, args ...any) { fmt.Printf("\n== "+format+"\n", args...) }
