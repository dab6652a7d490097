package main

import (
	"os"
	"path/filepath"
	"runtime"
)

// Names inside the data directory.
const (
	credentialsFile = "credentials"
	socketFile      = "operator.sock"
	caFile          = "ca.pem"
	caKeyFile       = "ca-key.pem"
)

// defaultDataDir is below the user's state directory, and /var/lib/gatewright for
// root on Unix. It is empty where no home directory is known.
func defaultDataDir() string {
	switch runtime.GOOS {
	case "windows":
		return under(os.Getenv("LocalAppData"), "Gatewright")
	case "darwin":
		home, _ := os.UserHomeDir()
		return under(home, "Library", "Application Support", "Gatewright")
	}
	if os.Geteuid() == 0 {
		return "/var/lib/gatewright"
	}
	if state := os.Getenv("XDG_STATE_HOME"); filepath.IsAbs(state) {
		return filepath.Join(state, "gatewright")
	}
	home, _ := os.UserHomeDir()
	return under(home, ".local", "state", "gatewright")
}

func under(base string, names ...string) string {
	if base == "" {
		return ""
	}
	return filepath.Join(append([]string{base}, names...)...)
}
