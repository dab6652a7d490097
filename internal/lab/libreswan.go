//go:build linux

package lab

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Libreswan is an IPsec gateway of a make that shares no code with the server's: pluto as
// Debian ships it, configured from text.
type Libreswan struct {
	*Namespace
	root   string // the unpacked packages
	dir    string // its own /etc and what it writes
	daemon *Process
}

// UnpackLibreswan gives the directory for any number of Namespace.Libreswan. Its packages
// are not installed: Libreswan's would remove strongSwan's.
func UnpackLibreswan(t T) string {
	t.Helper()
	return Unpack(t, "libreswan", "libldns3", "libevent-pthreads-2.1-7", "libnss3-tools")
}

// Libreswan starts one from the packages in root. Text is files of /etc, each behind a
// comment that is its path; the rest of /etc is as Debian ships it.
func (n *Namespace) Libreswan(root, text string) *Libreswan {
	n.lab.Helper()
	p := &Libreswan{Namespace: n, root: root, dir: n.lab.TempDir()}
	n.Forward()
	if err := os.CopyFS(p.dir+"/etc", os.DirFS(root+"/etc")); err != nil {
		n.lab.Fatalf("lab: %v", err)
	}
	p.write(text)
	if out, err := p.command("/usr/bin/certutil", "-N", "-d", "sql:"+p.dir, "--empty-password").CombinedOutput(); err != nil {
		n.lab.Fatalf("lab: certutil: %v: %s", err, out)
	}
	p.daemon = n.lab.Start(p.command("/usr/libexec/ipsec/pluto", "--nofork", "--stderrlog", "--no-dnssec", "--config", "/etc/ipsec.conf",
		"--rundir", p.dir, "--nssdir", p.dir))
	return p
}

// write puts each file of the text in its place.
func (p *Libreswan) write(text string) {
	p.lab.Helper()
	path, files := "", map[string]string{}
	for line := range strings.Lines(text) {
		if name, ok := strings.CutPrefix(strings.TrimSpace(line), "# /etc/"); ok {
			path = name
		}
		if path != "" {
			files[path] += line
		}
	}
	if len(files) == 0 {
		p.lab.Fatalf("lab: no file of /etc in\n%s", text)
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(p.dir, "etc", name), []byte(content), 0o600); err != nil {
			p.lab.Fatalf("lab: %v", err)
		}
	}
}

// command is one of the packages' programs in a mount namespace of its own, where their
// files lie as if they were installed.
func (p *Libreswan) command(program string, args ...string) *exec.Cmd {
	const inside = `mount --bind "$0/usr/libexec" /usr/libexec && mount --bind "$1" /etc && shift && exec "$@"`
	cmd := p.Command(append([]string{"unshare", "--mount", "sh", "-c", inside, p.root, p.dir + "/etc", p.root + program}, args...)...)
	cmd.Env = append(os.Environ(), "LD_LIBRARY_PATH="+p.root+"/usr/lib/x86_64-linux-gnu:"+p.root+"/usr/lib/aarch64-linux-gnu",
		"PATH="+p.root+"/usr/sbin:"+os.Getenv("PATH")) // strongSwan has a command ipsec too
	return cmd
}

// Status is what `ipsec status` prints.
func (p *Libreswan) Status() string {
	out, err := p.command("/usr/libexec/ipsec/whack", "--rundir", p.dir, "--status").CombinedOutput()
	if err != nil {
		return err.Error() + ": " + string(out)
	}
	return string(out)
}

// Log is what the daemon has logged.
func (p *Libreswan) Log() string { return p.daemon.Output() }
