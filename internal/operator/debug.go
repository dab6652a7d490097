package operator

import (
	"context"
	"encoding/json"
	"time"

	"github.com/gatewright/gatewright/internal/control"
	"github.com/gatewright/gatewright/internal/vpc"
)

// Rows is the inputs of debug rows.
type Rows struct {
	Table  string `json:"table"`
	Prefix string `json:"prefix,omitempty"` // of the key
}

// Row is one row of a table, sealed fields left out.
type Row struct {
	Key string          `json:"key"`
	Row json.RawMessage `json:"row"`
}

// Audit is the inputs of debug audit.
type Audit struct {
	AccountRef
	Since time.Duration `json:"since,omitempty"` // how far back; 0: all
	Limit int           `json:"limit,omitempty"` // the newest so many; 0: all
}

// Seeding is a line of what debug seed answers: how far it is, and at last the result.
type Seeding struct {
	Progress string          `json:"progress,omitempty"`
	Result   *control.Seeded `json:"result,omitempty"`
}

func (s *Server) listTables(*request, struct{}) ([]string, error) { return s.Control.Tables(), nil }

func (s *Server) rows(r *request, in Rows, send func(Row) error) error {
	return s.Control.Rows(r, in.Table, in.Prefix, func(key string, row json.RawMessage) error { return send(Row{key, row}) })
}

func (s *Server) audit(r *request, in Audit, send func(vpc.AuditEntry) error) error {
	account, err := s.accountID(r, in.Account)
	if err != nil {
		return err
	}
	entries, err := s.Control.AuditLog(r, in.Since, account, in.Limit)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if err := send(e); err != nil {
			return err
		}
	}
	return nil
}

func (s *Server) seed(r *request, in control.SeedSpec, send func(Seeding) error) error {
	result, err := s.Control.Seed(r, r.caller, in, func(progress string) error { return send(Seeding{Progress: progress}) })
	if err != nil {
		return err
	}
	return send(Seeding{Result: result})
}

// Tables lists the names of the tables.
func (c *Client) Tables(ctx context.Context) ([]string, error) {
	return ask[[]string](ctx, c, "debug tables", struct{}{})
}

// Rows yields the rows of a table.
func (c *Client) Rows(ctx context.Context, in Rows, yield func(Row) error) error {
	return stream(ctx, c, "debug rows", in, yield)
}

// Audit yields audit entries, oldest first.
func (c *Client) Audit(ctx context.Context, in Audit, yield func(vpc.AuditEntry) error) error {
	return stream(ctx, c, "debug audit", in, yield)
}

// Seed fills the store with rows for tests and tells how far it is.
func (c *Client) Seed(ctx context.Context, in control.SeedSpec, yield func(Seeding) error) error {
	return stream(ctx, c, "debug seed", in, yield)
}
