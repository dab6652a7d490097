package vpc

import "slices"

// CCNID names a cloud connect network: ccn-xxxxxxxx.
type CCNID string

// CCN joins VPCs and CCN-type gateways of any region. It belongs to no region.
type CCN struct {
	ID CCNID `json:"id"`
	Scope
	Name           string   `json:"name"`
	Description    string   `json:"description,omitempty"`
	QoS            string   `json:"qos"`            // PT, AU or AG
	Charge         string   `json:"charge"`         // POSTPAID or PREPAID
	Metering       string   `json:"metering"`       // BANDWIDTH or TRAFFIC
	BandwidthLimit string   `json:"bandwidthLimit"` // OUTER_REGION_LIMIT or INTER_REGION_LIMIT
	RouteTable     string   `json:"routeTable"`     // ccnrtb-xxxxxxxx, the default table
	ECMP           bool     `json:"ecmp,omitempty"`
	Overlap        bool     `json:"overlap,omitempty"`
	TrafficMarking bool     `json:"trafficMarking,omitempty"`
	MixedBilling   bool     `json:"mixedBilling,omitempty"`
	DisabledRoutes []string `json:"disabledRoutes,omitempty"` // ccnr- ids the owner switched off
	Created        Instant  `json:"created"`
}

// The values of a CCN's fields, the default first.
var (
	ccnQoS      = []string{"AU", "PT", "AG"} // gold, platinum, silver
	ccnCharges  = []string{CCNPostpaid, CCNPrepaid}
	ccnMetering = []string{MeterBandwidth, MeterTraffic}
	ccnLimits   = []string{LimitOuterRegion, LimitInterRegion}
)

// The charge types, meterings and bandwidth limits of a CCN.
const (
	CCNPostpaid      = "POSTPAID"
	CCNPrepaid       = "PREPAID"
	MeterBandwidth   = "BANDWIDTH"
	MeterTraffic     = "TRAFFIC"
	LimitOuterRegion = "OUTER_REGION_LIMIT"
	LimitInterRegion = "INTER_REGION_LIMIT"
)

// CCNAvailable is the State of every CCN: nothing here isolates one.
const CCNAvailable = "AVAILABLE"

// CCNSpec is what CreateCcn asks for. An empty field takes its default.
type CCNSpec struct {
	Name           string
	Description    string
	QoS            string
	Charge         string
	Metering       string
	BandwidthLimit string
	Tags           []Tag
}

// Check refuses what no CCN can be and fills in the defaults. A prepaid CCN limits
// bandwidth between regions and is metered by bandwidth.
func (s *CCNSpec) Check(codes Listed) *Error {
	if err := CCNName.Check("CcnName", s.Name, codes); err != nil {
		return err
	}
	if err := CCNDescription.Check("CcnDescription", s.Description, codes); err != nil {
		return err
	}
	if s.BandwidthLimit == "" && s.Charge == CCNPrepaid {
		s.BandwidthLimit = LimitInterRegion
	}
	for _, f := range []struct {
		param  string
		value  *string
		values []string
	}{
		{"QosLevel", &s.QoS, ccnQoS},
		{"InstanceChargeType", &s.Charge, ccnCharges},
		{"InstanceMeteringType", &s.Metering, ccnMetering},
		{"BandwidthLimitType", &s.BandwidthLimit, ccnLimits},
	} {
		if *f.value == "" {
			*f.value = f.values[0]
		}
		if f.param == "QosLevel" && *f.value == ccnCopper {
			return s.noCopper()
		}
		if !slices.Contains(f.values, *f.value) {
			return Refuse(codes.Pick(InvalidParameterValue), f.param, "`%s` is none of %v", "`%s` 不在 %v 之中", Clip(*f.value), f.values)
		}
	}
	if s.Charge == CCNPrepaid && s.BandwidthLimit != LimitInterRegion {
		return Refuse(UnsupportedOperationPrepaidCcnOnlySupportInterRegionLimit, "BandwidthLimitType",
			"a prepaid CCN takes INTER_REGION_LIMIT only", "预付费云联网仅支持 INTER_REGION_LIMIT")
	}
	if s.Charge == CCNPrepaid && s.Metering != MeterBandwidth {
		return Refuse(UnsupportedOperationPrepaidCcnOnlySupportBandwidthMetering, "InstanceMeteringType",
			"a prepaid CCN is metered by BANDWIDTH only", "预付费云联网仅支持 BANDWIDTH 计量")
	}
	return nil
}

