package host

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func needRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root: children start inside network namespaces")
	}
}

func openChildren(t *testing.T, dir, tag string) *Children {
	t.Helper()
	c, err := OpenChildren(dir, tag)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		all, err := c.All()
		for _, child := range all {
			if err := child.Stop(t.Context(), 0); err != nil {
				t.Error(err)
			}
		}
		if err != nil || c.Remove() != nil {
			t.Error("not cleaned up:", err)
		}
	})
	return c
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !ok(); {
		if time.Now().After(deadline) {
			t.Fatal("not within 10 s: ", what)
		}
		unix.Poll(nil, 5)
	}
}

func shell(name, script string) Command {
	return Command{Name: name, Path: "/bin/sh", Args: []string{"-c", script}, Env: []string{"X=y"}}
}

func TestChildIsFoundAgain(t *testing.T) {
	needRoot(t)
	dir := filepath.Join(t.TempDir(), "run")
	c := openChildren(t, dir, "abc123")
	if st, err := os.Stat(dir); err != nil || st.Mode().Perm() != 0o700 || !InMemory(dir) {
		t.Errorf("directory: %v, mode %v, in memory %v", err, st.Mode(), InMemory(dir))
	}
	first, err := c.Start(shell("one", "echo started; echo $X >&2; exec sleep 1000"))
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "both lines in the log", func() bool {
		text, _ := os.ReadFile(c.Path("one", ".log"))
		return string(text) == "started\ny\n"
	})
	if sid, err := unix.Getsid(first.PID); err != nil || sid != first.PID {
		t.Errorf("session %d, %v: a signal to our group would reach it", sid, err)
	}

	again, err := openAgain(t, dir, "abc123").Find("one")
	if err != nil || again == nil || again.PID != first.PID {
		t.Fatalf("found %+v, %v; want pid %d", again, err, first.PID)
	}
	if other, err := openAgain(t, dir, "zzz999").Find("one"); err != nil || other != nil {
		t.Errorf("another server found %+v, %v", other, err)
	}
	if err := again.Stop(t.Context(), 5*time.Second); err != nil {
		t.Fatal(err)
	}
	<-first.Gone()
	if first.Alive() || first.Signal(unix.SIGTERM) != nil {
		t.Error("a child that is gone looks alive")
	}
	if found, err := c.Find("one"); found != nil || err != nil {
		t.Errorf("found %+v, %v after its end", found, err)
	}
}

