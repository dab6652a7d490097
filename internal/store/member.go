package store

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"go.etcd.io/etcd/client/pkg/v3/fileutil"
	"go.etcd.io/etcd/server/v3/embed"
	"go.etcd.io/etcd/server/v3/etcdserver/api/v3client"
)

// quotaBytes is the size that the embedded member's database may have: the largest that
// etcd's makers recommend.
const quotaBytes = 8 << 30

// member is the etcd inside this process. It listens nowhere: calls reach it as
// function calls.
type member struct {
	etcd *embed.Etcd
	lock *fileutil.LockedFile
}

// startMember opens the member in dir/etcd and waits until it serves.
func startMember(ctx context.Context, opts Options) (*etcd, error) {
	if err := privateDir(opts.DataDir); err != nil {
		return nil, err
	}
	path := filepath.Join(opts.DataDir, "lock")
	lock, err := fileutil.TryLockFile(path, os.O_WRONLY|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("data directory %s is in use by another process (cannot lock %s: %w)", opts.DataDir, path, err)
	}
	m := &member{lock: lock}
	if m.etcd, err = embed.StartEtcd(memberConfig(opts)); err != nil {
		lock.Close()
		return nil, fmt.Errorf("start the store in %s: %w", opts.DataDir, err)
	}
	select {
	case <-m.etcd.Server.ReadyNotify():
		return &etcd{client: v3client.New(m.etcd.Server), member: m}, nil
	case <-ctx.Done():
		m.close()
		return nil, fmt.Errorf("start the store in %s: %w", opts.DataDir, ctx.Err())
	}
}

func memberConfig(opts Options) *embed.Config {
	cfg := embed.NewConfig()
	cfg.Name = "gatewright"
	cfg.Dir = filepath.Join(opts.DataDir, "etcd")
	nowhere := []url.URL{{Scheme: "unix", Path: "/nowhere"}} // a member must have addresses, even if it listens on none
	cfg.ListenPeerUrls, cfg.ListenClientUrls = nil, nil
	cfg.AdvertisePeerUrls, cfg.AdvertiseClientUrls = nowhere, nowhere
	cfg.InitialCluster = cfg.InitialClusterFromName(cfg.Name)
	cfg.QuotaBackendBytes = opts.quota
	// Alone, nobody needs to catch up from the log in memory, and a short log makes a
	// restart fast.
	cfg.SnapshotCount, cfg.SnapshotCatchUpEntries = 2000, 64
	cfg.MaxSnapFiles, cfg.MaxWalFiles = 2, 2
	// Transactions of 1 MiB on a busy machine take their time; what is too long for a
	// caller is reported by the writer.
	cfg.WarningApplyDuration, cfg.WarningUnaryRequestDuration = 2*time.Second, 2*time.Second
	cfg.ZapLoggerBuilder = embed.NewZapLoggerBuilder(zapLogger(opts.Logger))
	return cfg
}

func (m *member) close() {
	m.etcd.Close()
	m.lock.Close()
}

// privateDir makes a directory that only its owner may enter.
func privateDir(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	return os.Chmod(dir, 0o700)
}
