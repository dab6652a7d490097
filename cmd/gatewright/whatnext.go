package main

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/gatewright/gatewright/internal/operator"
)

// whatNext tells a person who has just started a server what can be done with it.
func whatNext(w io.Writer, conf *Config, about operator.About) {
	credentials := conf.file(credentialsFile)
	fmt.Fprintf(w, "\nGatewright is ready.\n\n")
	for _, line := range [][2]string{
		{"API", about.API}, {"API, TLS", about.HTTPS}, {"metrics", about.Metrics}, {"data plane", about.Dataplane}, {"credentials", credentials},
	} {
		if line[1] != "" {
			fmt.Fprintf(w, "  %-12s %s\n", line[0], line[1])
		}
	}
	fmt.Fprintf(w, "\nPaste one of these into another shell:\n")
	fmt.Fprintf(w, "\n  %s call CreateVpc VpcName=first CidrBlock=10.0.0.0/16%s\n", quote(self()), dataDirFlag(conf))
	fmt.Fprintf(w, "\n  %s tccli vpc DescribeVpcs --region %s --endpoint %s\n", keyEnv(credentials), conf.Region, strings.TrimPrefix(about.Endpoint(), "https://"))
	if about.API == "" {
		fmt.Fprintf(w, "\n  # Terraform over HTTPS needs names for this server; docs/operating.md says how.\n\n")
		return
	}
	fmt.Fprintf(w, "\n  %s TENCENTCLOUD_REGION=%s TENCENTCLOUD_PROTOCOL=HTTP HTTP_PROXY=%s terraform apply\n\n", keyEnv(credentials), conf.Region, about.API)
}

// self is how to call this program again.
func self() string {
	path, err := os.Executable()
	if err != nil {
		return "gatewright"
	}
	return path
}

func dataDirFlag(conf *Config) string {
	if conf.DataDir == defaultDataDir() {
		return ""
	}
	return " --data-dir " + quote(conf.DataDir)
}

// keyEnv sets the variables of the vendor's tools from the file, so that the secret is
// not on the screen.
func keyEnv(credentials string) string {
	read := func(name string) string {
		return fmt.Sprintf(`"$(sed -n 's/^%s = //p' %s)"`, name, quote(credentials))
	}
	return "TENCENTCLOUD_SECRET_ID=" + read("secret_id") + " TENCENTCLOUD_SECRET_KEY=" + read("secret_key")
}

// quote makes one word of a text for a shell.
func quote(s string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("/._-+:,@%=", r)
	}
	if s != "" && !strings.ContainsFunc(s, func(r rune) bool { return !plain(r) }) {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
