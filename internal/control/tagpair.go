package control

import (
	"context"
	"slices"

	"github.com/gatewright/gatewright/internal/store"
	"github.com/gatewright/gatewright/internal/vpc"
)

// The part of the tag service that concerns tags as such.

// The categories of tags. Nothing here makes a system tag.
const (
	categoryAll    = "All"
	categoryCustom = "Custom"
	categorySystem = "System"
)

func checkCategory(category string) error {
	switch category {
	case "", categoryAll, categoryCustom, categorySystem:
		return nil
	}
	return vpc.Refuse(vpc.InvalidParameterValue, "Category", "`%s` is none of All, Custom, System", "`%s` 不是 All、Custom、System 之一", vpc.Clip(category))
}

// CreateTag makes a tag known to the account.
func (c *Control) CreateTag(ctx context.Context, caller *Caller, tag vpc.Tag) error {
	if err := checkTag(tag, caller.Codes); err != nil {
		return err
	}
	return c.update(ctx, caller, func(tx *store.Tx) error {
		acct, err := account(tx, caller.Account)
		if err != nil {
			return err
		}
		if knowsTag(tx, acct.ID, tag) {
			return vpc.Refuse(vpc.ResourceInUseTagDuplicate, "TagKey", "the tag `%s:%s` exists already", "标签 `%s:%s` 已存在", vpc.Clip(tag.Key), vpc.Clip(tag.Value))
		}
		if err := vpc.CheckNewPair(acct, tag, tagStock(tx, acct.ID, []vpc.Tag{tag}), caller.Codes); err != nil {
			return err
		}
		knowTag(tx, acct.ID, tag)
		return nil
	})
}

// DeleteTag makes the account forget a tag that nothing bears.
func (c *Control) DeleteTag(ctx context.Context, caller *Caller, tag vpc.Tag) error {
	return c.update(ctx, caller, func(tx *store.Tx) error {
		if !knowsTag(tx, caller.Account, tag) {
			if err := checkTag(tag, caller.Codes); err != nil {
				return err
			}
			return vpc.Refuse(vpc.ResourceNotFoundTagNonExist, "TagKey", "there is no tag `%s:%s`", "标签 `%s:%s` 不存在", vpc.Clip(tag.Key), vpc.Clip(tag.Value))
		}
		if n := store.TaggingsByAccountTag.Count(tx, store.OwnedBy(caller.Account, tag)); n > 0 {
			return vpc.Refuse(vpc.FailedOperationTagAttachedResource, "TagKey", "%d resources bear the tag", "仍有 %d 个资源关联此标签", n)
		}
		store.TagPairs.Delete(tx, store.TagPairKey{Account: caller.Account, Tag: tag})
		return nil
	})
}

// TagQuery asks for tags that the account knows.
type TagQuery struct {
	Keys          []string // empty: any
	Value         *string  // nil: any
	Creator       uint64   // 0: any
	Category      string
	Offset, Limit int
}

// MaxTagLimit is the largest page of the tag service's lists, DefaultTagLimit the usual.
const (
	MaxTagLimit     = 1000
	DefaultTagLimit = 15
)

// check refuses a creator that is not the caller's account, which is the only one that
// can have made its tags, whoever else there is.
func (q *TagQuery) check(caller *Caller) error {
	if q.Creator != 0 && vpc.AccountID(q.Creator) != caller.Account {
		return vpc.Refuse(caller.Codes.Pick(vpc.InvalidParameterValueUinInvalid), "CreateUin", "%d has made no tags of this account", "%d 不是此账号标签的创建者", q.Creator)
	}
	return checkCategory(q.Category)
}

// KnownTag is a tag that the account knows.
type KnownTag struct {
	vpc.Tag
	Borne bool // something bears it, so that it cannot be deleted
}

// Tags lists known tags in the order of their making, key by key where keys are given.
func (c *Control) Tags(ctx context.Context, caller *Caller, q TagQuery) (int, []KnownTag, error) {
	if err := q.check(caller); err != nil {
		return 0, nil, err
	}
	view, err := c.read(ctx)
	if err != nil || q.Category == categorySystem {
		return 0, nil, err
	}
	src := knownTags(view, caller.Account, q)
	out := []KnownTag{}
	for _, p := range src.page(q.Offset, q.Limit) {
		out = append(out, KnownTag{p.Tag, store.TaggingsByAccountTag.Count(view, store.OwnedBy(p.Account, p.Tag)) > 0})
	}
	return src.count(), out, nil
}

func knownTags(r store.Reader, id vpc.AccountID, q TagQuery) source[vpc.TagPair] {
	keys := slices.Clone(q.Keys)
	slices.Sort(keys)
	keys = slices.Compact(keys)
	var parts []source[vpc.TagPair]
	for _, k := range keys {
		if q.Value != nil {
			p, _ := store.TagPairs.Get(r, store.TagPairKey{Account: id, Tag: vpc.Tag{Key: k, Value: *q.Value}})
			parts = append(parts, one(p))
			continue
		}
		parts = append(parts, from(r, store.TagPairsByKey, store.OwnedBy(id, k)))
	}
	switch {
	case len(keys) > 0:
		return union(parts)
	case q.Value == nil:
		return from(r, store.TagPairsByAccount, id)
	}
	var rows []*vpc.TagPair
	for p := range store.TagPairsByAccount.All(r, id) {
		if p.Value == *q.Value {
			rows = append(rows, p)
		}
	}
	return gathered(rows)
}

// gathered is a source of rows that were walked already.
func gathered[R any](rows []*R) source[R] {
	return source[R]{
		count: func() int { return len(rows) },
		page:  func(offset, limit int) []*R { return pageOf(rows, offset, limit) },
		all:   slices.Values(rows),
	}
}

// TagKeys lists known keys, sorted.
func (c *Control) TagKeys(ctx context.Context, caller *Caller, q TagQuery) (int, []string, error) {
	if err := q.check(caller); err != nil {
		return 0, nil, err
	}
	view, err := c.read(ctx)
	if err != nil || q.Category == categorySystem {
		return 0, nil, err
	}
	keys := slices.Collect(tagKeys(view, caller.Account))
	return len(keys), pageOf(keys, q.Offset, q.Limit), nil
}

// TagValues lists the known values of some keys.
func (c *Control) TagValues(ctx context.Context, caller *Caller, q TagQuery) (int, []KnownTag, error) {
	if len(q.Keys) == 0 || slices.Contains(q.Keys, "") {
		return 0, nil, vpc.Refuse(caller.Codes.Pick(vpc.InvalidParameterValueTagKeyEmpty), "TagKeys", "it has no key, or an empty one", "标签键不能为空")
	}
	return c.Tags(ctx, caller, q)
}

// CheckTagPage fills in and checks the page of a list of the tag service. An input that
// was not sent is nil; a limit of 0 is the default, as the international pages have it.
func CheckTagPage(offset, limit *uint64) (int, int, error) {
	o, n := uint64(0), uint64(DefaultTagLimit)
	if offset != nil {
		o = *offset
	}
	if limit != nil && *limit != 0 {
		n = *limit
	}
	if n > MaxTagLimit {
		return 0, 0, vpc.Refuse(vpc.InvalidParameterValue, "Limit", "it is at most %d", "不能大于 %d", MaxTagLimit)
	}
	return int(min(o, 1<<31-1)), int(n), nil
}
