package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"
)

const (
	fullShare     = 0.90      // of the quota in use: growth is refused
	fullFile      = 0.95      // of the quota in the file, by which etcd itself goes: the same
	brimShare     = 0.97      // of the quota in use, or
	brimFile      = 0.98      // in the file: every write is refused
	fillingShare  = 0.50      // of the quota in the file: a cluster is asked for its sizes at every look
	wasteShare    = 0.50      // of the file unused, and at least
	wasteBytes    = 256 << 20 // of it: it is rewritten
	tightFile     = 0.90      // of the quota in the file, and
	tightWaste    = 0.03      // of the quota unused in it: the same
	defragPause   = 10 * time.Minute
	closedPause   = 5 * time.Second // the same, while etcd takes no writes and loses nothing by it
	triedPause    = time.Minute     // the same, when it is not known to free anything
	defragTimeout = 10 * time.Minute
	recounts      = 3 // commits after which a compaction shows in etcd's sizes
)

// usage is the size of an etcd database. A file does not shrink when rows go: what it
// does not use it fills again, unless the rows are too large for the holes.
type usage struct{ file, used, quota int64 }

func (u usage) usedOver(share float64) bool { return float64(u.used) > share*float64(u.quota) }
func (u usage) fileOver(share float64) bool { return float64(u.file) > share*float64(u.quota) }

// filling: full might come before a few seconds have passed.
func (u usage) filling() bool { return u.fileOver(fillingShare) }

// full: what would grow the database must not.
func (u usage) full() bool { return u.usedOver(fullShare) || u.fileOver(fullFile) }

// brim: etcd itself would soon refuse.
func (u usage) brim() bool { return u.usedOver(brimShare) || u.fileOver(brimFile) }

// wasteful: rewriting the file would free much of it, or what is needed to go on.
func (u usage) wasteful() bool {
	free := u.file - u.used
	return free > wasteBytes && float64(free) > wasteShare*float64(u.file) ||
		u.fileOver(tightFile) && float64(free) > tightWaste*float64(u.quota)
}

func (m *member) usage(quota int64) usage {
	b := m.etcd.Server.Backend()
	return usage{b.Size(), b.SizeInUse(), quota}
}

// checkQuota refuses growth before etcd would refuse everything, and makes room.
func (k *keeper) checkQuota(ctx context.Context) {
	u, err := k.usage(ctx)
	if err != nil {
		return // the quorum's trouble, not the quota's
	}
	k.filling = u.filling()
	k.disarm(ctx, u)
	k.tell(u)
	if u.full() || u.fileOver(tightFile) {
		k.s.audit.moveSoon()
		k.compactTo(ctx, int64(k.s.View().revision))
		k.recount(ctx)
		k.defragment(ctx)
	}
}

// recountKey is written so that etcd commits something.
const recountKey = claims + "recount"

// recount lets etcd's sizes show what a compaction has freed: each member does so with
// its second or third commit after it, and while growth is refused there may be no other.
func (k *keeper) recount(ctx context.Context) {
	if k.uncounted == 0 || k.s.noSpace.Load() {
		return
	}
	k.uncounted--
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	if _, err := k.etcd.client.Put(ctx, recountKey, k.s.opts.Replica); err != nil {
		k.s.log.Warn("the database cannot be measured again", "error", err)
	}
}

// usage is that of the member in this process or of the fullest member of the cluster.
func (k *keeper) usage(ctx context.Context) (worst usage, err error) {
	if k.etcd.exclusive() {
		return k.etcd.member.usage(k.quota), nil
	}
	for _, endpoint := range k.etcd.client.Endpoints() {
		u, alarmed, e := k.memberUsage(ctx, endpoint)
		if e != nil {
			err = e
			continue
		}
		if alarmed {
			k.s.noSpace.Store(true)
		}
		if worst.quota == 0 || max(u.file, u.used) > max(worst.file, worst.used) {
			worst = u
		}
	}
	if worst.quota > 0 {
		err = nil
	}
	return worst, err
}

func (k *keeper) tell(u usage) {
	p := problem{kind: troubleQuota, writes: refuseGrowth,
		cause: fmt.Sprintf("its database takes more than %.0f %% of its quota of %s", 100*fullShare, mebibytes(u.quota)),
		zh:    fmt.Sprintf("数据库已使用超过配额 %s 的 %.0f %%", mebibytes(u.quota), 100*fullShare),
		hint:  "delete what is not needed; writes that add nothing still work"}
	switch {
	case k.s.noSpace.Load():
		p = outOfSpace
	case u.brim():
		p.writes = refuseAll
	}
	k.s.troubled(u.full() || k.s.noSpace.Load(), p)
}

// outOfSpace is what is wrong from the moment when etcd itself refuses a write, until
// its alarm is lifted.
var outOfSpace = problem{kind: troubleQuota,
	cause: "its database has no room left within its quota", zh: "数据库配额已用尽",
	hint: "it is compacted and rewritten by itself; if that does not help, give etcd a larger quota"}

