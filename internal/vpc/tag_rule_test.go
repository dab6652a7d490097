package vpc

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"
)

// stock makes a TagStock out of pairs.
func stock(pairs ...Tag) TagStock {
	keys, known := map[string]bool{}, map[Tag]bool{}
	for _, t := range pairs {
		keys[t.Key], known[t] = true, true
	}
	return TagStock{
		Keys: len(keys), Pairs: len(known),
		HasKey:  func(k string) bool { return keys[k] },
		HasPair: func(t Tag) bool { return known[t] },
	}
}

func manyTags(n int) []Tag {
	tags := make([]Tag, n)
	for i := range tags {
		tags[i] = Tag{Key: fmt.Sprintf("k%d", i), Value: "v"}
	}
	return tags
}

func TestCheckTags(t *testing.T) {
	quota := func(keys, pairs, perCall int) Account {
		return Account{TagQuota: TagQuota{Allocated: true, Keys: keys, Pairs: pairs, PerCall: perCall}}
	}
	policy := func(p TagPolicy) Account { return Account{TagQuota: DefaultTagQuota, TagPolicy: p} }
	free := policy(TagAny)
	ab := stock(Tag{"a", "1"}, Tag{"b", "1"})
	for _, c := range []struct {
		name    string
		account Account
		tags    []Tag
		stock   TagStock
		want    Code
	}{
		{"none", Account{}, nil, stock(), "OK"},
		{"one", free, []Tag{{"a", "1"}}, stock(), "OK"},
		{"empty value", free, []Tag{{"a", ""}}, stock(), "OK"},
		{"all marks", free, []Tag{{"A z+-=._:/@()[],;><（）【】9", "网 关"}}, stock(), "OK"},
		{"127 characters", free, []Tag{{strings.Repeat("网", 127), strings.Repeat("值", 255)}}, stock(), "OK"},
		{"case matters", free, []Tag{{"a", "1"}, {"A", "1"}, {"Project", "1"}, {"QCS:x", "1"}}, stock(), "OK"},
		{"empty key", free, []Tag{{"", "1"}}, stock(), InvalidParameterValueTagInvalidKeyLen},
		{"128 characters", free, []Tag{{strings.Repeat("k", 128), "1"}}, stock(), InvalidParameterValueTagInvalidKeyLen},
		{"star in key", free, []Tag{{"a*b", "1"}}, stock(), InvalidParameterValueTagInvalidKey},
		{"line break in key", free, []Tag{{"a\n", "1"}}, stock(), InvalidParameterValueTagInvalidKey},
		{"NUL in key", free, []Tag{{"a\x00", "1"}}, stock(), InvalidParameterValueTagInvalidKey},
		{"broken UTF-8", free, []Tag{{"a\xff", "1"}}, stock(), InvalidParameterValueTagInvalidKey},
		{"replacement character", free, []Tag{{"a\ufffd", "1"}}, stock(), InvalidParameterValueTagInvalidKey},
		{"space at the start of a key", free, []Tag{{" a", "1"}}, stock(), InvalidParameterValueTagInvalidKey},
		{"space at the end of a value", free, []Tag{{"a", "1 "}}, stock(), InvalidParameterValueTagInvalidVal},
		{"star in value", free, []Tag{{"a", "x*"}}, stock(), InvalidParameterValueTagInvalidVal},
		{"256 characters", free, []Tag{{"a", strings.Repeat("值", 256)}}, stock(), InvalidParameterValueTagInvalidVal},
		{"qcs:", free, []Tag{{"qcs:x", "1"}}, stock(), UnsupportedOperationTagSystemReservedTagKey},
		{"project", free, []Tag{{"project1", "1"}}, stock(), UnsupportedOperationTagSystemReservedTagKey},
		{"project in Chinese", free, []Tag{{"项目一", "1"}}, stock(), UnsupportedOperationTagSystemReservedTagKey},
		{"key twice", free, []Tag{{"a", "1"}, {"a", "2"}}, stock(), InvalidParameterValueTagDuplicateKey},
		{"tag twice", free, []Tag{{"a", "1"}, {"a", "1"}}, stock(), InvalidParameterValueTagDuplicateKey},
		{"50 keys", free, manyTags(50), stock(), "OK"},
		{"51 keys", free, manyTags(51), stock(), LimitExceededTagKeyPerResourceExceeded},
		{"51 keys over the request's ceiling too", quota(-1, -1, 3), manyTags(51), stock(), LimitExceededTagKeyPerResourceExceeded},
		{"at the request's ceiling", quota(-1, -1, 3), manyTags(3), stock(), "OK"},
		{"over the request's ceiling", quota(-1, -1, 3), manyTags(4), stock(), LimitExceededTagTagsExceeded},

		{"denied", policy(TagDenied), []Tag{{"a", "1"}}, ab, UnsupportedOperationTagNotPermit},
		{"not allocated", Account{}, []Tag{{"a", "1"}}, ab, InvalidParameterValueTagNotAllocatedQuota},
		{"known key", policy(TagKnownKeys), []Tag{{"a", "new"}}, ab, "OK"},
		{"unknown key", policy(TagKnownKeys), []Tag{{"new", "1"}}, ab, InvalidParameterValueTagKeyNotExists},
		{"known value", policy(TagKnownValues), []Tag{{"a", "1"}}, ab, "OK"},
		{"unknown value", policy(TagKnownValues), []Tag{{"a", "new"}}, ab, InvalidParameterValueTagValNotExists},
		{"value of an unknown key", policy(TagKnownValues), []Tag{{"new", "1"}}, ab, InvalidParameterValueTagKeyNotExists},
		{"known pair", policy(TagKnownPairs), []Tag{{"b", "1"}}, ab, "OK"},
		{"unknown pair", policy(TagKnownPairs), []Tag{{"a", "2"}}, ab, InvalidParameterValueTagNotExisted},
		{"unknown pair of a new key", policy(TagKnownPairs), []Tag{{"k", "v"}}, ab, InvalidParameterValueTagNotExisted},

		{"new key at the ceiling", quota(2, -1, -1), []Tag{{"c", "1"}}, ab, LimitExceededTagKeyExceeded},
		{"old key at the ceiling", quota(2, -1, -1), []Tag{{"a", "2"}}, ab, "OK"},
		{"old key over a lowered ceiling", quota(1, -1, -1), []Tag{{"a", "2"}}, ab, "OK"},
		{"no pairs at all", quota(-1, 0, -1), []Tag{{"a", "1"}}, ab, LimitExceededTagQuota},
		{"no pairs at all, many", quota(-1, 0, -1), manyTags(2), stock(), LimitExceededTagQuota},
		{"new pair at the ceiling", quota(-1, 2, -1), []Tag{{"a", "2"}}, ab, LimitExceededTagQuotaExceeded},
		{"new pair over a lowered ceiling", quota(-1, 1, -1), []Tag{{"a", "2"}}, ab, LimitExceededTagQuotaExceeded},
		{"old pair at the ceiling", quota(-1, 2, -1), []Tag{{"a", "1"}}, ab, "OK"},
		{"two new pairs with one left", quota(-1, 3, -1), manyTags(2), ab, LimitExceededTagNotEnoughQuota},
		{"one new pair with one left", quota(-1, 3, -1), manyTags(1), ab, "OK"},
		{"one new, one old pair with one left", quota(-1, 3, -1), append(manyTags(1), Tag{"a", "1"}), ab, "OK"},
	} {
		err := CheckTags(&c.account, c.tags, c.stock, nil)
		if got := codeOf(err); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
		if err != nil && strings.Contains(err.EN+err.ZH, "%!") {
			t.Errorf("%s: broken text %q %q", c.name, err.EN, err.ZH)
		}
	}
}

func TestCheckTagsNarrows(t *testing.T) {
	account := Account{TagQuota: DefaultTagQuota}
	err := CheckTags(&account, []Tag{{"a*", ""}}, stock(), only(InvalidParameterValue))
	if codeOf(err) != InvalidParameterValue || err.Param != "Tags.0.Key" {
		t.Errorf("%+v", err)
	}
}

func FuzzTagText(f *testing.F) {
	for _, s := range []string{"a", " a", "网", "a*", "\xff", "qcs:"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if CheckTagValue("Value", s) == nil && (!utf8.ValidString(s) || strings.ContainsAny(s, "\x00\n*\"'`$\\{}") || strings.TrimSpace(s) != s) {
			t.Errorf("%q was taken as a value", s)
		}
		if CheckTagKey("Key", s) == nil && (s == "" || CheckTagValue("Value", s) != nil) {
			t.Errorf("%q was taken as a key", s)
		}
	})
}
