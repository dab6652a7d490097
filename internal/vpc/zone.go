package vpc

import (
	"slices"
	"strconv"
	"strings"
)

// regionZones says which numbers the vendor's zones of a region have, where they are
// not 1 to 3.
var regionZones = map[Region][]int{
	"ap-guangzhou":     {1, 2, 3, 4, 6, 7},
	"ap-shanghai":      {1, 2, 3, 4, 5, 8},
	"ap-nanjing":       {1, 2, 3},
	"ap-beijing":       {1, 2, 3, 4, 5, 6, 7, 8},
	"ap-chengdu":       {1, 2},
	"ap-chongqing":     {1},
	"ap-hongkong":      {1, 2, 3},
	"ap-taipei":        {1},
	"ap-singapore":     {1, 2, 3, 4},
	"ap-jakarta":       {1, 2},
	"ap-seoul":         {1, 2},
	"ap-tokyo":         {1, 2},
	"ap-mumbai":        {1, 2},
	"ap-bangkok":       {1, 2},
	"na-toronto":       {1},
	"na-siliconvalley": {1, 2},
	"na-ashburn":       {1, 2},
	"eu-frankfurt":     {1, 2},
	"eu-moscow":        {1},
	"sa-saopaulo":      {1},
	"ap-shenzhen-fsi":  {1, 2, 3},
	"ap-shanghai-fsi":  {1, 2, 3},
	"ap-beijing-fsi":   {1},
}

// Regions are the vendor's regions, sorted.
func Regions() []Region {
	regions := make([]Region, 0, len(regionZones))
	for r := range regionZones {
		regions = append(regions, r)
	}
	slices.Sort(regions)
	return regions
}

// DefaultZones are the zones of a region where the operator names none: the vendor's,
// or for a region of the operator's own three, numbered 1 to 3.
func DefaultZones(r Region) []Zone {
	numbers, ok := regionZones[r]
	if !ok {
		numbers = []int{1, 2, 3}
	}
	zones := make([]Zone, len(numbers))
	for i, n := range numbers {
		zones[i] = Zone(string(r) + "-" + strconv.Itoa(n))
	}
	return zones
}

// ValidRegion reports whether s has the shape of a region's name: two or more words of
// lower-case letters and digits, each starting with a letter, joined by dashes.
func ValidRegion(s string) bool {
	words := strings.Split(s, "-")
	if len(words) < 2 || len(s) > 40 {
		return false
	}
	for _, w := range words {
		if w == "" || w[0] < 'a' || w[0] > 'z' || strings.Trim(w, "abcdefghijklmnopqrstuvwxyz0123456789") != "" {
			return false
		}
	}
	return true
}

// ValidZone reports whether s has the shape of a zone's name: a region, a dash and a
// number without leading zeros.
func ValidZone(s string) bool {
	i := strings.LastIndexByte(s, '-')
	if i < 0 || len(s)-i > 4 {
		return false
	}
	number := s[i+1:]
	return ValidRegion(s[:i]) && allDigits(number) && number[0] != '0'
}

// CheckZone refuses a zone without the shape of one (Malformed) and one that the region
// does not have (ResourceNotFound).
func CheckZone(param, zone string, zones []Zone, codes Listed) *Error {
	if !ValidZone(zone) {
		return Refuse(codes.Pick(InvalidParameterValueMalformed, InvalidParameterValue), param,
			"`%s` is not a zone's name such as ap-guangzhou-1", "`%s` 不是可用区名称，例如 ap-guangzhou-1", Clip(zone))
	}
	if !slices.Contains(zones, Zone(zone)) {
		return Refuse(codes.Pick(ResourceNotFound, InvalidParameterValue), param, "there is no zone `%s` in this region", "此地域没有可用区 `%s`", zone)
	}
	return nil
}
