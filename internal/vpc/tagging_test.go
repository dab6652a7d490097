package vpc

import (
	"fmt"
	"strings"
	"testing"
)

func TestCheckServiceTags(t *testing.T) {
	long := strings.Repeat("k", 256)
	for _, c := range []struct {
		name  string
		tags  []Tag
		codes Listed
		want  string
	}{
		{"fine", []Tag{{"a", "1"}, {"b", ""}}, nil, "OK"},
		{"no key", []Tag{{"", "1"}}, nil, "InvalidParameterValue.TagKeyEmpty at Tags.0.TagKey"},
		{"long key", []Tag{{"a", "1"}, {long, "1"}}, nil, "InvalidParameterValue.TagKeyLengthExceeded at Tags.1.TagKey"},
		{"reserved key", []Tag{{"qcs:a", "1"}}, nil, "InvalidParameter.ReservedTagKey at Tags.0.TagKey"},
		{"star in key", []Tag{{"a*", "1"}}, nil, "InvalidParameterValue.TagKeyCharacterIllegal at Tags.0.TagKey"},
		{"long value", []Tag{{"a", long}}, nil, "InvalidParameterValue.TagValueLengthExceeded at Tags.0.TagValue"},
		{"long value, no such code", []Tag{{"a", long}}, only(InvalidParameterValueTagValueCharacterIllegal), "InvalidParameterValue.TagValueCharacterIllegal at Tags.0.TagValue"},
		{"star in value", []Tag{{"a", "*"}}, nil, "InvalidParameterValue.TagValueCharacterIllegal at Tags.0.TagValue"},
		{"no value", []Tag{{"a", ""}}, only(InvalidParameterValueTagValueEmpty), "OK"},
		{"twice", []Tag{{"a", "1"}, {"a", "2"}}, nil, "InvalidParameterValue.TagKeyDuplicate at Tags.1.TagKey"},
		{"twice, no such code", []Tag{{"a", "1"}, {"a", "2"}}, only(InvalidParameterTag), "InvalidParameter.Tag at Tags.1.TagKey"},
	} {
		got := "OK"
		if err := CheckServiceTags("Tags", c.tags, c.codes); err != nil {
			got = fmt.Sprintf("%s at %s", err.Code, err.Param)
		}
		if got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

func TestCheckServiceStock(t *testing.T) {
	quota := func(keys, pairs, perCall int) Account {
		return Account{TagQuota: TagQuota{Allocated: true, Keys: keys, Pairs: pairs, PerCall: perCall}}
	}
	ab := stock(Tag{"a", "1"}, Tag{"b", "1"})
	for _, c := range []struct {
		name    string
		account Account
		tag     Tag
		want    Code // when put on a resource
		pair    Code // when made known
	}{
		{"known", quota(-1, -1, -1), Tag{"a", "1"}, "OK", "OK"},
		{"new", quota(-1, -1, -1), Tag{"c", "1"}, "OK", "OK"},
		{"denied", Account{TagQuota: DefaultTagQuota, TagPolicy: TagDenied}, Tag{"a", "1"}, FailedOperationPolicyEnforcedInvalid, FailedOperationPolicyEnforcedInvalid},
		{"known keys only", Account{TagQuota: DefaultTagQuota, TagPolicy: TagKnownKeys}, Tag{"c", "1"}, FailedOperationPolicyEnforcedInvalid, "OK"},
		{"known pairs only", Account{TagQuota: DefaultTagQuota, TagPolicy: TagKnownPairs}, Tag{"a", "2"}, FailedOperationPolicyEnforcedInvalid, "OK"},
		{"no quota", Account{}, Tag{"a", "1"}, LimitExceededQuota, LimitExceededQuota},
		{"keys full", quota(2, -1, -1), Tag{"c", "1"}, LimitExceededTagKey, LimitExceededTagKey},
		{"pairs full", quota(-1, 2, -1), Tag{"a", "2"}, LimitExceededQuota, LimitExceededQuota},
		{"none per call", quota(-1, -1, 0), Tag{"a", "1"}, LimitExceededTagNumPerRequest, LimitExceededTagNumPerRequest},
	} {
		if got := codeOf(CheckServiceStock(&c.account, []Tag{c.tag}, ab, nil)); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
		if got := codeOf(CheckNewPair(&c.account, c.tag, ab, nil)); got != c.pair {
			t.Errorf("%s, made known: %s, want %s", c.name, got, c.pair)
		}
	}
}

func TestMergeTags(t *testing.T) {
	old := []Tag{{"a", "1"}, {"b", "1"}, {"c", "1"}}
	for _, c := range []struct {
		set  []Tag
		drop []string
		want string
	}{
		{nil, nil, "[{a 1} {b 1} {c 1}]"},
		{[]Tag{{"b", "2"}, {"d", "1"}}, nil, "[{a 1} {b 2} {c 1} {d 1}]"},
		{nil, []string{"a", "x"}, "[{b 1} {c 1}]"},
		{[]Tag{{"d", "1"}}, []string{"a", "b", "c"}, "[{d 1}]"},
		{manyTags(47), nil, "50"},
		{manyTags(48), nil, "LimitExceeded.ResourceAttachedTags"},
		{manyTags(48), []string{"a"}, "50"},
	} {
		merged, err := MergeTags(old, c.set, c.drop, nil)
		got := fmt.Sprint(merged)
		if err != nil {
			got = string(err.Code)
		} else if len(merged) > 10 {
			got = fmt.Sprint(len(merged))
		}
		if got != c.want {
			t.Errorf("%v, -%v: %s, want %s", c.set, c.drop, got, c.want)
		}
	}
	if fmt.Sprint(old) != "[{a 1} {b 1} {c 1}]" {
		t.Errorf("the old list changed: %v", old)
	}
}

func TestCheckServiceCount(t *testing.T) {
	for n, want := range map[int]Code{0: MissingParameter, 1: "OK", 10: "OK", 11: LimitExceededTagNumPerRequest} {
		if got := codeOf(CheckServiceCount("Tags", n, 10, LimitExceededTagNumPerRequest, nil)); got != want {
			t.Errorf("%d: %s", n, got)
		}
	}
}
