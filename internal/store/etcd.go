package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.etcd.io/etcd/api/v3/mvccpb"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"
)

// etcd is a kv over an etcd client, of the member in this process or of a cluster.
type etcd struct {
	client *clientv3.Client
	member *member // nil for a cluster
}

func (e *etcd) exclusive() bool { return e.member != nil }

func (e *etcd) close() error {
	err := e.client.Close()
	if e.member != nil {
		e.member.close()
		if errors.Is(err, context.Canceled) { // how a client without connections says that it is closed
			err = nil
		}
	}
	return err
}

func (e *etcd) commit(ctx context.Context, t txn) (outcome, error) {
	var ifs []clientv3.Cmp
	var then, other []clientv3.Op
	for _, c := range t.conds {
		ifs = append(ifs, clientv3.Compare(clientv3.ModRevision(c.key), "=", c.mod))
		other = append(other, clientv3.OpGet(c.key))
	}
	for _, o := range t.ops {
		if o.value == nil {
			then = append(then, clientv3.OpDelete(o.key))
		} else {
			then = append(then, clientv3.OpPut(o.key, string(o.value), clientv3.WithLease(clientv3.LeaseID(t.under))))
		}
	}
	resp, err := e.client.Txn(ctx).If(ifs...).Then(then...).Else(other...).Commit()
	if err != nil {
		return outcome{}, classify(err)
	}
	out := outcome{ok: resp.Succeeded, rev: resp.Header.Revision}
	if !out.ok {
		for i, c := range t.conds {
			out.seen = append(out.seen, onePair(c.key, resp.Responses[i].GetResponseRange().Kvs))
		}
	}
	return out, nil
}

// definite are the errors with which etcd refuses a transaction before it reaches the
// log.
var definite = []error{
	rpctypes.ErrNoSpace, rpctypes.ErrRequestTooLarge, rpctypes.ErrTooManyOps, rpctypes.ErrDuplicateKey,
	rpctypes.ErrEmptyKey, rpctypes.ErrPermissionDenied, rpctypes.ErrAuthFailed, rpctypes.ErrInvalidAuthToken,
	rpctypes.ErrUserEmpty, rpctypes.ErrTooManyRequests,
}

func classify(err error) error {
	for _, d := range definite {
		if errors.Is(err, d) {
			return rejection{err}
		}
	}
	return err
}

func onePair(key string, kvs []*mvccpb.KeyValue) pair {
	if len(kvs) == 0 {
		return pair{key: key}
	}
	return pair{key, kvs[0].Value, kvs[0].ModRevision}
}

func (e *etcd) get(ctx context.Context, key string) (pair, error) {
	resp, err := e.client.Get(ctx, key)
	if err != nil {
		return pair{}, err
	}
	return onePair(key, resp.Kvs), nil
}

// etcdSnapshot reads at one revision.
type etcdSnapshot struct {
	client *clientv3.Client
	rev    int64
}

func (e *etcd) snapshot(ctx context.Context) (snapshot, error) {
	resp, err := e.client.Get(ctx, headKey)
	if err != nil {
		return nil, err
	}
	return etcdSnapshot{e.client, resp.Header.Revision}, nil
}

func (s etcdSnapshot) revision() int64 { return s.rev }

func (s etcdSnapshot) page(ctx context.Context, from, to string, limit int) ([]pair, bool, error) {
	resp, err := s.client.Get(ctx, from,
		clientv3.WithRange(to), clientv3.WithRev(s.rev), clientv3.WithLimit(int64(limit)))
	if errors.Is(err, rpctypes.ErrCompacted) {
		return nil, false, fmt.Errorf("%w: revision %d", errCompacted, s.rev)
	}
	if err != nil {
		return nil, false, err
	}
	pairs := make([]pair, len(resp.Kvs))
	for i, kv := range resp.Kvs {
		pairs[i] = pair{string(kv.Key), kv.Value, kv.ModRevision}
	}
	return pairs, resp.More, nil
}

// compact forgets history up to rev, and returns when it is gone from the database.
func (e *etcd) compact(ctx context.Context, rev int64) error {
	_, err := e.client.Compact(ctx, rev, clientv3.WithCompactPhysical())
	if errors.Is(err, rpctypes.ErrCompacted) {
		return nil // another replica was first
	}
	return err
}

func (e *etcd) grant(ctx context.Context, ttl time.Duration) (lease, error) {
	resp, err := e.client.Grant(ctx, int64(ttl/time.Second))
	if err != nil {
		return 0, err
	}
	return lease(resp.ID), nil
}

// renew asks until ctx ends. The client's own keep-alive would not do: it calls a lease
// lost when nobody has answered for its time, though without a leader no lease ends.
func (e *etcd) renew(ctx context.Context, l lease) error {
	_, err := e.client.KeepAliveOnce(ctx, clientv3.LeaseID(l))
	if errors.Is(err, rpctypes.ErrLeaseNotFound) {
		return errLeaseGone
	}
	return err
}

func (e *etcd) revoke(ctx context.Context, l lease) error {
	_, err := e.client.Revoke(ctx, clientv3.LeaseID(l))
	if errors.Is(err, rpctypes.ErrLeaseNotFound) {
		return nil
	}
	return err
}

func (e *etcd) watch(ctx context.Context, from int64) <-chan commits {
	out := make(chan commits)
	go func() {
		defer close(out)
		// Without a leader a watch would be silent; it is better ended and renewed.
		source := e.client.Watch(clientv3.WithRequireLeader(ctx), headKey, clientv3.WithRange(watchEnd), clientv3.WithRev(from+1))
		for resp := range source {
			c := commitsOf(resp)
			if c.err == nil && len(c.events) == 0 {
				continue
			}
			select {
			case out <- c:
			case <-ctx.Done():
				return
			}
			if c.err != nil {
				return
			}
		}
	}()
	return out
}

func commitsOf(resp clientv3.WatchResponse) commits {
	if resp.CompactRevision != 0 {
		return commits{err: errCompacted}
	}
	if err := resp.Err(); err != nil {
		return commits{err: err}
	}
	var c commits
	for _, ev := range resp.Events {
		e := event{op{key: string(ev.Kv.Key)}, ev.Kv.ModRevision}
		if ev.Type == mvccpb.Event_PUT {
			e.value = ev.Kv.Value
		}
		c.events = append(c.events, e)
		c.rev = max(c.rev, e.rev)
	}
	return c
}

// dial makes the client of a cluster. It does not wait for a connection.
func dial(opts Options) (*etcd, error) {
	client, err := clientv3.New(clientv3.Config{
		Endpoints:            opts.Endpoints,
		TLS:                  opts.TLS,
		Username:             opts.User,
		Password:             opts.Password,
		DialTimeout:          5 * time.Second,
		DialKeepAliveTime:    5 * time.Second,
		DialKeepAliveTimeout: 3 * time.Second,
		PermitWithoutStream:  true,
		Logger:               zapLogger(opts.Logger),
	})
	if err != nil {
		return nil, fmt.Errorf("etcd at %v: %w", opts.Endpoints, err)
	}
	return &etcd{client: client}, nil
}
