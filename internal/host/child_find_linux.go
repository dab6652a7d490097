package host

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// Find adopts the child that an earlier run, or this one, left under a name; nil when
// there is none. A process counts only with the number and the start time of its pid
// file, our mark, and while it is not a zombie.
func (c *Children) Find(name string) (*Child, error) {
	text, err := os.ReadFile(c.Path(name, ".pid"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, &Error{Op: "find", Object: name, Err: err}
	}
	var pid int
	var start uint64
	if _, err := fmt.Sscanf(string(text), "%d %d\n", &pid, &start); err != nil {
		return nil, removeFile(c.Path(name, ".pid"))
	}
	child, err := c.hold(name, pid)
	if errors.Is(err, unix.ESRCH) {
		return nil, removeFile(c.Path(name, ".pid"))
	}
	if err != nil {
		return nil, &Error{Op: "find", Object: name, Err: err}
	}
	// Checked after the pidfd was taken: what /proc says is said of the process held.
	if is, err := readStat(pid); err != nil || is.start != start || is.zombie || markOf(pid) != c.tag+"/"+name {
		child.fd.Close()
		return nil, removeFile(c.Path(name, ".pid"))
	}
	return child, nil
}

// All adopts every child of this server, also one whose pid file was never written
// because the server was killed just then.
func (c *Children) All() ([]*Child, error) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil, &Error{Op: "list", Object: "/proc", Err: err}
	}
	var all []*Child
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		child, err := c.adopt(pid)
		if err != nil {
			return nil, err
		}
		if child != nil {
			all = append(all, child)
		}
	}
	return all, nil
}

// adopt takes a process that bears our mark and leads a session: its own children have
// the mark from it, and are none of ours.
func (c *Children) adopt(pid int) (*Child, error) {
	name, ours := strings.CutPrefix(markOf(pid), c.tag+"/")
	if !ours || !plainName(name) {
		return nil, nil
	}
	is, err := readStat(pid)
	if err != nil || is.zombie || is.session != pid {
		return nil, nil
	}
	if child, err := c.Find(name); err != nil || child != nil && child.PID == pid {
		return child, err
	} else if child != nil { // two of one name: this one came too late to be recorded
		child.fd.Close()
		_ = unix.Kill(pid, unix.SIGKILL)
		return nil, nil
	}
	if err := writePID(c.Path(name, ".pid"), pid); err != nil {
		return nil, &Error{Op: "record", Object: name, Err: err}
	}
	return c.Find(name)
}

// writePID writes number and start time. The file is there whole or not at all.
func writePID(path string, pid int) error {
	is, err := readStat(pid)
	if err != nil {
		return err
	}
	fresh := path + ".new"
	if err := os.WriteFile(fresh, fmt.Appendf(nil, "%d %d\n", pid, is.start), 0o600); err != nil {
		return err
	}
	return os.Rename(fresh, path)
}

// stat is what /proc/PID/stat tells.
type stat struct {
	session int
	start   uint64 // clock ticks after the machine's start
	zombie  bool
}

func readStat(pid int) (stat, error) {
	text, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	if err != nil {
		return stat{}, err
	}
	// The name, in brackets, may hold anything, brackets too.
	fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
	if len(fields) < 20 {
		return stat{}, fmt.Errorf("/proc/%d/stat: %d fields", pid, len(fields))
	}
	session, err1 := strconv.Atoi(fields[3])
	start, err2 := strconv.ParseUint(fields[19], 10, 64)
	return stat{session: session, start: start, zombie: fields[0] == "Z" || fields[0] == "X"}, errors.Join(err1, err2)
}

// markOf is the mark of a process; empty when it has none or may not be read.
func markOf(pid int) string {
	env, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "environ"))
	if err != nil {
		return ""
	}
	for v := range bytes.SplitSeq(env, []byte{0}) {
		if mark, ok := bytes.CutPrefix(v, []byte(childMark+"=")); ok {
			return string(mark)
		}
	}
	return ""
}

// Inside says whether the child runs in the namespace that has this name now: a
// namespace that was deleted and made again has another one.
func (p *Child) Inside(namespace string) bool {
	own, err1 := os.Stat(filepath.Join("/proc", strconv.Itoa(p.PID), "ns/net"))
	path := NamespacePath(namespace)
	if namespace == "" {
		path = filepath.Join("/proc", strconv.Itoa(os.Getpid()), "ns/net")
	}
	named, err2 := os.Stat(path)
	return err1 == nil && err2 == nil && os.SameFile(own, named)
}
