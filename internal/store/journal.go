package store

import "github.com/gatewright/gatewright/internal/vpc"

// Journal is a list that only grows. Its entries commit with a transaction but are in
// no View.
type Journal string

// The journals.
const (
	Audit  Journal = "audit"  // of vpc.AuditEntry
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
