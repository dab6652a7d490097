package host

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// privateDir makes a directory that is root's alone. Keys lie in it, so it is put on a
// tmpfs where it is not on one yet and where we may mount; InMemory says what came of it.
// Who runs the server with a table of mounts of its own must keep that across restarts.
func privateDir(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return &Error{Op: "make", Object: dir, Err: err, Hint: hint(err)}
	}
	if !InMemory(dir) {
		err := unix.Mount("tmpfs", dir, "tmpfs", unix.MS_NOSUID|unix.MS_NODEV, "mode=0700")
		if err != nil && !errors.Is(err, unix.EPERM) {
			return &Error{Op: "mount a tmpfs on", Object: dir, Err: err, Hint: hint(err)}
		}
	}
	if err := os.Chmod(dir, 0o700); err != nil {
		return &Error{Op: "make private", Object: dir, Err: err, Hint: hint(err)}
	}
	return nil
}

// InMemory says whether a directory is on a tmpfs, so that nothing in it reaches a disk
// (swap apart).
func InMemory(dir string) bool {
	var st unix.Statfs_t
	return unix.Statfs(dir, &st) == nil && st.Type == unix.TMPFS_MAGIC
}

// Remove takes away the directory and its tmpfs. Children must have been stopped.
func (c *Children) Remove() error {
	err := unix.Unmount(c.dir, unix.MNT_DETACH)
	if err != nil && !errors.Is(err, unix.EINVAL) && !errors.Is(err, unix.ENOENT) && !errors.Is(err, unix.EPERM) {
		return &Error{Op: "unmount", Object: c.dir, Err: err}
	}
	return os.RemoveAll(c.dir)
}