// ccnCopper is a QoS level that the vendor has codes for and this server does not offer.
const ccnCopper = "CU"

// noCopper refuses a copper CCN, which is prepaid first of all.
func (s *CCNSpec) noCopper() *Error {
	if s.Charge != CCNPrepaid {
		return Refuse(UnsupportedOperationCopperCcnSupportedPrepaid, "InstanceChargeType", "a CCN of level CU is PREPAID only", "CU 等级的云联网仅支持 PREPAID")
	}
	return Refuse(UnsupportedOperationCopperCcnNotSupportedCreate, "QosLevel", "no CCN of level CU can be made here; it is one of %v", "不支持创建 CU 等级的云联网，可选 %v", ccnQoS)
}

// CheckLimitType refuses another way to limit bandwidth than a CCN can have. An empty one
// is the default, which is returned.
func (c *CCN) CheckLimitType(limit string, codes Listed) (string, *Error) {
	if limit == "" {
		limit = ccnLimits[0]
	}
	switch {
	case !slices.Contains(ccnLimits, limit):
		return "", Refuse(codes.Pick(InvalidParameterValue, InvalidParameter), "BandwidthLimitType",
			"`%s` is none of %v", "`%s` 不在 %v 之中", Clip(limit), ccnLimits)
	case c.Charge != CCNPostpaid:
		return "", Refuse(UnsupportedOperationNotPostpaidCcnOperation, "CcnId",
			"it is %s, and only a postpaid CCN changes its BandwidthLimitType", "计费类型为 %s，仅后付费云联网可修改限速类型", c.Charge)
	case c.TrafficMarking && limit != LimitInterRegion:
		return "", Refuse(UnsupportedOperation, "BandwidthLimitType",
			"the CCN marks traffic, which needs INTER_REGION_LIMIT", "云联网已开启流量标记，需要 INTER_REGION_LIMIT")
	}
	return limit, nil
}

// CCNChange is what ModifyCcnAttribute changes; nil fields stay.
type CCNChange struct {
	Name, Description                           *string
	ECMP, Overlap, TrafficMarking, MixedBilling *bool
}

// Apply changes a CCN. The overlap flag is checked elsewhere, since that needs the routes.
func (ch CCNChange) Apply(c *CCN, codes Listed) *Error {
	if ch == (CCNChange{}) {
		return Refuse(MissingParameter, "CcnName", "nothing to change is given", "未指定需要修改的属性")
	}
	if ch.Name != nil {
		if err := CCNName.Check("CcnName", *ch.Name, codes); err != nil {
			return err
		}
		c.Name = *ch.Name
	}
	if ch.Description != nil {
		if err := CCNDescription.Check("CcnDescription", *ch.Description, codes); err != nil {
			return err
		}
		c.Description = *ch.Description
	}
	if ch.TrafficMarking != nil && *ch.TrafficMarking && c.BandwidthLimit != LimitInterRegion {
		return Refuse(UnsupportedOperationOnlyInterRegionLimitSupportedCreateTrafficQosPolicy, "TrafficMarkingPolicyFlag",
			"a CCN whose BandwidthLimitType is %s marks no traffic", "BandwidthLimitType 为 %s 的云联网不支持流量标记", c.BandwidthLimit)
	}
	for _, f := range []struct{ field, value *bool }{
		{&c.ECMP, ch.ECMP}, {&c.Overlap, ch.Overlap}, {&c.TrafficMarking, ch.TrafficMarking}, {&c.MixedBilling, ch.MixedBilling},
	} {
		if f.value != nil {
			*f.field = *f.value
		}
	}
	return nil
}
