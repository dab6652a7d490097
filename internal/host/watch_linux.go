package host

import (
	"context"
	"encoding/binary"
	"errors"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// WatchNamespaces calls changed with every name that is added to, or removed from, the
// named namespaces until ctx ends; with the empty name when it has missed some. A name
// that was added may not stand for a namespace yet.
func WatchNamespaces(ctx context.Context, changed func(name string)) error {
	if err := mountPoint(); err != nil {
		return err
	}
	fd, err := unix.InotifyInit1(unix.IN_NONBLOCK | unix.IN_CLOEXEC)
	if err != nil {
		return &Error{Op: "watch", Object: namespaceDir, Err: err, Hint: Hint(err)}
	}
	f := os.NewFile(uintptr(fd), "inotify")
	defer f.Close()
	if _, err := unix.InotifyAddWatch(fd, namespaceDir, unix.IN_CREATE|unix.IN_DELETE|unix.IN_MOVE); err != nil {
		return &Error{Op: "watch", Object: namespaceDir, Err: err, Hint: Hint(err)}
	}
	stop := context.AfterFunc(ctx, func() { f.Close() })
	defer stop()
	buf := make([]byte, 64*(unix.SizeofInotifyEvent+unix.NAME_MAX+1))
	for {
		n, err := f.Read(buf)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil && !errors.Is(err, unix.EINTR) {
			return &Error{Op: "watch", Object: namespaceDir, Err: err}
		}
		eachName(buf[:max(n, 0)], changed)
	}
}

// eachName takes apart what inotify(7) gives.
func eachName(events []byte, changed func(name string)) {
	for len(events) >= unix.SizeofInotifyEvent {
		size := unix.SizeofInotifyEvent + int(binary.NativeEndian.Uint32(events[12:]))
		if size > len(events) {
			return
		}
		name := strings.TrimRight(string(events[unix.SizeofInotifyEvent:size]), "\x00")
		changed(name)
		events = events[size:]
	}
}
