package api

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gatewright/gatewright/internal/control"
	"github.com/gatewright/gatewright/internal/vpc"
	"github.com/gatewright/gatewright/internal/wire"
)

// tries returns how many of n calls at once are let through.
func tries(l *limiter, key bucketKey, rate, n int) (let int) {
	for range n {
		if ok, _ := l.take(key, rate, time.Now()); ok {
			let++
		}
	}
	return let
}

func TestLimiter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLimiter()
		key := bucketKey{1, "CreateVpnGateway", "ap-guangzhou"}
		for _, c := range []struct {
			after     time.Duration
			rate, try int
			want      int
		}{
			{0, 20, 30, 20},                       // one second's worth at once
			{0, 20, 5, 0},                         // and no more
			{100 * time.Millisecond, 20, 5, 2},    // 20 a second
			{time.Second, 20, 30, 20},             // full again
			{time.Hour, 20, 30, 20},               // and never fuller
			{500 * time.Millisecond, 40, 100, 20}, // a rate that was raised
			{time.Second, 3, 10, 3},               // and lowered
			{time.Second, 1, 10, 1},
		} {
			time.Sleep(c.after)
			if got := tries(l, key, c.rate, c.try); got != c.want {
				t.Errorf("after %v at %d/s: %d of %d calls, want %d", c.after, c.rate, got, c.try, c.want)
			}
		}
		for _, other := range []bucketKey{{2, "CreateVpnGateway", "ap-guangzhou"}, {1, "DescribeVpcs", "ap-guangzhou"}, {1, "CreateVpnGateway", "ap-shanghai"}} {
			if got := tries(l, other, 20, 30); got != 20 {
				t.Errorf("%v shares a bucket: %d calls", other, got)
			}
		}
	})
}

func TestLimiterSustains(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, let := newLimiter(), 0
		for range 1000 { // 100 calls a second for ten seconds
			let += tries(l, bucketKey{}, 20, 1)
			time.Sleep(10 * time.Millisecond)
		}
		if let < 215 || let > 220 {
			t.Errorf("%d calls in ten seconds, want 20 and 20 a second", let)
		}
	})
}

func TestLimiterForgets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLimiter()
		for i := range 100_000 {
			l.take(bucketKey{account: vpc.AccountID(i)}, 20, time.Now())
			if i%100 == 0 {
				time.Sleep(50 * time.Millisecond)
			}
		}
		n := 0
		for i := range l.shards {
			n += len(l.shards[i].buckets)
		}
		if n > 10_000 { // what 50 s would leave of 4 s of use, twice over
			t.Errorf("%d buckets are kept", n)
		}
	})
}

// TestLimitNames checks the count and the ceiling in the refusal.
func TestLimitNames(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFront(t)
		f.keeper.rate = 20
		c := &call{action: wire.Actions["CreateVpnGateway"], caller: &control.Caller{Account: 1}}
		var err error
		for range 25 {
			err = f.limit(c)
		}
		var refused *vpc.Error
		if !errors.As(err, &refused) || refused.Code != vpc.RequestLimitExceeded || !strings.Contains(refused.EN, "25 calls of CreateVpnGateway") || !strings.Contains(refused.EN, "limit is 20") {
			t.Errorf("got %v", err)
		}
		time.Sleep(1100 * time.Millisecond)
		for range 21 {
			err = f.limit(c)
		}
		if text := fmt.Sprint(err); !strings.Contains(text, "calls of CreateVpnGateway") {
			t.Errorf("got %v", err)
		}
		f.keeper.rate = 0
		for range 1000 {
			if err := f.limit(c); err != nil {
				t.Fatalf("no limit: %v", err)
			}
		}
	})
}

// TestLimitIsNotAudited keeps a flood of refused calls out of the audit.
func TestLimitIsNotAudited(t *testing.T) {
	stubCreate(t)
	f := newFront(t).serve(t)
	f.keeper.rate = 1
	var texts []string
	for range 5 {
		texts = append(texts, request{body: createBody}.tc3())
	}
	limited := 0
	for _, a := range f.talk(t, len(texts), texts...) {
		a.check(t)
		if a.code(t) == "RequestLimitExceeded" {
			limited++
		}
	}
	if limited == 0 || len(f.keeper.refused) != 0 {
		t.Errorf("%d calls limited, audited %q", limited, f.keeper.refused)
	}
}

func TestBodyBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBodyBudget(100)
		var mu sync.Mutex
		var log []string
		take := func(name string, n int64, ctx context.Context) {
			go func() {
				start := time.Now()
				ok := b.take(ctx, n, strings.HasPrefix(name, "begun"))
				mu.Lock()
				defer mu.Unlock()
				log = append(log, fmt.Sprintf("%s %v after %v", name, ok, time.Since(start)))
			}()
			synctest.Wait()
		}
		ctx, cancel := context.WithCancel(t.Context())
		take("a", 60, t.Context())
		take("b", 40, t.Context())
		take("c", 50, t.Context()) // waits first in line
		take("d", 10, t.Context()) // waits behind it, though there may be room
		take("e", 10, ctx)
		time.Sleep(time.Second)
		cancel()
		synctest.Wait()
		b.give(40)
		synctest.Wait()
		b.give(10)
		synctest.Wait()
		take("f", 95, t.Context())
		take("begun g", 20, t.Context()) // waits, but before the others
		time.Sleep(900 * time.Millisecond)
		b.give(50)
		synctest.Wait()
		take("begun h", 15, t.Context()) // does not wait, as there is room
		time.Sleep(2 * time.Second)
		synctest.Wait()
		slices.Sort(log)
		want := "a true after 0s; b true after 0s; begun g true after 900ms; begun h true after 0s; c true after 1s; d true after 1.9s; e false after 1s; f false after 2s"
		if got := strings.Join(log, "; "); got != want {
			t.Errorf("got\n%s, want\n%s", got, want)
		}
		if len(b.waiting) != 0 || b.free != 100-195+100 {
			t.Errorf("%d wait, %d free", len(b.waiting), b.free)
		}
	})
}
