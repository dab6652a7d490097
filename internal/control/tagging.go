package control

import (
	"context"
	"encoding/base64"
	"iter"
	"slices"
	"strconv"
	"strings"

	"github.com/gatewright/gatewright/internal/store"
	"github.com/gatewright/gatewright/internal/vpc"
)

// The part of the tag service that concerns resources.

// retag changes the tags of one resource in a transaction; set and drop were checked.
func retag(tx *store.Tx, caller *Caller, t *vpc.Tagging, set []vpc.Tag, drop []string) error {
	acct, err := account(tx, caller.Account)
	if err != nil {
		return err
	}
	if len(set) > 0 {
		if err := vpc.CheckServiceStock(acct, set, tagStock(tx, acct.ID, set), caller.Codes); err != nil {
			return err
		}
	}
	merged, refused := vpc.MergeTags(t.Tags, set, drop, caller.Codes)
	if refused != nil {
		return refused
	}
	t.Tags = merged
	putTagging(tx, t)
	return nil
}

// ModifyResourceTags sets tags on a resource and takes others off. A key to take off
// that the resource does not bear is no fault.
func (c *Control) ModifyResourceTags(ctx context.Context, caller *Caller, resource string, set []vpc.Tag, drop []string) error {
	if err := checkRetag(set, drop, caller.Codes); err != nil {
		return err
	}
	return c.update(ctx, caller, func(tx *store.Tx) error {
		t, err := findTagging(tx, caller.Account, "Resource", resource, caller.Codes)
		if err != nil {
			return err
		}
		return retag(tx, caller, t, set, drop)
	})
}

func checkRetag(set []vpc.Tag, drop []string, codes vpc.Listed) error {
	if len(set)+len(drop) == 0 {
		return vpc.Refuse(codes.Pick(vpc.InvalidParameterTag), "ReplaceTags", "there are neither tags to set nor keys to take off", "ReplaceTags 与 DeleteTags 不能同时为空")
	}
	if err := vpc.CheckServiceTags("ReplaceTags", set, codes); err != nil {
		return err
	}
	if err := vpc.CheckServiceKeys("DeleteTags", ".TagKey", drop, codes); err != nil {
		return err
	}
	for _, t := range set {
		if i := slices.Index(drop, t.Key); i >= 0 {
			return vpc.Refuse(codes.Pick(vpc.InvalidParameterValueDeleteTagsParamError), "DeleteTags."+strconv.Itoa(i)+".TagKey",
				"the key `%s` is in `ReplaceTags` too", "标签键 `%s` 同时出现在 `ReplaceTags` 中", vpc.Clip(t.Key))
		}
	}
	return nil
}

// AddResourceTag puts one tag on a resource that does not bear the key yet.
func (c *Control) AddResourceTag(ctx context.Context, caller *Caller, resource string, tag vpc.Tag) error {
	if err := checkTag(tag, caller.Codes); err != nil {
		return err
	}
	return c.update(ctx, caller, func(tx *store.Tx) error {
		t, err := findTagging(tx, caller.Account, "Resource", resource, caller.Codes)
		if err != nil {
			return err
		}
		if bearsKey(t, tag.Key) {
			return vpc.Refuse(vpc.ResourceInUseTagKeyAttached, "TagKey", "the resource bears the key `%s` already", "资源已关联标签键 `%s`", vpc.Clip(tag.Key))
		}
		return retag(tx, caller, t, []vpc.Tag{tag}, nil)
	})
}

// checkTag checks one tag in the inputs TagKey and TagValue.
func checkTag(tag vpc.Tag, codes vpc.Listed) error {
	if err := vpc.CheckServiceKey("TagKey", tag.Key, codes); err != nil {
		return err
	}
	if err := vpc.CheckServiceValue("TagValue", tag.Value, codes); err != nil {
		return err
	}
	return nil
}

func bearsKey(t *vpc.Tagging, key string) bool {
	return slices.ContainsFunc(t.Tags, func(tag vpc.Tag) bool { return tag.Key == key })
}

// DeleteResourceTag takes one tag off a resource that bears the key.
func (c *Control) DeleteResourceTag(ctx context.Context, caller *Caller, resource, key string) error {
	if err := vpc.CheckServiceKey("TagKey", key, caller.Codes); err != nil {
		return err
	}
	return c.update(ctx, caller, func(tx *store.Tx) error {
		t, err := findTagging(tx, caller.Account, "Resource", resource, caller.Codes)
		if err != nil {
			return err
		}
		if !bearsKey(t, key) {
			return vpc.Refuse(vpc.ResourceNotFoundAttachedTagKeyNotFound, "TagKey", "the resource does not bear the key `%s`", "资源未关联标签键 `%s`", vpc.Clip(key))
		}
		return retag(tx, caller, t, nil, []string{key})
	})
}

