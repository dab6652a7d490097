module github.com/gatewright/gatewright/test/clients/gosdk

go 1.26.0

require (
	github.com/tencentcloud/tencentcloud-sdk-go-intl-en v3.0.1352+incompatible
	github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common v1.3.210
	github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/tag v1.1.0
	github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/vpc v1.0.1000
)
