package host

import (
	"errors"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"
)

// NoCoreFiles has this process and the children that it starts from then on leave nothing
// of their memory behind when they crash: they hold keys. Where the kernel pipes core
// files to a program, which it does whatever the limit, no memory goes along (core(5)).
func NoCoreFiles() error {
	err := unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{})
	filter := os.WriteFile("/proc/self/coredump_filter", []byte("0"), 0)
	if errors.Is(filter, fs.ErrNotExist) { // a kernel without core files
		filter = nil
	}
	return errors.Join(err, filter)
}