// FailedResource is a resource of a call for many that could not be changed.
type FailedResource struct {
	Resource string
	Err      *vpc.Error
}

// TagResources sets tags on several resources and returns those that it could not find
// or that would bear too many.
func (c *Control) TagResources(ctx context.Context, caller *Caller, resources []string, tags []vpc.Tag) ([]FailedResource, error) {
	if err := vpc.CheckServiceCount("Tags", len(tags), vpc.MaxTagsPerCall, vpc.LimitExceededTagNumPerRequest, caller.Codes); err != nil {
		return nil, err
	}
	if err := vpc.CheckServiceTags("Tags", tags, caller.Codes); err != nil {
		return nil, err
	}
	return c.retagMany(ctx, caller, resources, tags, nil)
}

// UntagResources takes keys off several resources and returns those that it could not
// find.
func (c *Control) UntagResources(ctx context.Context, caller *Caller, resources, keys []string) ([]FailedResource, error) {
	if err := vpc.CheckServiceCount("TagKeys", len(keys), vpc.MaxTagsPerCall, vpc.LimitExceededTagNumPerRequest, caller.Codes); err != nil {
		return nil, err
	}
	if err := vpc.CheckServiceKeys("TagKeys", "", keys, caller.Codes); err != nil {
		return nil, err
	}
	return c.retagMany(ctx, caller, resources, nil, keys)
}

func (c *Control) retagMany(ctx context.Context, caller *Caller, resources []string, set []vpc.Tag, drop []string) ([]FailedResource, error) {
	if err := vpc.CheckServiceCount("ResourceList", len(resources), vpc.MaxResourcesPerCall, vpc.LimitExceededResourceNumPerRequest, caller.Codes); err != nil {
		return nil, err
	}
	var failed []FailedResource
	err := c.updateAs(ctx, caller, func(tx *store.Tx) (string, error) {
		failed = nil
		for i, name := range resources {
			refused, err := retagOne(tx, caller, i, name, set, drop)
			if err != nil {
				return "", err
			}
			if refused != nil {
				failed = append(failed, FailedResource{name, refused})
			}
		}
		if len(failed) > 0 && len(failed) == len(resources) {
			return string(failed[0].Err.Code), nil
		}
		return "OK", nil
	})
	return failed, err
}

// retagOne returns as refused what is wrong with this resource alone, as err what is
// wrong with the call.
func retagOne(tx *store.Tx, caller *Caller, i int, name string, set []vpc.Tag, drop []string) (refused *vpc.Error, err error) {
	t, refused := findTagging(tx, caller.Account, "ResourceList."+strconv.Itoa(i), name, caller.Codes)
	if refused != nil {
		return refused, nil
	}
	if _, refused = vpc.MergeTags(t.Tags, set, drop, caller.Codes); refused != nil {
		return refused, nil
	}
	return nil, retag(tx, caller, t, set, drop)
}

// ResourceTagQuery asks for the tags of resources of one kind by their ids.
type ResourceTagQuery struct {
	Service, Prefix, Region, Category string
	IDs                               []string
	Offset, Limit                     int
}

// maxResourceIDs is how many ids DescribeResourceTagsByResourceIds takes.
const maxResourceIDs = 50

// ResourceTag is one tag and what bears it.
type ResourceTag struct {
	ID string
	vpc.Tag
}

// ResourceTags lists the tags of some resources. One that is unknown, of another region
// or of another account bears none.
func (c *Control) ResourceTags(ctx context.Context, caller *Caller, q ResourceTagQuery) (int, []ResourceTag, error) {
	if err := q.check(caller.Codes); err != nil {
		return 0, nil, err
	}
	view, err := c.read(ctx)
	if err != nil || q.Category == categorySystem {
		return 0, nil, err
	}
	var all []ResourceTag
	for _, id := range q.IDs {
		name := vpc.ResourceName{Region: vpc.Region(q.Region), Resource: vpc.Resource{Prefix: q.Prefix, ID: id}}
		if t := ownTagging(view, caller.Account, name); t != nil {
			for _, tag := range t.Tags {
				all = append(all, ResourceTag{id, tag})
			}
		}
	}
	return len(all), pageOf(all, q.Offset, q.Limit), nil
}

// pageOf cuts a page out of rows that were gathered.
func pageOf[T any](rows []T, offset, limit int) []T {
	lo := min(offset, len(rows))
	return rows[lo : lo+min(limit, len(rows)-lo)]
}

