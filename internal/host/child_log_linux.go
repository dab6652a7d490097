package host

import (
	"errors"
	"io"
	"io/fs"
	"os"
)

// RotateLog keeps a child's log below a limit, with one old file beside it: PATH.old.
// With reopen the file is moved aside and the child is told to open a new one; without,
// it is copied and cut, for a child that writes at the end of the file and cannot open
// it anew, and a line written meanwhile is lost.
func RotateLog(path string, limit int64, reopen func() error) error {
	st, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) || err == nil && st.Size() <= limit {
		return nil
	}
	if err == nil && reopen != nil {
		if err = os.Rename(path, path+".old"); err == nil {
			err = reopen()
		}
	} else if err == nil {
		err = copyAndCut(path, limit)
	}
	if err != nil {
		return &Error{Op: "rotate", Object: path, Err: err}
	}
	return nil
}

// copyAndCut keeps the last limit bytes: a flood of lines must not fill the memory twice.
func copyAndCut(path string, limit int64) error {
	from, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer from.Close()
	if _, err := from.Seek(-limit, io.SeekEnd); err != nil {
		return err
	}
	to, err := os.OpenFile(path+".old", os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(to, from)
	return errors.Join(err, to.Close(), from.Truncate(0))
}
