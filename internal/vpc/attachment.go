package vpc

import (
	"strconv"
	"time"
)

// The types of networks that AttachCcnInstances takes. Only VPCs and VPN gateways exist
// here; ids of the other two name nothing.
const (
	InstanceVPC     = "VPC"
	InstanceGateway = "VPNGW"

	instanceDirect    = "DIRECTCONNECT"
	instanceBareMetal = "BMVPC"
)

// The states of an attachment.
//
//	attach, own CCN -> ACTIVE -(detach)-> gone
//	attach, another account's CCN -> PENDING -(accept)-> ACTIVE
//	                                 PENDING -(reject)-> REJECTED
//	                                 PENDING -(seven days)-> EXPIRED
//	REJECTED, EXPIRED -(reset)-> PENDING
const (
	AttachmentActive   = "ACTIVE"
	AttachmentPending  = "PENDING"
	AttachmentRejected = "REJECTED"
	AttachmentExpired  = "EXPIRED"
)

// AttachmentPatience is how long a request to attach to another account's CCN waits.
const AttachmentPatience = 7 * 24 * time.Hour

// MaxInstancesPerCall is how many instances one call may name: three rows of each change
// at most, and all in one transaction.
const MaxInstancesPerCall = 40

// instancePrefix is the prefix of the ids of each type of network.
var instancePrefix = map[string]Prefix{
	InstanceVPC: PrefixVPC, InstanceGateway: PrefixGateway, instanceDirect: "dcg", instanceBareMetal: "vpc",
}

// Attachment is one network attached to a CCN, or a request to attach it. Its key is
// CCN and instance; an instance has one at most.
type Attachment struct {
	CCN          CCNID     `json:"ccn"`
	Scope                  // the CCN's owner; Region is the instance's
	Owner        AccountID `json:"owner"`        // the instance's account
	InstanceType string    `json:"instanceType"` // VPC or VPNGW
	Instance     string    `json:"instance"`
	Description  string    `json:"description,omitempty"`
	State        string    `json:"state"`         // ACTIVE, PENDING or REJECTED; see StateAt
	Attached     Instant   `json:"attached"`      // when asked for, then when accepted
	Due          Instant   `json:"due,omitempty"` // when a pending request expires
}

// StateAt is what an attachment reads at an instant.
func (a *Attachment) StateAt(now Instant) string {
	if a.State == AttachmentPending && a.Due.Before(now) {
		return AttachmentExpired
	}
	return a.State
}

// Live reports whether an attachment binds its instance: it is, or may yet become, active.
func (a *Attachment) Live(now Instant) bool {
	s := a.StateAt(now)
	return s == AttachmentActive || s == AttachmentPending
}

// AttachSpec is what AttachCcnInstances and its kin ask for.
type AttachSpec struct {
	CCN       string
	Owner     string // CcnUin, the number of the CCN's account; empty is the caller's
	Instances []CCNInstance
}

// Check checks the shapes of a spec and returns the CCN's account; otherwise is that of
// a spec that names none.
func (s *AttachSpec) Check(otherwise AccountID, codes Listed) (AccountID, *Error) {
	if err := CheckID(PrefixCCN, "CcnId", s.CCN, codes); err != nil {
		return 0, err
	}
	owner := otherwise
	if s.Owner != "" {
		n, err := strconv.ParseUint(s.Owner, 10, 64)
		if err != nil {
			return 0, Refuse(codes.Pick(InvalidParameterValueMalformed, InvalidParameterValue), "CcnUin",
				"`%s` is not an account's number", "`%s` 不是账号", Clip(s.Owner))
		}
		owner = AccountID(n)
	}
	return owner, CheckCCNInstances(s.Instances, codes)
}

// CCNInstance is one network as a caller names it. A nil field was not sent.
type CCNInstance struct {
	ID          string
	Region      Region
	Type        string
	Description *string
	RouteTable  *string // a ccnrtb- id; empty is the default table
	OrderType   string
}

// CheckCCNInstances checks the shape of a call's list: at least one instance, types off
// the list, ids that do not fit their type, descriptions that are too long, doubles.
func CheckCCNInstances(list []CCNInstance, codes Listed) *Error {
	if len(list) == 0 {
		return Refuse(MissingParameter, "Instances", "it is empty", "不能为空")
	}
	if len(list) > MaxInstancesPerCall {
		return Refuse(codes.Pick(InvalidParameterValueLimitExceeded, InvalidParameterValue, InvalidParameterValueMalformed), "Instances",
			"%d instances, a call may name %d", "%d 个实例，每次最多 %d 个", len(list), MaxInstancesPerCall)
	}
	seen := map[string]bool{}
	for i, in := range list {
		param := func(field string) string { return "Instances." + strconv.Itoa(i) + "." + field }
		if err := in.check(param, codes); err != nil {
			return err
		}
		if seen[in.ID] {
			return Refuse(codes.Pick(InvalidParameterValueDuplicate, InvalidParameterValueMalformed), param("InstanceId"),
				"`%s` is there twice", "`%s` 重复", in.ID)
		}
		seen[in.ID] = true
	}
	return nil
}

func (in *CCNInstance) check(param func(string) string, codes Listed) *Error {
	prefix, ok := instancePrefix[in.Type]
	if !ok {
		return Refuse(codes.Pick(InvalidParameterValue, InvalidParameterValueMalformed), param("InstanceType"),
			"`%s` is none of VPC, VPNGW, DIRECTCONNECT, BMVPC", "`%s` 不是 VPC、VPNGW、DIRECTCONNECT、BMVPC 之一", Clip(in.Type))
	}
	if !prefix.Match(in.ID) {
		return Refuse(codes.Pick(InvalidParameterValueMalformed, InvalidParameterValue), param("InstanceId"),
			"`%s` should be %s- and eight lower-case letters or digits", "`%s` 应为 %s- 加八位小写字母或数字", Clip(in.ID), prefix)
	}
	if in.Description != nil {
		if err := CCNDescription.Check(param("Description"), *in.Description, codes); err != nil {
			return err
		}
	}
	if in.RouteTable != nil && *in.RouteTable != "" {
		return CheckID(PrefixCCNRouteTable, param("RouteTableId"), *in.RouteTable, codes)
	}
	return nil
}

// CheckSides refuses a network of a region in a CCN with networks of others: a CCN that is
// metered by traffic does not cross the border of mainland China, and none crosses that of
// the finance cloud.
func (c *CCN) CheckSides(in Region, others []Region, param string, codes Listed) *Error {
	for _, o := range others {
		if in.finance() != o.finance() {
			return Refuse(UnsupportedOperationUnableCrossFinance, param,
				"`%s` and `%s`, where the CCN has a network, are not both of the finance cloud", "`%s` 与云联网已有实例所在的 `%s` 不同属金融云", in, o)
		}
		if c.Metering == MeterTraffic && in.mainland() != o.mainland() {
			return Refuse(codes.Pick(UnsupportedOperationCcnTrafficMeteringUnableCrossBorder, UnsupportedOperationUnableCrossBorder), param,
				"the CCN is metered by traffic and has a network in `%[2]s`, on the other side of the border from `%[1]s`", "按流量计量的云联网不支持跨境：`%s` 与已有实例所在的 `%s` 分处境内外", in, o)
		}
	}
	return nil
}
