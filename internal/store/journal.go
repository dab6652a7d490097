package store

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/gatewright/gatewright/internal/vpc"
)

// Journal is a list that only grows. Its entries commit with a transaction but are in
// no View.
type Journal string

// The journals.
const (
	Audit  Journal = "audit"  // of vpc.AuditEntry; moves to files
	Ledger Journal = "ledger" // of vpc.LedgerEntry, kept per account
)

// partOf says under which part of its journal an entry is kept.
func partOf(entry any) string {
	switch e := entry.(type) {
	case vpc.LedgerEntry:
		return accountText(e.Account)
	case *vpc.LedgerEntry:
		return accountText(e.Account)
	}
	return ""
}

// prefix is where the keys of a journal, or of a part of it, begin. They sort by time.
func (j Journal) prefix(part string) string {
	if part == "" {
		return journals + string(j) + "/"
	}
	return journals + string(j) + "/" + part + "/"
}

// LedgerEntries returns the ledger of one account, oldest first.
func (s *Store) LedgerEntries(ctx context.Context, account vpc.AccountID) ([]vpc.LedgerEntry, error) {
	snap, err := s.kv.snapshot(ctx)
	if err != nil {
		return nil, err
	}
	defer s.pins.hold(snap.revision())()
	var entries []vpc.LedgerEntry
	err = eachPage(ctx, snap, Ledger.prefix(accountText(account)), func(page []pair) error {
		for _, p := range page {
			if err := eachLine(p, func(e vpc.LedgerEntry) { entries = append(entries, e) }); err != nil {
				return err
			}
		}
		return nil
	})
	return entries, err
}

// eachLine decodes the entries of one batch.
func eachLine[E any](p pair, visit func(E)) error {
	for line := range bytes.Lines(p.value) {
		var e E
		if err := json.Unmarshal(line, &e); err != nil {
			return fmt.Errorf("journal %s: %w", strings.TrimPrefix(p.key, journals), err)
		}
		visit(e)
	}
	return nil
}
