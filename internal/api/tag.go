package api

import (
	"context"
	"crypto/md5"
	"encoding/hex"

	"github.com/gatewright/gatewright/internal/control"
	"github.com/gatewright/gatewright/internal/vpc"
	"github.com/gatewright/gatewright/internal/wire"
)

func init() {
	register("DescribeResourceTagsByResourceIds", (*Server).describeResourceTagsByResourceIds)
	register("ModifyResourceTags", (*Server).modifyResourceTags)
	register("TagResources", (*Server).tagResources)
	register("UnTagResources", (*Server).unTagResources)
	register("GetResources", (*Server).getResources)
	register("DescribeTags", (*Server).describeTags)
	register("DescribeTagKeys", (*Server).describeTagKeys)
	register("DescribeTagValues", (*Server).describeTagValues)
	register("CreateTag", (*Server).createTag)
	register("DeleteTag", (*Server).deleteTag)
	register("AddResourceTag", (*Server).addResourceTag)
	register("DeleteResourceTag", (*Server).deleteResourceTag)
}

// categoryCustom is the Category of every tag here.
const categoryCustom = "Custom"

// defaultMaxResults is the page of GetResources where none is asked for.
const defaultMaxResults = 50

func serviceTagsIn(in []wire.TagTag) []vpc.Tag {
	tags := make([]vpc.Tag, len(in))
	for i, t := range in {
		tags[i] = vpc.Tag{Key: text(t.TagKey), Value: text(t.TagValue)}
	}
	return tags
}

func serviceTagsOut(tags []vpc.Tag) []wire.TagTag {
	category := categoryCustom
	out := make([]wire.TagTag, len(tags))
	for i := range tags {
		out[i] = wire.TagTag{TagKey: &tags[i].Key, TagValue: &tags[i].Value, Category: &category}
	}
	return out
}

func (s *Server) describeResourceTagsByResourceIds(ctx context.Context, c *control.Caller, in *wire.DescribeResourceTagsByResourceIdsRequest) (*wire.DescribeResourceTagsByResourceIdsResponse, error) {
	offset, limit, err := control.CheckTagPage(in.Offset, in.Limit)
	if err != nil {
		return nil, err
	}
	total, tags, err := s.control.ResourceTags(ctx, c, control.ResourceTagQuery{
		Service: text(in.ServiceType), Prefix: text(in.ResourcePrefix), Region: text(in.ResourceRegion), Category: text(in.Category),
		IDs: in.ResourceIds, Offset: offset, Limit: limit,
	})
	if err != nil {
		return nil, err
	}
	out := &wire.DescribeResourceTagsByResourceIdsResponse{
		TotalCount: uint64(total), Offset: uint64(offset), Limit: uint64(limit), Tags: make([]wire.TagResource, len(tags)),
	}
	for i, t := range tags {
		out.Tags[i] = wire.TagResource{
			TagKey: t.Key, TagValue: t.Value, ResourceId: t.ID, TagKeyMd5: md5Of(t.Key), TagValueMd5: md5Of(t.Value),
			ServiceType: vpc.ServiceName, Category: categoryCustom,
		}
	}
	return out, nil
}

// md5Of is a field of an answer, not a protection of anything.
func md5Of(s string) string {
	sum := md5.Sum([]byte(s))
	return hex.EncodeToString(sum[:])
}

func (s *Server) modifyResourceTags(ctx context.Context, c *control.Caller, in *wire.ModifyResourceTagsRequest) (*wire.ModifyResourceTagsResponse, error) {
	drop := make([]string, len(in.DeleteTags))
	for i, t := range in.DeleteTags {
		drop[i] = text(t.TagKey)
	}
	return &wire.ModifyResourceTagsResponse{}, s.control.ModifyResourceTags(ctx, c, text(in.Resource), serviceTagsIn(in.ReplaceTags), drop)
}

func (s *Server) tagResources(ctx context.Context, c *control.Caller, in *wire.TagResourcesRequest) (*wire.TagResourcesResponse, error) {
	failed, err := s.control.TagResources(ctx, c, in.ResourceList, serviceTagsIn(in.Tags))
	return &wire.TagResourcesResponse{FailedResources: failedOut(c, failed)}, err
}

func (s *Server) unTagResources(ctx context.Context, c *control.Caller, in *wire.UnTagResourcesRequest) (*wire.UnTagResourcesResponse, error) {
	failed, err := s.control.UntagResources(ctx, c, in.ResourceList, in.TagKeys)
	return &wire.UnTagResourcesResponse{FailedResources: failedOut(c, failed)}, err
}

func failedOut(c *control.Caller, failed []control.FailedResource) []wire.FailedResource {
	out := make([]wire.FailedResource, len(failed))
	for i, f := range failed {
		out[i] = wire.FailedResource{Resource: f.Resource, Code: string(f.Err.Code), Message: f.Err.Message(c.Language)}
	}
	return out
}

