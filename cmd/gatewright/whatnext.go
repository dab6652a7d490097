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
	endpoint := about.Endpoint()
	credentials := conf.file(credentialsFile)
	fmt.Fprintf(w, "\nGatewright is ready.\n\n")
	for _, line := range [][2]string{
		{"API", about.API}, {"API, TLS", about.HTTPS}, {"metrics", about.Metrics}, {"credentials", credentials},
	} {
		if line[1] != "" {
			fmt.Fprintf(w, "  %-12s %s\n", line[0], line[1])
		}
	}
	fmt.Fprintf(w, "\nPaste one of these into another shell:\n")
	fmt.Fprintf(w, "\n  %s call CreateVpc VpcName=first CidrBlock=10.0.0.0/16%s\n", quote(self()), dataDirFlag(conf))
	fmt.Fprintf(w, "\n  %s tccli vpc DescribeVpcs --region %s --endpoint %s\n", keyEnv(credentials), conf.Region, endpoint)
	fmt.Fprintf(w, "\n  %s TENCENTCLOUD_REGION=%s %s terraform apply\n\n", keyEnv(credentials), conf.Region, terraformEnv(conf, about))
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

// terraformEnv brings the provider's calls here: plain HTTP through the server as a
// proxy, or by HTTPS to the hosts vpc.NAME and tag.NAME.
func terraformEnv(conf *Config, about operator.About) string {
	if about.API != "" {
		return "TENCENTCLOUD_PROTOCOL=HTTP HTTP_PROXY=" + about.API
	}
	domain := strings.TrimPrefix(about.HTTPS, "https://")
	return "TENCENTCLOUD_DOMAIN=" + domain + " SSL_CERT_FILE=" + quote(conf.file(caFile))
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
