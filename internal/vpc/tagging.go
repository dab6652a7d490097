package vpc

import (
	"slices"
	"strconv"
	"unicode/utf8"
)

// The tag service has names of its own for what the rules of tags refuse.

// The most resources and tags that TagResources, UnTagResources and GetResources take.
const (
	MaxResourcesPerCall = 10
	MaxTagsPerCall      = 10
)

// CheckServiceKey checks a tag key as the tag service names faults: TagKeyEmpty,
// TagKeyLengthExceeded, ReservedTagKey, TagKeyCharacterIllegal.
func CheckServiceKey(param, key string, codes Listed) *Error {
	err := CheckTagKey(param, key)
	if err == nil {
		return nil
	}
	switch {
	case key == "":
		return recode(err, codes.Pick(InvalidParameterValueTagKeyEmpty))
	case err.Code == InvalidParameterValueTagInvalidKeyLen:
		return recode(err, codes.Pick(InvalidParameterValueTagKeyLengthExceeded, InvalidParameterValueTagKeyCharacterIllegal))
	case err.Code == UnsupportedOperationTagSystemReservedTagKey:
		return recode(err, codes.Pick(InvalidParameterReservedTagKey, InvalidParameterValueTagKeyCharacterIllegal))
	}
	return recode(err, codes.Pick(InvalidParameterValueTagKeyCharacterIllegal))
}

// CheckServiceValue checks a tag value as the tag service names faults:
// TagValueLengthExceeded, TagValueCharacterIllegal. An empty value is fine, as it is where
// resources are created.
func CheckServiceValue(param, value string, codes Listed) *Error {
	err := CheckTagValue(param, value)
	switch {
	case err == nil:
		return nil
	case utf8.RuneCountInString(value) > MaxTagValueRunes:
		return recode(err, codes.Pick(InvalidParameterValueTagValueLengthExceeded, InvalidParameterValueTagValueCharacterIllegal))
	}
	return recode(err, codes.Pick(InvalidParameterValueTagValueCharacterIllegal))
}

// CheckServiceTags checks a list of tags whose input has this name, doubles included.
func CheckServiceTags(param string, tags []Tag, codes Listed) *Error {
	keys := make([]string, len(tags))
	for i, t := range tags {
		keys[i] = t.Key
		if err := CheckServiceValue(param+"."+strconv.Itoa(i)+".TagValue", t.Value, codes); err != nil {
			return err
		}
	}
	return CheckServiceKeys(param, ".TagKey", keys, codes)
}

// CheckServiceKeys checks a list of tag keys; field is the name of the key in each
// element of the input, or empty.
func CheckServiceKeys(param, field string, keys []string, codes Listed) *Error {
	seen := map[string]bool{}
	for i, k := range keys {
		at := param + "." + strconv.Itoa(i) + field
		if err := CheckServiceKey(at, k, codes); err != nil {
			return err
		}
		if seen[k] {
			return Refuse(codes.Pick(InvalidParameterValueTagKeyDuplicate, InvalidParameterTag), at,
				"the key `%s` is there twice", "标签键 `%s` 重复", Clip(k))
		}
		seen[k] = true
	}
	return nil
}

// CheckServiceCount refuses an empty list, and one with more elements than a call takes.
func CheckServiceCount(param string, n, limit int, over Code, codes Listed) *Error {
	switch {
	case n == 0:
		return Refuse(codes.Pick(MissingParameter), param, "it is empty", "不能为空")
	case n > limit:
		return Refuse(codes.Pick(over), param, "%d elements, a call takes %d", "%d 个元素，每次最多 %d 个", n, limit)
	}
	return nil
}

// CheckServiceStock decides whether an account may hold tags that were checked before,
// by its tag policy (PolicyEnforcedInvalid) and quota (TagKey, Quota).
func CheckServiceStock(account *Account, tags []Tag, stock TagStock, codes Listed) *Error {
	if err := checkTagPolicy(account, tags, stock); err != nil {
		if err.Code == InvalidParameterValueTagNotAllocatedQuota {
			return restock(err, codes.Pick(LimitExceededQuota, LimitExceededTagKey, FailedOperation))
		}
		return restock(err, codes.Pick(FailedOperationPolicyEnforcedInvalid, FailedOperation))
	}
	return serviceQuota(account, tags, stock, codes)
}

// CheckNewPair decides whether an account may make a tag known without putting it on
// anything. A policy that asks for known tags does not stand in the way: this is how
// they become known.
func CheckNewPair(account *Account, tag Tag, stock TagStock, codes Listed) *Error {
	lenient := *account
	if lenient.TagPolicy != TagDenied {
		lenient.TagPolicy = TagAny
	}
	return CheckServiceStock(&lenient, []Tag{tag}, stock, codes)
}

func serviceQuota(account *Account, tags []Tag, stock TagStock, codes Listed) *Error {
	err := checkTagQuota(account.TagQuota, tags, stock)
	if err == nil {
		return nil
	}
	switch err.Code {
	case LimitExceededTagTagsExceeded:
		return restock(err, codes.Pick(LimitExceededTagNumPerRequest, LimitExceededQuota))
	case LimitExceededTagKeyExceeded:
		return restock(err, codes.Pick(LimitExceededTagKey, LimitExceededTagValue))
	}
	return restock(err, codes.Pick(LimitExceededQuota, LimitExceededTagValue))
}

// recode gives an error another code.
func recode(err *Error, code Code) *Error {
	e := *err
	e.Code = code
	return &e
}

// restock is recode for a verdict about the account, whose text names inputs of other
// actions.
func restock(err *Error, code Code) *Error {
	e := recode(err, code)
	e.Param = ""
	return e
}

// MergeTags returns a resource's tags after some were set and others taken off.
// ResourceAttachedTags if they are too many.
func MergeTags(old, set []Tag, drop []string, codes Listed) ([]Tag, *Error) {
	merged := slices.DeleteFunc(slices.Clone(old), func(t Tag) bool { return slices.Contains(drop, t.Key) })
	for _, t := range set {
		if at := slices.IndexFunc(merged, func(o Tag) bool { return o.Key == t.Key }); at >= 0 {
			merged[at] = t
		} else {
			merged = append(merged, t)
		}
	}
	if len(merged) > MaxTagsPerThing {
		return nil, Refuse(codes.Pick(LimitExceededResourceAttachedTags, LimitExceededTagNumPerRequest), "Resource",
			"it would have %d tags, a resource may have %d", "将有 %d 个标签，每个资源最多 %d 个", len(merged), MaxTagsPerThing)
	}
	return merged, nil
}
