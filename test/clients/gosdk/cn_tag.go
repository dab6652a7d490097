//go:build !oldest

package main

import (
	"github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common"
	tag "github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/tag/v20180813"
)

func callTag(o *order) (reply, error) {
	return pick(o, func() (*tag.Client, error) {
		return tag.NewClient(common.NewCredential(o.SecretID, o.SecretKey), o.Region, o.profile())
	}, tagCalls)
}

var tagCalls = map[string]call[*tag.Client]{
	"AddResourceTag":                    typed(tag.NewAddResourceTagRequest, (*tag.Client).AddResourceTag),
	"CreateTag":                         typed(tag.NewCreateTagRequest, (*tag.Client).CreateTag),
	"DeleteResourceTag":                 typed(tag.NewDeleteResourceTagRequest, (*tag.Client).DeleteResourceTag),
	"DeleteTag":                         typed(tag.NewDeleteTagRequest, (*tag.Client).DeleteTag),
	"DescribeResourceTagsByResourceIds": typed(tag.NewDescribeResourceTagsByResourceIdsRequest, (*tag.Client).DescribeResourceTagsByResourceIds),
	"DescribeTagKeys":                   typed(tag.NewDescribeTagKeysRequest, (*tag.Client).DescribeTagKeys),
	"DescribeTagValues":                 typed(tag.NewDescribeTagValuesRequest, (*tag.Client).DescribeTagValues),
	"DescribeTags":                      typed(tag.NewDescribeTagsRequest, (*tag.Client).DescribeTags),
	"GetResources":                      typed(tag.NewGetResourcesRequest, (*tag.Client).GetResources),
	"ModifyResourceTags":                typed(tag.NewModifyResourceTagsRequest, (*tag.Client).ModifyResourceTags),
	"TagResources":                      typed(tag.NewTagResourcesRequest, (*tag.Client).TagResources),
	"UnTagResources":                    typed(tag.NewUnTagResourcesRequest, (*tag.Client).UnTagResources),
}
