package operator

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/gatewright/gatewright/internal/control"
	"github.com/gatewright/gatewright/internal/vpc"
)

// Backup is the inputs of store backup.
type Backup struct {
	WithKey bool `json:"withKey,omitempty"` // the master key, too
}

// The trailers behind a backup: what it holds if it is whole, else why it is not.
const (
	wholeTrailer  = "Gatewright-Whole"
	brokenTrailer = "Gatewright-Broken"
)

// routeBackup serves a backup as a stream of bytes.
func (s *Server) routeBackup(mux *http.ServeMux) {
	const words = "store backup"
	handle(mux, s, words, func(w http.ResponseWriter, r *request, in Backup) error {
		w.Header().Set("Content-Type", "application/octet-stream")
		w.Header().Set("Trailer", wholeTrailer+", "+brokenTrailer)
		out := &counted{w: w}
		info, err := s.Control.Backup(r, r.caller, out, in.WithKey)
		if err == nil {
			return setInfo(w.Header(), info)
		}
		if out.n == 0 {
			return err
		}
		s.log(words, err)
		w.Header().Set(brokenTrailer, failureOf(err).Message)
		return nil
	})
}

func setInfo(h http.Header, info control.BackupInfo) error {
	text, err := json.Marshal(info)
	if err == nil {
		h.Set(wholeTrailer, string(text))
	}
	return err
}

// counted counts what has been written.
type counted struct {
	w io.Writer
	n int64
}

func (c *counted) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += int64(n)
	return n, err
}

// routeRestore reads a backup from the request's body, whatever its size.
func (s *Server) routeRestore(mux *http.ServeMux) {
	const words = "store restore"
	mux.HandleFunc(pattern(words), func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		info, err := s.Control.Restore(r.Context(), operatorCall(words, nil), r.Body)
		if err == nil && s.Restored != nil {
			err = s.Restored(r.Context())
		}
		if err != nil {
			s.answerError(w, words, err)
			return
		}
		_ = json.NewEncoder(w).Encode(info) // the client is gone if this fails
	})
}

// Backup writes everything that the store holds to w. After an error what was written
// is of no use.
func (c *Client) Backup(ctx context.Context, in Backup, w io.Writer) (control.BackupInfo, error) {
	var info control.BackupInfo
	resp, err := c.post(ctx, "store backup", in)
	if err != nil {
		return info, err
	}
	defer resp.Body.Close()
	if _, err := io.Copy(w, resp.Body); err != nil {
		return info, fmt.Errorf("the backup broke off: %w", err)
	}
	if why := resp.Trailer.Get(brokenTrailer); why != "" {
		return info, &failure{Code: vpc.InternalError, Message: why}
	}
	if err := json.Unmarshal([]byte(resp.Trailer.Get(wholeTrailer)), &info); err != nil {
		return info, errors.New("the backup broke off: it has no end")
	}
	return info, nil
}

// Restore replaces everything that the store holds by a backup.
func (c *Client) Restore(ctx context.Context, backup io.Reader) (control.BackupInfo, error) {
	var info control.BackupInfo
	resp, err := c.send(ctx, "store restore", backup)
	if err != nil {
		return info, err
	}
	defer resp.Body.Close()
	return info, json.NewDecoder(resp.Body).Decode(&info)
}
