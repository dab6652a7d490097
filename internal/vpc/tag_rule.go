package vpc

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// The limits of tags.
const (
	MaxTagKeyRunes   = 127
	MaxTagValueRunes = 255
	MaxTagsPerThing  = 50

	defaultTagKeys  = 1000
	defaultTagPairs = 1_000_000
)

// reservedTagKeys are the starts of keys that belong to the system. Case matters.
var reservedTagKeys = []string{"qcs:", "project", "项目"}

// tagMarks are the characters allowed in keys and values beside letters and digits.
const tagMarks = "+-=._:/@()[],;><（）【】"

// DefaultTagQuota is the tag quota of a new account.
var DefaultTagQuota = TagQuota{Allocated: true, Keys: -1, Pairs: -1, PerCall: -1}

// Limits returns the quota with its defaults filled in.
func (q TagQuota) Limits() TagQuota {
	fill := func(v, otherwise int) int {
		if v < 0 {
			return otherwise
		}
		return v
	}
	q.Keys, q.Pairs, q.PerCall = fill(q.Keys, defaultTagKeys), fill(q.Pairs, defaultTagPairs), fill(q.PerCall, MaxTagsPerThing)
	return q
}

// TagStock is what an account knows of tags, borne by something or not.
type TagStock struct {
	Keys, Pairs int // how many
	HasKey      func(key string) bool
	HasPair     func(Tag) bool
}

// CheckTags decides whether an account may put these tags on a thing that bears none
// yet: first each tag by itself, then the list, then what the account may hold.
func CheckTags(account *Account, tags []Tag, stock TagStock, codes Listed) *Error {
	if len(tags) == 0 {
		return nil
	}
	for _, check := range []func() *Error{
		func() *Error { return CheckTagList(tags) },
		func() *Error { return checkTagPolicy(account, tags, stock) },
		func() *Error { return checkTagQuota(account.TagQuota, tags, stock) },
	} {
		if err := check(); err != nil {
			return codes.Narrow(err)
		}
	}
	return nil
}

// CheckTagList checks the tags of one request without regard to the account: each key
// and value, keys that repeat, and more keys than a thing may bear.
func CheckTagList(tags []Tag) *Error {
	seen := make(map[string]bool, min(len(tags), MaxTagsPerThing+1))
	for i, t := range tags {
		if err := CheckTagKey(tagParam(i, "Key"), t.Key); err != nil {
			return err
		}
		if err := CheckTagValue(tagParam(i, "Value"), t.Value); err != nil {
			return err
		}
		if seen[t.Key] {
			return Refuse(InvalidParameterValueTagDuplicateKey, tagParam(i, "Key"),
				"the key `%s` is there twice", "标签键 `%s` 重复", Clip(t.Key))
		}
		seen[t.Key] = true
	}
	if len(seen) > MaxTagsPerThing {
		return Refuse(LimitExceededTagKeyPerResourceExceeded, "Tags",
			"%d keys, a resource may have %d", "%d 个标签键，每个资源最多 %d 个", len(seen), MaxTagsPerThing)
	}
	return nil
}

func tagParam(i int, field string) string { return "Tags." + strconv.Itoa(i) + "." + field }

// CheckTagKey checks one key: 1 to 127 characters (TagInvalidKeyLen), not the system's
// (TagSystemReservedTagKey), of allowed characters (TagInvalidKey).
func CheckTagKey(param, key string) *Error {
	if n := utf8.RuneCountInString(key); n < 1 || n > MaxTagKeyRunes {
		return Refuse(InvalidParameterValueTagInvalidKeyLen, param,
			"a key has 1 to %d characters, not %d", "标签键长度应为 1 至 %d 个字符，当前为 %d", MaxTagKeyRunes, n)
	}
	for _, start := range reservedTagKeys {
		if strings.HasPrefix(key, start) {
			return Refuse(UnsupportedOperationTagSystemReservedTagKey, param,
				"keys that start with `%s` are the system's", "以 `%s` 开头的标签键为系统保留", start)
		}
	}
	if !tagText(key) {
		return Refuse(InvalidParameterValueTagInvalidKey, param,
			"the key `%s` has characters that are not allowed", "标签键 `%s` 含有不允许的字符", Clip(key))
	}
	return nil
}

