package store

import "fmt"

// checkSpace refuses writes while the file system of the data directory has less room
// than it must keep: a store whose disk is full cannot even say so.
func (s *Store) checkSpace() {
	if s.opts.DataDir == "" || s.opts.MinFree < 0 {
		return
	}
	free, err := freeSpace(s.opts.DataDir)
	if err != nil {
		s.log.Warn("free space cannot be read", "dir", s.opts.DataDir, "error", err)
		return
	}
	s.troubled(free < s.opts.MinFree, problem{kind: troubleSpace,
		cause: fmt.Sprintf("its disk has less than %s of free space", mebibytes(s.opts.MinFree)),
		zh:    fmt.Sprintf("磁盘剩余空间不足 %s", mebibytes(s.opts.MinFree)),
		hint:  "make room on the file system of " + s.opts.DataDir + "; writes go on by themselves"})
}

func mebibytes(n int64) string { return fmt.Sprintf("%d MiB", n>>20) }
