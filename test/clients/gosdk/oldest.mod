// The oldest clients. Not to be tidied: that would see the tag service's client, which
// needs a newer common part.
module github.com/gatewright/gatewright/test/clients/gosdk

go 1.26.0

require (
	github.com/tencentcloud/tencentcloud-sdk-go-intl-en v3.0.1352+incompatible
	github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common v1.0.1000
	github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/vpc v1.0.1000
)