func (q *ResourceTagQuery) check(codes vpc.Listed) error {
	if q.Service != vpc.ServiceName {
		return vpc.Refuse(codes.Pick(vpc.InvalidParameterValueServiceTypeInvalid), "ServiceType", "`%s` is not vpc", "`%s` 不是 vpc", vpc.Clip(q.Service))
	}
	kind, ok := resourceKinds[q.Prefix]
	if !ok {
		return vpc.Refuse(codes.Pick(vpc.InvalidParameterValueResourcePrefixInvalid), "ResourcePrefix", "`%s` is the prefix of nothing here", "不支持资源前缀 `%s`", vpc.Clip(q.Prefix))
	}
	if !kind.global && !vpc.ValidRegion(q.Region) {
		return vpc.Refuse(codes.Pick(vpc.InvalidParameterValueRegionInvalid), "ResourceRegion", "`%s` is not a region's name", "`%s` 不是地域名称", vpc.Clip(q.Region))
	}
	if n := len(q.IDs); n == 0 || n > maxResourceIDs {
		return vpc.Refuse(codes.Pick(vpc.InvalidParameterValueResourceIdInvalid), "ResourceIds", "%d ids, a call takes 1 to %d", "%d 个 ID，每次应为 1 至 %d 个", n, maxResourceIDs)
	}
	for i, id := range q.IDs {
		if !vpc.Prefix(q.Prefix).Match(id) {
			return vpc.Refuse(codes.Pick(vpc.InvalidParameterValueResourceIdInvalid), "ResourceIds."+strconv.Itoa(i),
				"`%s` should be %s- and eight lower-case letters or digits", "`%s` 应为 %s- 加八位小写字母或数字", vpc.Clip(id), q.Prefix)
		}
	}
	return checkCategory(q.Category)
}

// TagFilter asks for resources that bear a key with one of some values, or with any
// where there are none.
type TagFilter struct {
	Key    string
	Values []string
}

func (f TagFilter) match(t *vpc.Tagging) bool {
	return slices.ContainsFunc(t.Tags, func(tag vpc.Tag) bool {
		return tag.Key == f.Key && (len(f.Values) == 0 || slices.Contains(f.Values, tag.Value))
	})
}

// The limits of GetResources.
const (
	maxTagFilters    = 6
	maxFilterValues  = 10
	maxTaggedResults = 200
)

// TaggedQuery asks for resources by name, or by their tags, one page after another.
type TaggedQuery struct {
	Resources []string
	Filters   []TagFilter
	Token     string // of the page before; empty for the first
	Limit     int
}

// TaggedResources lists resources with their tags, and the token of the next page, empty
// on the last. Asked by name it answers with those that exist, on one page.
func (c *Control) TaggedResources(ctx context.Context, caller *Caller, q TaggedQuery) ([]*vpc.Tagging, string, error) {
	offset, err := q.check(caller.Codes)
	if err != nil {
		return nil, "", err
	}
	view, err := c.read(ctx)
	if err != nil {
		return nil, "", err
	}
	if len(q.Resources) > 0 {
		rows, err := taggedByName(view, caller, q)
		return rows, "", err
	}
	rows := taggedPage(view, caller.Account, q.Filters, offset, q.Limit+1)
	if len(rows) <= q.Limit {
		return rows, "", nil
	}
	return rows[:q.Limit], pageToken(offset + q.Limit), nil
}

func (q *TaggedQuery) check(codes vpc.Listed) (offset int, err error) {
	if len(q.Resources) > vpc.MaxResourcesPerCall {
		return 0, vpc.Refuse(codes.Pick(vpc.LimitExceededResourceNumPerRequest), "ResourceList", "%d names, a call takes %d", "%d 个资源，每次最多 %d 个", len(q.Resources), vpc.MaxResourcesPerCall)
	}
	if err := checkTagFilters(q.Filters, codes); err != nil {
		return 0, err
	}
	if q.Limit < 1 || q.Limit > maxTaggedResults {
		return 0, vpc.Refuse(codes.Pick(vpc.InvalidParameter), "MaxResults", "it must lie between 1 and %d", "取值范围为 1 到 %d", maxTaggedResults)
	}
	offset, ok := readPageToken(q.Token)
	if !ok {
		return 0, vpc.Refuse(codes.Pick(vpc.InvalidParameterPaginationTokenInvalid), "PaginationToken", "it is not the token of an answer", "不是有效的分页标记")
	}
	return offset, nil
}