func (s *Server) getResources(ctx context.Context, c *control.Caller, in *wire.GetResourcesRequest) (*wire.GetResourcesResponse, error) {
	q := control.TaggedQuery{Resources: in.ResourceList, Token: text(in.PaginationToken), Limit: defaultMaxResults}
	if in.MaxResults != nil {
		q.Limit = int(min(*in.MaxResults, 1<<31-1))
	}
	for _, f := range in.TagFilters {
		q.Filters = append(q.Filters, control.TagFilter{Key: text(f.TagKey), Values: f.TagValue})
	}
	taggings, token, err := s.control.TaggedResources(ctx, c, q)
	if err != nil {
		return nil, err
	}
	out := &wire.GetResourcesResponse{PaginationToken: token, ResourceTagMappingList: make([]wire.ResourceTagMapping, len(taggings))}
	for i, t := range taggings {
		name := vpc.ResourceName{Region: t.Region, Account: t.Account, Resource: t.Resource}
		out.ResourceTagMappingList[i] = wire.ResourceTagMapping{Resource: name.String(), Tags: serviceTagsOut(t.Tags)}
	}
	return out, nil
}

func (s *Server) describeTags(ctx context.Context, c *control.Caller, in *wire.DescribeTagsRequest) (*wire.DescribeTagsResponse, error) {
	offset, limit, err := control.CheckTagPage(in.Offset, in.Limit)
	if err != nil {
		return nil, err
	}
	keys := in.TagKeys
	if len(keys) == 0 && text(in.TagKey) != "" {
		keys = []string{*in.TagKey}
	}
	total, tags, err := s.control.Tags(ctx, c, control.TagQuery{
		Keys: keys, Value: in.TagValue, Creator: number(in.CreateUin), Offset: offset, Limit: limit,
	})
	if err != nil {
		return nil, err
	}
	out := &wire.DescribeTagsResponse{TotalCount: uint64(total), Offset: uint64(offset), Limit: uint64(limit), Tags: make([]wire.TagWithDelete, len(tags))}
	for i, t := range tags {
		out.Tags[i] = wire.TagWithDelete{TagKey: t.Key, TagValue: t.Value, Category: categoryCustom}
		if !t.Borne {
			out.Tags[i].CanDelete = 1
		}
	}
	return out, nil
}

func (s *Server) describeTagKeys(ctx context.Context, c *control.Caller, in *wire.DescribeTagKeysRequest) (*wire.DescribeTagKeysResponse, error) {
	offset, limit, err := control.CheckTagPage(in.Offset, in.Limit)
	if err != nil {
		return nil, err
	}
	total, keys, err := s.control.TagKeys(ctx, c, control.TagQuery{
		Creator: number(in.CreateUin), Category: text(in.Category), Offset: offset, Limit: limit,
	})
	return &wire.DescribeTagKeysResponse{TotalCount: uint64(total), Offset: uint64(offset), Limit: uint64(limit), Tags: keys}, err
}

func (s *Server) describeTagValues(ctx context.Context, c *control.Caller, in *wire.DescribeTagValuesRequest) (*wire.DescribeTagValuesResponse, error) {
	offset, limit, err := control.CheckTagPage(in.Offset, in.Limit)
	if err != nil {
		return nil, err
	}
	total, tags, err := s.control.TagValues(ctx, c, control.TagQuery{
		Keys: in.TagKeys, Creator: number(in.CreateUin), Category: text(in.Category), Offset: offset, Limit: limit,
	})
	if err != nil {
		return nil, err
	}
	known := make([]vpc.Tag, len(tags))
	for i, t := range tags {
		known[i] = t.Tag
	}
	return &wire.DescribeTagValuesResponse{TotalCount: uint64(total), Offset: uint64(offset), Limit: uint64(limit), Tags: serviceTagsOut(known)}, nil
}

func (s *Server) createTag(ctx context.Context, c *control.Caller, in *wire.CreateTagRequest) (*wire.CreateTagResponse, error) {
	return &wire.CreateTagResponse{}, s.control.CreateTag(ctx, c, vpc.Tag{Key: text(in.TagKey), Value: text(in.TagValue)})
}

func (s *Server) deleteTag(ctx context.Context, c *control.Caller, in *wire.DeleteTagRequest) (*wire.DeleteTagResponse, error) {
	return &wire.DeleteTagResponse{}, s.control.DeleteTag(ctx, c, vpc.Tag{Key: text(in.TagKey), Value: text(in.TagValue)})
}

func (s *Server) addResourceTag(ctx context.Context, c *control.Caller, in *wire.AddResourceTagRequest) (*wire.AddResourceTagResponse, error) {
	return &wire.AddResourceTagResponse{}, s.control.AddResourceTag(ctx, c, text(in.Resource), vpc.Tag{Key: text(in.TagKey), Value: text(in.TagValue)})
}

func (s *Server) deleteResourceTag(ctx context.Context, c *control.Caller, in *wire.DeleteResourceTagRequest) (*wire.DeleteResourceTagResponse, error) {
	return &wire.DeleteResourceTagResponse{}, s.control.DeleteResourceTag(ctx, c, text(in.Resource), text(in.TagKey))
}