func openAgain(t *testing.T, dir, tag string) *Children {
	t.Helper()
	c, err := OpenChildren(dir, tag)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestChildWithoutPIDFileIsFound(t *testing.T) {
	needRoot(t)
	c := openChildren(t, filepath.Join(t.TempDir(), "run"), "lost01")
	child, err := c.Start(shell("two", "sleep 1000 & echo $!; wait"))
	if err != nil {
		t.Fatal(err)
	}
	var own int // a process of the child's own, which has the mark from it
	eventually(t, "its environment and its child", func() bool {
		text, _ := os.ReadFile(c.Path("two", ".log"))
		fmt.Sscan(string(text), &own)
		return own > 0 && markOf(child.PID) != "" && markOf(own) != ""
	})
	t.Cleanup(func() { unix.Kill(own, unix.SIGKILL) })
	if err := os.Remove(c.Path("two", ".pid")); err != nil {
		t.Fatal(err)
	}
	all, err := c.All()
	if err != nil || len(all) != 1 || all[0].PID != child.PID {
		t.Fatalf("found %v, %v; want pid %d alone, not its own child", all, err, child.PID)
	}
	if err := child.Stop(t.Context(), time.Second); err != nil {
		t.Fatal(err)
	}
	if all, err := c.All(); err != nil || len(all) != 0 {
		t.Errorf("found %v, %v; what a child left is no child", all, err)
	}
}

func TestChildOfAnotherTimeIsNoChild(t *testing.T) {
	needRoot(t)
	c := openChildren(t, filepath.Join(t.TempDir(), "run"), "time01")
	child, err := c.Start(shell("three", "exec sleep 1000"))
	if err != nil {
		t.Fatal(err)
	}
	is, err := readStat(child.PID)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"another start": fmt.Sprintf("%d %d\n", child.PID, is.start-1),
		"no process":    "4194304 1\n", // above the largest pid there can be
		"torn":          "12",
	} {
		if err := os.WriteFile(c.Path("three", ".pid"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if found, err := c.Find("three"); found != nil || err != nil {
			t.Errorf("%s: found %+v, %v", name, found, err)
		}
	}
	if !child.Alive() {
		t.Error("it was ended")
	}
}

func TestChildZombieIsDead(t *testing.T) {
	needRoot(t)
	c := openChildren(t, filepath.Join(t.TempDir(), "run"), "zomb01")
	// Started past our reaper, so that its end leaves a zombie.
	p, err := os.StartProcess("/bin/true", []string{"true"}, &os.ProcAttr{Env: []string{childMark + "=zomb01/four"}})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Wait()
	eventually(t, "a zombie", func() bool { is, err := readStat(p.Pid); return err == nil && is.zombie })
	if err := writePID(c.Path("four", ".pid"), p.Pid); err != nil {
		t.Fatal(err)
	}
	if found, err := c.Find("four"); found != nil || err != nil {
		t.Errorf("found %+v, %v", found, err)
	}
}

func TestChildStopKillsTheStubborn(t *testing.T) {
	needRoot(t)
	c := openChildren(t, filepath.Join(t.TempDir(), "run"), "stub01")
	child, err := c.Start(shell("five", "trap '' TERM; echo ready; while :; do sleep 1000; done"))
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "the trap", func() bool { text, _ := os.ReadFile(c.Path("five", ".log")); return len(text) > 0 })
	kids, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", child.PID, child.PID))
	if err := child.Stop(t.Context(), 50*time.Millisecond); err != nil {
		t.Fatal(err)
	}
	var orphan int
	if fmt.Sscan(string(kids), &orphan); orphan > 0 { // the shell's sleep
		_ = syscall.Kill(orphan, syscall.SIGKILL)
	}
}

func TestChildNamesAreFileNames(t *testing.T) {
	needRoot(t)
	c := openChildren(t, filepath.Join(t.TempDir(), "run"), "name01")
	for _, name := range []string{"", "../x", "a/b", "a b", "ä", strings.Repeat("x", 65)} {
		if _, err := c.Start(shell(name, ":")); err == nil {
			t.Errorf("%q was started", name)
		}
	}
}

func TestRotateLog(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	write := func(text string) {
		t.Helper()
		f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
		if err == nil {
			_, err = f.WriteString(text)
			f.Close()
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	content := func(path string) string { text, _ := os.ReadFile(path); return string(text) }
	reopened := 0
	reopen := func() error { reopened++; return nil }

	if err := RotateLog(path, 4, nil); err != nil {
		t.Errorf("no file: %v", err)
	}
	write("abcd")
	if err := RotateLog(path, 4, reopen); err != nil || content(path) != "abcd" || reopened != 0 {
		t.Errorf("at the limit: %v, %q", err, content(path))
	}
	write("efgh")
	if err := RotateLog(path, 4, nil); err != nil || content(path) != "" || content(path+".old") != "efgh" {
		t.Errorf("cut: %v, %q, %q", err, content(path), content(path+".old"))
	}
	write("ijklm")
	if err := RotateLog(path, 4, reopen); err != nil || content(path) != "" || content(path+".old") != "ijklm" || reopened != 1 {
		t.Errorf("moved: %v, %q, %q, reopened %d", err, content(path), content(path+".old"), reopened)
	}
}

// TestChildOutlivesKill starts a child from another process of this program, in a
// namespace, and kills that process the hard way.
func TestChildOutlivesKill(t *testing.T) {
	needRoot(t)
	const namespace = "gwr-child-test"
	if dir := os.Getenv("TEST_CHILD_DIR"); dir != "" {
		cmd := shell("six", "exec sleep 1000")
		cmd.Namespace = namespace
		if _, err := openAgain(t, dir, "kill01").Start(cmd); err != nil {
			t.Fatal(err)
		}
		unix.Kill(os.Getpid(), unix.SIGKILL)
	}
	if err := CreateNamespace(namespace, false); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { DeleteNamespace(namespace) })
	c := openChildren(t, filepath.Join(t.TempDir(), "run"), "kill01")

	starter := exec.Command(os.Args[0], "-test.run=^TestChildOutlivesKill$")
	starter.Env = append(os.Environ(), "TEST_CHILD_DIR="+filepath.Dir(c.Path("six", ".pid")))
	if out, err := starter.CombinedOutput(); err == nil || err.Error() != "signal: killed" {
		t.Fatalf("%v: %s", err, out)
	}
	child, err := c.Find("six")
	if err != nil || child == nil {
		t.Fatalf("found %v, %v", child, err)
	}
	where, _ := os.Readlink(fmt.Sprintf("/proc/%d/ns/net", child.PID))
	var here string
	if err := In(namespace, func() (err error) { here, err = os.Readlink("/proc/thread-self/ns/net"); return err }); err != nil || where != here {
		t.Errorf("it runs in %s, not in %s: %v", where, here, err)
	}
	unix.Kill(child.PID, unix.SIGKILL)
	select {
	case <-child.Gone():
	case <-time.After(5 * time.Second):
		t.Error("the end of an adopted child was not seen")
	}
}
