package store

import (
	"strings"
	"testing"
)

// TestHealth: what each problem does to reads and writes, and which of several is told.
func TestHealth(t *testing.T) {
	problems := map[string]problem{
		"space":    {kind: troubleSpace, cause: "disk is full", zh: "满", hint: "make room"},
		"quota":    {kind: troubleQuota, cause: "database is full", zh: "满", hint: "delete", writes: refuseGrowth},
		"quorum":   {kind: troubleQuorum, cause: "no quorum", zh: "无", hint: "wait", stale: true},
		"behind":   {kind: troubleBehind, cause: "behind", zh: "慢", hint: "wait", stale: true, writes: refuseNone},
		"damaged":  {kind: troubleDamaged, cause: "damage", zh: "坏", hint: "restore", unready: true},
		"stalled":  {kind: troubleStalled, cause: "stalled", zh: "停", hint: "look"},
		"restored": {kind: troubleRestoring, cause: "restoring", zh: "恢复", hint: "wait", unready: true},
	}
	for _, c := range []struct {
		at      string // problems at work, in the order of their appearance
		want    Health
		refused string // of a write that grows, "" if it works
		shrink  bool   // a write that does not grow works
		unread  bool
	}{
		{at: "", want: Health{Ready: true, Writable: true}, shrink: true},
		{at: "space", want: Health{Ready: true, Cause: "disk is full", Hint: "make room"}, refused: "disk is full"},
		{at: "quota", want: Health{Ready: true, Cause: "database is full", Hint: "delete"}, refused: "database is full", shrink: true},
		{at: "quorum", want: Health{Ready: true, Stale: true, Cause: "no quorum", Hint: "wait"}, refused: "no quorum"},
		{at: "behind", want: Health{Ready: true, Stale: true, Writable: true, Cause: "behind", Hint: "wait"}, shrink: true},
		{at: "damaged", want: Health{Cause: "damage", Hint: "restore"}, refused: "damage", unread: true},
		{at: "stalled", want: Health{Ready: true, Cause: "stalled", Hint: "look"}, refused: "stalled"},
		{at: "stalled quota", want: Health{Ready: true, Cause: "database is full", Hint: "delete"}, refused: "stalled"},
		{at: "quota space", want: Health{Ready: true, Cause: "disk is full", Hint: "make room"}, refused: "disk is full"},
		{at: "stalled behind restored", want: Health{Stale: true, Cause: "restoring", Hint: "wait"}, refused: "restoring", unread: true},
	} {
		t.Run(c.at, func(t *testing.T) {
			s := openOn(t, newMemory(), Options{Seed: 1})
			update(t, s, before)
			for name := range strings.FieldsSeq(c.at) {
				if !s.trouble.set(problems[name]) {
					t.Errorf("%s was there before", name)
				}
				if s.trouble.set(problems[name]) {
					t.Errorf("%s is new a second time", name)
				}
			}
			if h := s.Health(); h != c.want {
				t.Errorf("health %+v, want %+v", h, c.want)
			}
			if _, err := s.Read(t.Context()); (err != nil) != c.unread {
				t.Errorf("read: %v", err)
			}
			_, err := s.Update(t.Context(), putVPC("vpc-more"))
			if c.refused == "" && err != nil {
				t.Error(err)
			} else if c.refused != "" {
				refusedAs(t, err, c.refused, false)
			}
			_, err = s.Update(t.Context(), func(tx *Tx) error {
				VPCs.Delete(tx, "vpc-1")
				VPCs.Delete(tx, "vpc-2")
				return putVPC("vpc-3")(tx) // there is one
			})
			if (err == nil) != c.shrink {
				t.Errorf("a write that adds nothing: %v", err)
			}
			for name := range strings.FieldsSeq(c.at) {
				if !s.trouble.clear(problems[name].kind) || s.trouble.clear(problems[name].kind) {
					t.Errorf("%s was not there to end once", name)
				}
			}
			if h := s.Health(); h != (Health{Ready: true, Writable: true}) {
				t.Errorf("health afterwards %+v", h)
			}
			update(t, s, putVPC("vpc-last"))
		})
	}
}
