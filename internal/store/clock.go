package store

import "github.com/gatewright/gatewright/internal/vpc"

// Now is the store's clock, for readers; a transaction has its own Tx.Now.
func (s *Store) Now() vpc.Instant { return s.now() }
