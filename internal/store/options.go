package store

import (
	"crypto/rand"
	"crypto/tls"
	"encoding/hex"
	"log/slog"
	"time"
)

// Options say where a store lives. The zero value of a field is its default.
type Options struct {
	DataDir       string      // the embedded member, the master key, audit files, backups; mode 0700
	Endpoints     []string    // an etcd cluster of our own; empty: the member inside the process
	TLS           *tls.Config // for Endpoints
	User          string      // for Endpoints, with Password
	Password      string
	MasterKeyFile string           // default DataDir/master.key; made at the first start
	Clock         func() time.Time // default time.Now
	Seed          uint64           // of Tx.Rand; 0: from the system's randomness
	MinFree       int64            // bytes that writes leave free below DataDir; default 512 MiB, negative: none
	AuditKeep     time.Duration    // how long audit files are kept; default 30 days
	Logger        *slog.Logger     // default slog.Default()
	Replica       string           // begins the name of this process in the head key; the rest is random

	quota  int64  // bytes of the embedded member's database; default quotaBytes
	schema schema // default: this program's
}

const (
	defaultMinFree   = 512 << 20
	defaultAuditKeep = 30 * 24 * time.Hour
)

func (o Options) filled() Options {
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	if o.MinFree == 0 {
		o.MinFree = defaultMinFree
	}
	if o.AuditKeep <= 0 {
		o.AuditKeep = defaultAuditKeep
	}
	if o.quota == 0 {
		o.quota = quotaBytes
	}
	if o.schema.version == 0 {
		o.schema = thisProgram
	}
	o.Replica += randomName()
	return o
}

func randomName() string {
	var b [6]byte
	rand.Read(b[:])
	return hex.EncodeToString(b[:])
}
