package vpc

import (
	"time"
	"unique"
)

// AccountID is the number of an account, called Uin by the vendor.
type AccountID uint64

// AppID is the vendor's second number of an account.
type AppID uint64

// Region is a region's name, such as ap-guangzhou. The empty Region is that of
// things which belong to no region, such as a CCN.
type Region string

// Zone is a zone's name: its region, a dash and a number.
type Zone string

// UnmarshalText keeps one copy of the same name for all rows: there are few regions and
// zones and many rows, and copies that are one compare at once.
func (r *Region) UnmarshalText(text []byte) error {
	*r = Region(unique.Make(string(text)).Value())
	return nil
}

// UnmarshalText keeps one copy of the same name, see Region.
func (z *Zone) UnmarshalText(text []byte) error {
	*z = Zone(unique.Make(string(text)).Value())
	return nil
}

// Instant is a point in time in nanoseconds since 1970-01-01 UTC. Zero is "never".
type Instant int64

// At converts a time to an Instant; the zero time gives zero.
func At(t time.Time) Instant {
	if t.IsZero() {
		return 0
	}
	return Instant(t.UnixNano())
}

// Time returns i in UTC, and the zero time for zero.
func (i Instant) Time() time.Time {
	if i == 0 {
		return time.Time{}
	}
	return time.Unix(0, int64(i)).UTC()
}

// Add returns the instant d later.
func (i Instant) Add(d time.Duration) Instant { return i + Instant(d) }

// Before reports whether i is a set instant that lies before or at now.
func (i Instant) Before(now Instant) bool { return i != 0 && i <= now }

// beijing is the zone of every time in an answer (the vendor's samples are UTC+8).
var beijing = time.FixedZone("UTC+8", 8*60*60)

// NoTime is how the vendor writes an absent time.
const NoTime = "0000-00-00 00:00:00"

// String formats i as the vendor does: YYYY-MM-DD hh:mm:ss in UTC+8, NoTime for zero.
func (i Instant) String() string {
	if i == 0 {
		return NoTime
	}
	return time.Unix(0, int64(i)).In(beijing).Format("2006-01-02 15:04:05")
}

// Scope is the wall around a row: who owns it and where it lives.
// Nothing outside a caller's account is ever shown to, or named to, that caller.
type Scope struct {
	Account AccountID `json:"account"`
	Region  Region    `json:"region,omitempty"`
}

// Sealed is a secret encrypted under the store's master key; the clear text
// exists only in the call that needs it. Every formatter prints ***.
type Sealed []byte

func (Sealed) String() string   { return "***" }
func (Sealed) GoString() string { return "***" }

// Secret is a secret in the clear on its way in or out. Every formatter prints ***.
type Secret string

func (Secret) String() string   { return "***" }
func (Secret) GoString() string { return "***" }

// MarshalJSON keeps a clear secret out of every encoded row and log line.
func (Secret) MarshalJSON() ([]byte, error) { return []byte(`"***"`), nil }

// Reveal returns the clear text.
func (s Secret) Reveal() string { return string(s) }