func checkTagFilters(filters []TagFilter, codes vpc.Listed) error {
	if len(filters) > maxTagFilters {
		return vpc.Refuse(codes.Pick(vpc.InvalidParameterValueTagFiltersLengthExceeded, vpc.LimitExceededTagNumPerRequest), "TagFilters",
			"%d filters, a call takes %d", "%d 个过滤条件，每次最多 %d 个", len(filters), maxTagFilters)
	}
	keys := make([]string, len(filters))
	for i, f := range filters {
		keys[i] = f.Key
		at := "TagFilters." + strconv.Itoa(i) + ".TagValue"
		if len(f.Values) > maxFilterValues {
			return vpc.Refuse(codes.Pick(vpc.InvalidParameterValueTagFilters, vpc.LimitExceededTagNumPerRequest), at,
				"%d values, a filter takes %d", "%d 个取值，每个过滤条件最多 %d 个", len(f.Values), maxFilterValues)
		}
		for j, v := range f.Values {
			if err := vpc.CheckServiceValue(at+"."+strconv.Itoa(j), v, codes); err != nil {
				return err
			}
		}
	}
	if err := vpc.CheckServiceKeys("TagFilters", ".TagKey", keys, codes); err != nil {
		return err
	}
	return nil
}

func taggedByName(r store.Reader, caller *Caller, q TaggedQuery) ([]*vpc.Tagging, error) {
	var rows []*vpc.Tagging
	for i, text := range q.Resources {
		name, ok := vpc.ParseResourceName(text)
		if !ok {
			return nil, vpc.Refuse(caller.Codes.Pick(vpc.InvalidParameterValueResourceDescriptionError), "ResourceList."+strconv.Itoa(i),
				"`%s` is not a six-part name such as qcs::vpc:ap-guangzhou:uin/:vpc/vpc-xxxxxxxx",
				"`%s` 不是六段式描述，例如 qcs::vpc:ap-guangzhou:uin/:vpc/vpc-xxxxxxxx", vpc.Clip(text))
		}
		if t := ownTagging(r, caller.Account, name); t != nil && matchesAll(t, q.Filters) {
			rows = append(rows, t)
		}
	}
	return rows, nil
}

func matchesAll(t *vpc.Tagging, filters []TagFilter) bool {
	for _, f := range filters {
		if !f.match(t) {
			return false
		}
	}
	return true
}

// taggedPage walks only when there is more than one filter, or one without values.
func taggedPage(r store.Reader, id vpc.AccountID, filters []TagFilter, offset, limit int) []*vpc.Tagging {
	if len(filters) == 0 {
		return store.TaggingsByAccount.Page(r, id, offset, limit)
	}
	first := filters[0]
	if len(filters) == 1 && len(first.Values) > 0 {
		return taggedWith(r, id, first).page(offset, limit)
	}
	var rows []*vpc.Tagging
	for t := range taggedCandidates(r, id, first) {
		if !matchesAll(t, filters) {
			continue
		}
		if offset--; offset >= 0 {
			continue
		}
		if rows = append(rows, t); len(rows) == limit {
			break
		}
	}
	return rows
}

// taggedWith is the resources that bear one of a filter's tags: since a resource has one
// value of a key, none is there twice.
func taggedWith(r store.Reader, id vpc.AccountID, f TagFilter) source[vpc.Tagging] {
	values := slices.Clone(f.Values)
	slices.Sort(values)
	var parts []source[vpc.Tagging]
	for _, v := range slices.Compact(values) {
		parts = append(parts, from(r, store.TaggingsByAccountTag, store.OwnedBy(id, vpc.Tag{Key: f.Key, Value: v})))
	}
	return union(parts)
}

func taggedCandidates(r store.Reader, id vpc.AccountID, f TagFilter) iter.Seq[*vpc.Tagging] {
	if len(f.Values) > 0 {
		return taggedWith(r, id, f).all
	}
	return store.TaggingsByAccountTag.Range(r, store.OwnedBy(id, vpc.Tag{Key: f.Key}), store.OwnedBy(id, vpc.Tag{Key: f.Key, Value: "\xff"}))
}

// A page token is the offset of the page; what it looks like is nobody's business.
const tokenStart = "offset:"

func pageToken(offset int) string {
	return base64.RawURLEncoding.EncodeToString([]byte(tokenStart + strconv.Itoa(offset)))
}

func readPageToken(token string) (int, bool) {
	if token == "" {
		return 0, true
	}
	clear, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil {
		return 0, false
	}
	digits, ok := strings.CutPrefix(string(clear), tokenStart)
	n, err := strconv.ParseUint(digits, 10, 31)
	return int(n), ok && err == nil
}