// disarm lifts etcd's own alarm, which outlives its cause.
func (k *keeper) disarm(ctx context.Context, u usage) {
	if !k.s.noSpace.Load() || u.brim() {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	list, err := k.etcd.client.AlarmList(ctx)
	if err != nil {
		return
	}
	k.s.noSpace.Store(false)
	for _, a := range list.Alarms {
		if a.Alarm == etcdserverpb.AlarmType_NOSPACE {
			if _, err := k.etcd.client.AlarmDisarm(ctx, (*clientv3.AlarmMember)(a)); err != nil {
				k.s.noSpace.Store(true)
				k.s.log.Warn("etcd's alarm cannot be lifted", "error", err)
			}
		}
	}
}

// defragment rewrites database files that are mostly empty. A member answers nothing
// meanwhile, so it happens seldom, and to one member of a cluster after another.
func (k *keeper) defragment(ctx context.Context) {
	pause := defragPause
	if k.s.noSpace.Load() {
		pause = closedPause
	}
	if time.Since(k.defragged) < pause {
		return
	}
	if !k.etcd.exclusive() {
		k.defragmentCluster(ctx)
		return
	}
	u := k.etcd.member.usage(k.quota)
	free, err := freeSpace(k.s.opts.DataDir)
	if !k.worthwhile(u) || err != nil || free-u.used < max(k.s.opts.MinFree, 0) {
		return
	}
	k.defragged = time.Now()
	if err := k.etcd.member.etcd.Server.Backend().Defrag(); err != nil {
		k.s.log.Warn("the database file cannot be rewritten", "error", err)
		return
	}
	after := k.etcd.member.usage(k.quota)
	k.s.log.Info("rewrote the database file", "before", u.file, "after", after.file, "took", time.Since(k.defragged))
}

// worthwhile: rewriting a file frees what is needed. An etcd that takes no writes cannot
// be made to show in its sizes what a compaction has freed, so its files are tried.
func (k *keeper) worthwhile(u usage) bool {
	return u.wasteful() || k.s.noSpace.Load() && time.Since(k.defragged) > triedPause
}

// claimKey is held, under a lease, by the replica that defragments the cluster. A dead
// replica's claim ends after claimSeconds.
const (
	claimKey     = claims + "defragment"
	claimSeconds = 30
)

func (k *keeper) defragmentCluster(ctx context.Context) {
	client := k.etcd.client
	var waste []string
	for _, endpoint := range client.Endpoints() {
		u, _, err := k.memberUsage(ctx, endpoint)
		if err == nil && k.worthwhile(u) {
			waste = append(waste, endpoint)
		}
	}
	if len(waste) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, defragTimeout)
	defer cancel()
	release, ok := k.claim(ctx)
	if !ok {
		return
	}
	defer release()
	k.defragged = time.Now()
	for _, endpoint := range waste {
		if _, err := client.Defragment(ctx, endpoint); err != nil {
			k.s.log.Warn("a member's database file cannot be rewritten", "endpoint", endpoint, "error", err)
		}
	}
}

// claim keeps the other replicas from defragmenting meanwhile. An etcd that is out of
// space grants nothing, and is then defragmented by who comes first.
func (k *keeper) claim(ctx context.Context) (release func(), ok bool) {
	lease, err := k.etcd.client.Grant(ctx, claimSeconds)
	if errors.Is(err, rpctypes.ErrNoSpace) {
		return func() {}, true
	}
	if err != nil {
		return nil, false
	}
	release = k.keepAlive(ctx, lease.ID)
	claim, err := k.etcd.client.Txn(ctx).If(clientv3.Compare(clientv3.CreateRevision(claimKey), "=", 0)).
		Then(clientv3.OpPut(claimKey, k.s.opts.Replica, clientv3.WithLease(lease.ID))).Commit()
	if err != nil || !claim.Succeeded {
		release()
		return nil, false
	}
	return release, true
}

// keepAlive keeps a lease until release is called, and ends it then.
func (k *keeper) keepAlive(ctx context.Context, id clientv3.LeaseID) (release func()) {
	alive, stop := context.WithCancel(ctx)
	if beats, err := k.etcd.client.KeepAlive(alive, id); err == nil {
		go func() {
			for range beats { // closed by stop
			}
		}()
	}
	return func() {
		stop()
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		_, _ = k.etcd.client.Revoke(ctx, id) // it ends by itself, too
	}
}

// memberUsage asks one member of a cluster. A member that does not tell its quota has
// etcd's default.
func (k *keeper) memberUsage(ctx context.Context, endpoint string) (usage, bool, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	st, err := k.etcd.client.Status(ctx, endpoint)
	if err != nil {
		return usage{}, false, err
	}
	u := usage{st.DbSize, st.DbSizeInUse, st.DbSizeQuota}
	if u.quota <= 0 {
		u.quota = 2 << 30
	}
	return u, len(st.Errors) > 0, nil
}
