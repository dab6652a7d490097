package api

import (
	"slices"

	"github.com/gatewright/gatewright/internal/vpc"
)

// regions are the vendor's; a call that names another, except this server's own, is
// answered UnsupportedRegion.
var regions = []string{
	"ap-bangkok", "ap-beijing", "ap-beijing-fsi", "ap-changsha-ec", "ap-chengdu", "ap-chongqing", "ap-fuzhou-ec",
	"ap-guangzhou", "ap-guangzhou-open", "ap-hangzhou-ec", "ap-hefei-ec", "ap-hongkong", "ap-jakarta", "ap-jinan-ec",
	"ap-mumbai", "ap-nanjing", "ap-osaka", "ap-qingyuan", "ap-seoul", "ap-shanghai", "ap-shanghai-adc",
	"ap-shanghai-fsi", "ap-shenyang-ec", "ap-shenzhen", "ap-shenzhen-fsi", "ap-shijiazhuang-ec", "ap-singapore",
	"ap-taipei", "ap-tianjin", "ap-tokyo", "ap-wuhan-ec", "ap-xian-ec", "ap-zhengzhou-ec",
	"eu-frankfurt", "eu-moscow",
	"me-saudi-arabia",
	"na-ashburn", "na-siliconvalley", "na-toronto",
	"sa-saopaulo",
}

// KnownRegion reports whether the vendor has a region of this name.
func KnownRegion(name string) bool {
	_, known := slices.BinarySearch(regions, name)
	return known
}

// region is where a call works: the one it names, or the server's own.
func (s *Server) region(named string) (vpc.Region, error) {
	if named == "" || named == string(s.cfg.Region) {
		return s.cfg.Region, nil
	}
	if !KnownRegion(named) {
		return "", vpc.Refuse(vpc.UnsupportedRegion, "Region", "`%s` is not the name of a region", "`%s` 不是地域名称", vpc.Clip(named))
	}
	return vpc.Region(named), nil
}