// CheckTagValue checks one value: at most 255 characters, all allowed (TagInvalidVal).
// An empty value is fine.
func CheckTagValue(param, value string) *Error {
	if n := utf8.RuneCountInString(value); n > MaxTagValueRunes {
		return Refuse(InvalidParameterValueTagInvalidVal, param,
			"a value has at most %d characters, not %d", "标签值最多 %d 个字符，当前为 %d", MaxTagValueRunes, n)
	}
	if !tagText(value) {
		return Refuse(InvalidParameterValueTagInvalidVal, param,
			"the value `%s` has characters that are not allowed", "标签值 `%s` 含有不允许的字符", Clip(value))
	}
	return nil
}

// tagText reports whether a key or value has only letters, digits, the marks and inner
// spaces.
func tagText(s string) bool {
	if strings.HasPrefix(s, " ") || strings.HasSuffix(s, " ") || !utf8.ValidString(s) {
		return false
	}
	for _, r := range s {
		if r != ' ' && !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune(tagMarks, r) {
			return false
		}
	}
	return true
}

// checkTagPolicy holds tags against what the operator lets the account use.
func checkTagPolicy(account *Account, tags []Tag, stock TagStock) *Error {
	if account.TagPolicy == TagDenied {
		return Refuse(UnsupportedOperationTagNotPermit, "Tags", "this account may not use tags", "此账号无权使用标签")
	}
	if !account.TagQuota.Allocated {
		return Refuse(InvalidParameterValueTagNotAllocatedQuota, "Tags", "this account has no tag quota", "此账号未分配标签配额")
	}
	for i, t := range tags {
		if err := checkTagKnown(account.TagPolicy, i, t, stock); err != nil {
			return err
		}
	}
	return nil
}

func checkTagKnown(policy TagPolicy, i int, t Tag, stock TagStock) *Error {
	switch {
	case policy == TagAny || stock.HasPair(t):
		return nil
	case policy == TagKnownPairs:
		return Refuse(InvalidParameterValueTagNotExisted, tagParam(i, "Key"),
			"there is no tag `%s:%s`", "标签 `%s:%s` 不存在", Clip(t.Key), Clip(t.Value))
	case !stock.HasKey(t.Key):
		return Refuse(InvalidParameterValueTagKeyNotExists, tagParam(i, "Key"),
			"there is no tag key `%s`", "标签键 `%s` 不存在", Clip(t.Key))
	case policy == TagKnownValues:
		return Refuse(InvalidParameterValueTagValNotExists, tagParam(i, "Value"),
			"the tag key `%s` has no value `%s`", "标签键 `%s` 没有值 `%s`", Clip(t.Key), Clip(t.Value))
	}
	return nil
}

// checkTagQuota holds a request's tags against what the account may hold. Of pairs:
// TagQuota where the account may hold none at all, TagQuotaExceeded where it is at its
// ceiling, TagNotEnoughQuota where there is room for some of the new ones only.
func checkTagQuota(quota TagQuota, tags []Tag, stock TagStock) *Error {
	limit := quota.Limits()
	if len(tags) > limit.PerCall {
		return Refuse(LimitExceededTagTagsExceeded, "Tags", "%d tags, a request may have %d", "%d 个标签，每次请求最多 %d 个", len(tags), limit.PerCall)
	}
	keys, pairs := 0, 0
	for _, t := range tags {
		if stock.HasPair(t) {
			continue
		}
		pairs++
		if !stock.HasKey(t.Key) {
			keys++
		}
	}
	if keys > 0 && stock.Keys+keys > limit.Keys {
		return Refuse(LimitExceededTagKeyExceeded, "Tags", "%d new keys, the account has %d of %d", "新增 %d 个标签键，账号已有 %d 个，上限 %d 个", keys, stock.Keys, limit.Keys)
	}
	left := limit.Pairs - stock.Pairs
	const en, zh = "%d new tags, the account has %d of %d", "新增 %d 个标签，账号已有 %d 个，上限 %d 个"
	switch {
	case limit.Pairs == 0:
		return Refuse(LimitExceededTagQuota, "Tags", en, zh, pairs, stock.Pairs, limit.Pairs)
	case pairs > 0 && left <= 0:
		return Refuse(LimitExceededTagQuotaExceeded, "Tags", en, zh, pairs, stock.Pairs, limit.Pairs)
	case pairs > left:
		return Refuse(LimitExceededTagNotEnoughQuota, "Tags", en, zh, pairs, stock.Pairs, limit.Pairs)
	}
	return nil
}
