package vpc

import (
	"strconv"
	"strings"
)

// ServiceName is this product in the names of resources.
const ServiceName = "vpc"

// ResourceName is the six-part name by which the tag service knows a resource:
// qcs::vpc:REGION:uin/ACCOUNT:PREFIX/ID.
type ResourceName struct {
	Region  Region
	Account AccountID // 0: not said, the caller's
	Resource
}

// String writes the name in full.
func (n ResourceName) String() string {
	return "qcs::" + ServiceName + ":" + string(n.Region) + ":uin/" + strconv.FormatUint(uint64(n.Account), 10) + ":" + n.Prefix + "/" + n.ID
}

// ParseResourceName reads a name. The account may be left out (uin/ or nothing), as the
// Terraform provider does. It reports false for a name of another shape or service.
func ParseResourceName(s string) (ResourceName, bool) {
	parts := strings.Split(s, ":")
	if len(parts) != 6 || parts[0] != "qcs" || parts[1] != "" || parts[2] != ServiceName {
		return ResourceName{}, false
	}
	prefix, id, ok := strings.Cut(parts[5], "/")
	if !ok || prefix == "" || id == "" {
		return ResourceName{}, false
	}
	account, ok := parseUin(parts[4])
	return ResourceName{Region: Region(parts[3]), Account: account, Resource: Resource{Prefix: prefix, ID: id}}, ok
}

// OtherService reports whether a text is the six-part name of something that belongs to
// another product.
func OtherService(s string) bool {
	parts := strings.Split(s, ":")
	return len(parts) == 6 && parts[0] == "qcs" && parts[2] != "" && parts[2] != ServiceName
}

func parseUin(s string) (AccountID, bool) {
	s = strings.TrimPrefix(s, "uin/")
	if s == "" {
		return 0, true
	}
	n, err := strconv.ParseUint(s, 10, 64)
	return AccountID(n), err == nil && n != 0
}
