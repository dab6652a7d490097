package api

import (
	"hash/maphash"
	"math"
	"sync"
	"time"

	"github.com/gatewright/gatewright/internal/vpc"
)

// A limiter holds a token bucket per account, action and region. A bucket holds one
// second's worth and is forgotten when it has been idle long enough to be full.
type limiter struct {
	seed   maphash.Seed
	shards [limiterShards]limiterShard
}

const (
	limiterShards = 64
	// limiterIdle is after how long an unused bucket may go; it is full after a second.
	limiterIdle = 2 * time.Second
)

type limiterShard struct {
	mu      sync.Mutex
	buckets map[bucketKey]*bucket
	swept   time.Time
}

type bucketKey struct {
	account vpc.AccountID
	action  string
	region  vpc.Region
}

type bucket struct {
	tokens float64
	at     time.Time // of the last call
	second int64     // the Unix second that calls counts
	calls  int       // in that second, refused ones too
	before int       // calls in the second before it
}

func newLimiter() *limiter {
	l := &limiter{seed: maphash.MakeSeed()}
	for i := range l.shards {
		l.shards[i].buckets = map[bucketKey]*bucket{}
	}
	return l
}

// take asks for one call at a rate per second, above 0. It returns whether the call may
// go on, and how many calls were made within about the last second, this one included.
func (l *limiter) take(key bucketKey, rate int, now time.Time) (ok bool, count int) {
	shard := &l.shards[(maphash.String(l.seed, key.action)^uint64(key.account)*0x9e3779b97f4a7c15)%limiterShards]
	shard.mu.Lock()
	defer shard.mu.Unlock()
	b := shard.buckets[key]
	if b == nil {
		shard.sweep(now)
		b = &bucket{tokens: float64(rate), at: now, second: now.Unix()}
		shard.buckets[key] = b
	}
	return b.take(float64(rate), now)
}

func (b *bucket) take(rate float64, now time.Time) (ok bool, count int) {
	elapsed := max(0, now.Sub(b.at).Seconds())
	b.tokens = min(rate, b.tokens+elapsed*rate)
	b.at = now
	b.tally(now.Unix())
	if ok = b.tokens >= 1; ok {
		b.tokens--
	}
	rest := 1 - float64(now.Nanosecond())/1e9 // how much of the second before still counts
	return ok, b.calls + int(math.Round(rest*float64(b.before)))
}

func (b *bucket) tally(second int64) {
	if second != b.second {
		b.before = 0
		if second == b.second+1 {
			b.before = b.calls
		}
		b.second, b.calls = second, 0
	}
	b.calls++
}

// sweep forgets idle buckets, at most once in limiterIdle; the shard is locked.
func (s *limiterShard) sweep(now time.Time) {
	if now.Sub(s.swept) < limiterIdle {
		return
	}
	s.swept = now
	for key, b := range s.buckets {
		if now.Sub(b.at) >= limiterIdle {
			delete(s.buckets, key)
		}
	}
}

// limit refuses a call beyond the rate of its account, action and region.
func (s *Server) limit(c *call) error {
	rate := s.keeper.Rate(c.caller.Account, c.action.Name)
	if rate <= 0 {
		return nil
	}
	key := bucketKey{c.caller.Account, c.action.Name, c.caller.Region}
	ok, count := s.limiter.take(key, rate, time.Now())
	if ok {
		return nil
	}
	return vpc.Refuse(vpc.RequestLimitExceeded, "",
		"%d calls of %s were made within a second, and the limit is %d a second", "%[2]s 当前请求频率为 %[1]d 次/秒，超过上限 %[3]d 次/秒",
		max(count, rate+1), c.action.Name, rate)
}
