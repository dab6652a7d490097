package control

import (
	"iter"
	"slices"
	"strings"

	"github.com/gatewright/gatewright/internal/store"
	"github.com/gatewright/gatewright/internal/vpc"
)

// There is one store of tags: a Tagging per resource that bears any, and a TagPair for
// every key and value that an account knows. Both the tag service and the TagSet and
// tag filters of every other answer read it.

// tagNew puts tags on a resource that is being made, after checking them against what
// the account may hold. Created is the resource's own, so that lists keep its order.
func (c *Control) tagNew(tx *store.Tx, acct *vpc.Account, scope vpc.Scope, res vpc.Resource, tags []vpc.Tag, created vpc.Instant, allowed vpc.Listed) error {
	if len(tags) == 0 {
		return nil
	}
	if err := vpc.CheckTags(acct, tags, tagStock(tx, acct.ID, tags), allowed); err != nil {
		return err
	}
	putTagging(tx, &vpc.Tagging{Resource: res, Scope: scope, Tags: slices.Clone(tags), Created: created})
	return nil
}

// untag forgets the tags of a resource that is gone. The pairs stay known.
func untag(tx *store.Tx, res vpc.Resource) { store.Taggings.Delete(tx, res) }

// tagsOf returns the tags of a resource in the order they were put on; the caller must
// not change them.
func tagsOf(r store.Reader, res vpc.Resource) []vpc.Tag {
	t, ok := store.Taggings.Get(r, res)
	if !ok {
		return nil
	}
	return t.Tags
}

// putTagging writes a resource's tags and makes new pairs known. Without tags there is
// no row.
func putTagging(tx *store.Tx, t *vpc.Tagging) {
	if len(t.Tags) == 0 {
		store.Taggings.Delete(tx, t.Resource)
		return
	}
	for _, tag := range t.Tags {
		knowTag(tx, t.Account, tag)
	}
	store.Taggings.Put(tx, t)
}

func knowTag(tx *store.Tx, id vpc.AccountID, tag vpc.Tag) {
	if !knowsTag(tx, id, tag) {
		store.TagPairs.Put(tx, &vpc.TagPair{Account: id, Tag: tag, Created: tx.Now()})
	}
}

func knowsTag(r store.Reader, id vpc.AccountID, tag vpc.Tag) bool {
	_, ok := store.TagPairs.Get(r, store.TagPairKey{Account: id, Tag: tag})
	return ok
}

func knowsTagKey(r store.Reader, id vpc.AccountID, key string) bool {
	return store.TagPairsByKey.Count(r, store.OwnedBy(id, key)) > 0
}

// tagStock tells what an account holds, as far as these tags are concerned: keys are
// counted only if one of the tags would add to them.
func tagStock(r store.Reader, id vpc.AccountID, tags []vpc.Tag) vpc.TagStock {
	s := vpc.TagStock{
		Pairs:   store.TagPairsByAccount.Count(r, id),
		HasKey:  func(key string) bool { return knowsTagKey(r, id, key) },
		HasPair: func(t vpc.Tag) bool { return knowsTag(r, id, t) },
	}
	if slices.ContainsFunc(tags, func(t vpc.Tag) bool { return !s.HasKey(t.Key) }) {
		for range tagKeys(r, id) {
			s.Keys++
		}
	}
	return s
}

// tagKeys yields the keys that an account knows, sorted, each in O(log n) whatever the
// number of its values.
func tagKeys(r store.Reader, id vpc.AccountID) iter.Seq[string] {
	return func(yield func(string) bool) {
		last := ""
		for {
			next, ok := tagKeyAfter(r, id, last)
			if !ok || !yield(next) {
				return
			}
			last = next
		}
	}
}

func tagKeyAfter(r store.Reader, id vpc.AccountID, key string) (string, bool) {
	for p := range store.TagPairsByKey.Range(r, store.OwnedBy(id, key+"\x00"), store.OwnedBy(id+1, "")) {
		return p.Key, p.Account == id
	}
	return "", false
}

// tagFilter finds the filters tag-key and tag:KEY of things whose ids start with prefix.
// get finds a thing by its id, id tells it.
func tagFilter[R any](prefix vpc.Prefix, get func(r store.Reader, id string) (*R, bool), id func(*R) string) func(name string) (filterRule[R], bool) {
	kind := string(prefix)
	bears := func(r store.Reader, row *R, match func(vpc.Tag) bool) bool {
		return slices.ContainsFunc(tagsOf(r, vpc.Resource{Prefix: kind, ID: id(row)}), match)
	}
	return func(name string) (filterRule[R], bool) {
		if name == "tag-key" {
			return filterRule[R]{
				Index: func(r store.Reader, s vpc.Scope, value string) source[R] {
					q := store.Of(s, store.Tagged{Prefix: kind, Tag: vpc.Tag{Key: value}})
					return borneBy(r, from(r, store.TaggingsByTagKey, q), get)
				},
				Match: func(r store.Reader, row *R, value string) bool {
					return bears(r, row, func(t vpc.Tag) bool { return t.Key == value })
				},
				Shared: true,
			}, true
		}
		key, ok := strings.CutPrefix(name, "tag:")
		if !ok || key == "" {
			return filterRule[R]{}, false
		}
		return filterRule[R]{
			Index: func(r store.Reader, s vpc.Scope, value string) source[R] {
				q := store.Of(s, store.Tagged{Prefix: kind, Tag: vpc.Tag{Key: key, Value: value}})
				return borneBy(r, from(r, store.TaggingsByTag, q), get)
			},
			Value: func(r store.Reader, row *R) (string, bool) {
				for _, t := range tagsOf(r, vpc.Resource{Prefix: kind, ID: id(row)}) {
					if t.Key == key {
						return t.Value, true
					}
				}
				return "", false
			},
		}, true
	}
}

// borneBy turns taggings into the things that bear them.
func borneBy[R any](r store.Reader, tagged source[vpc.Tagging], get func(r store.Reader, id string) (*R, bool)) source[R] {
	return source[R]{
		count: tagged.count,
		page: func(offset, limit int) []*R {
			var rows []*R
			for _, t := range tagged.page(offset, limit) {
				if row, ok := get(r, t.ID); ok {
					rows = append(rows, row)
				}
			}
			return rows
		},
		all: func(yield func(*R) bool) {
			for t := range tagged.all {
				if row, ok := get(r, t.ID); ok && !yield(row) {
					return
				}
			}
		},
	}
}
