package vpc

import (
	"strings"
	"testing"
)

func TestCCNSpec(t *testing.T) {
	for _, c := range []struct {
		name string
		spec CCNSpec
		want string
	}{
		{"defaults", CCNSpec{Name: "a"}, "OK AU POSTPAID BANDWIDTH OUTER_REGION_LIMIT"},
		{"prepaid", CCNSpec{Name: "a", Charge: "PREPAID"}, "OK AU PREPAID BANDWIDTH INTER_REGION_LIMIT"},
		{"all set", CCNSpec{Name: "a", QoS: "PT", Charge: "POSTPAID", Metering: "TRAFFIC", BandwidthLimit: "INTER_REGION_LIMIT"}, "OK PT POSTPAID TRAFFIC INTER_REGION_LIMIT"},
		{"60 bytes", CCNSpec{Name: strings.Repeat("网", 20), Description: strings.Repeat("d", 100)}, "OK AU POSTPAID BANDWIDTH OUTER_REGION_LIMIT"},
		{"no name", CCNSpec{}, "InvalidParameterValue.Empty"},
		{"61 bytes", CCNSpec{Name: strings.Repeat("网", 20) + "a"}, "InvalidParameterValue.TooLong"},
		{"101 bytes", CCNSpec{Name: "a", Description: strings.Repeat("d", 101)}, "InvalidParameterValue.TooLong"},
		{"NUL", CCNSpec{Name: "a\x00"}, "InvalidParameterValue.Malformed"},
		{"quality", CCNSpec{Name: "a", QoS: "au"}, "InvalidParameterValue"},
		{"charge", CCNSpec{Name: "a", Charge: "POSTPAID_BY_HOUR"}, "InvalidParameterValue"},
		{"metering", CCNSpec{Name: "a", Metering: "x"}, "InvalidParameterValue"},
		{"limit", CCNSpec{Name: "a", BandwidthLimit: "x"}, "InvalidParameterValue"},
		{"prepaid, outer", CCNSpec{Name: "a", Charge: "PREPAID", BandwidthLimit: "OUTER_REGION_LIMIT"}, "UnsupportedOperation.PrepaidCcnOnlySupportInterRegionLimit"},
		{"prepaid, traffic", CCNSpec{Name: "a", Charge: "PREPAID", Metering: "TRAFFIC"}, "UnsupportedOperation.PrepaidCcnOnlySupportBandwidthMetering"},
	} {
		got := "OK"
		if err := c.spec.Check(nil); err != nil {
			got = string(err.Code)
		} else {
			got = strings.Join([]string{got, c.spec.QoS, c.spec.Charge, c.spec.Metering, c.spec.BandwidthLimit}, " ")
		}
		if got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

func TestCCNChange(t *testing.T) {
	yes, name, long := true, "new", strings.Repeat("x", 101)
	for _, c := range []struct {
		name   string
		change CCNChange
		want   Code
	}{
		{"nothing", CCNChange{}, MissingParameter},
		{"name", CCNChange{Name: &name}, "OK"},
		{"long name", CCNChange{Name: &long}, InvalidParameterValueTooLong},
		{"long description", CCNChange{Description: &long}, InvalidParameterValueTooLong},
		{"flags", CCNChange{ECMP: &yes, Overlap: &yes, MixedBilling: &yes}, "OK"},
		{"marking", CCNChange{TrafficMarking: &yes}, UnsupportedOperationOnlyInterRegionLimitSupportedCreateTrafficQosPolicy},
	} {
		ccn := CCN{Name: "old", BandwidthLimit: LimitOuterRegion}
		err := c.change.Apply(&ccn, nil)
		if got := codeOf(err); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
	ccn := CCN{BandwidthLimit: LimitInterRegion}
	if err := (CCNChange{TrafficMarking: &yes, ECMP: &yes}).Apply(&ccn, nil); err != nil || !ccn.TrafficMarking || !ccn.ECMP || ccn.Overlap {
		t.Errorf("%+v %v", ccn, err)
	}
}

func TestCheckCCNInstances(t *testing.T) {
	long := strings.Repeat("d", 101)
	table, wrong, none := "ccnrtb-abcdefgh", "rtb-abcdefgh", ""
	ok := CCNInstance{ID: "vpc-abcdefgh", Type: "VPC"}
	many := make([]CCNInstance, MaxInstancesPerCall+1)
	for _, c := range []struct {
		name string
		list []CCNInstance
		want Code
	}{
		{"none", nil, MissingParameter},
		{"one", []CCNInstance{ok}, "OK"},
		{"all types", []CCNInstance{ok, {ID: "vpngw-abcdefgh", Type: "VPNGW"}, {ID: "dcg-abcdefgh", Type: "DIRECTCONNECT"}, {ID: "vpc-bbbbbbbb", Type: "BMVPC"}}, "OK"},
		{"too many", many, InvalidParameterValueLimitExceeded},
		{"type", []CCNInstance{{ID: "vpc-abcdefgh", Type: "vpc"}}, InvalidParameterValue},
		{"id of another type", []CCNInstance{{ID: "vpc-abcdefgh", Type: "VPNGW"}}, InvalidParameterValueMalformed},
		{"twice", []CCNInstance{ok, ok}, InvalidParameterValueDuplicate},
		{"long description", []CCNInstance{{ID: "vpc-abcdefgh", Type: "VPC", Description: &long}}, InvalidParameterValueTooLong},
		{"route table", []CCNInstance{{ID: "vpc-abcdefgh", Type: "VPC", RouteTable: &table}}, "OK"},
		{"empty route table", []CCNInstance{{ID: "vpc-abcdefgh", Type: "VPC", RouteTable: &none}}, "OK"},
		{"a VPC's route table", []CCNInstance{{ID: "vpc-abcdefgh", Type: "VPC", RouteTable: &wrong}}, InvalidParameterValueMalformed},
	} {
		if got := codeOf(CheckCCNInstances(c.list, nil)); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

func TestCheckSides(t *testing.T) {
	for _, c := range []struct {
		metering string
		in       Region
		others   []Region
		want     Code
	}{
		{MeterTraffic, "ap-singapore", nil, "OK"},
		{MeterTraffic, "ap-beijing", []Region{"ap-guangzhou", "ap-beijing"}, "OK"},
		{MeterTraffic, "eu-frankfurt", []Region{"ap-singapore"}, "OK"},
		{MeterTraffic, "ap-singapore", []Region{"ap-guangzhou"}, UnsupportedOperationCcnTrafficMeteringUnableCrossBorder},
		{MeterTraffic, "ap-guangzhou", []Region{"ap-beijing", "na-ashburn"}, UnsupportedOperationCcnTrafficMeteringUnableCrossBorder},
		{MeterBandwidth, "ap-singapore", []Region{"ap-guangzhou"}, "OK"},
		{MeterBandwidth, "ap-shanghai-fsi", []Region{"ap-shenzhen-fsi"}, "OK"},
		{MeterBandwidth, "ap-shanghai-fsi", []Region{"ap-shanghai"}, UnsupportedOperationUnableCrossFinance},
		{MeterTraffic, "ap-singapore", []Region{"ap-shanghai-fsi"}, UnsupportedOperationUnableCrossFinance},
	} {
		ccn := CCN{Metering: c.metering}
		if got := codeOf(ccn.CheckSides(c.in, c.others, "InstanceRegion", nil)); got != c.want {
			t.Errorf("%s, %s beside %s: %s, want %s", c.metering, c.in, c.others, got, c.want)
		}
	}
}

func TestAttachmentState(t *testing.T) {
	pending := Attachment{State: AttachmentPending, Due: 100}
	for now, want := range map[Instant]string{99: AttachmentPending, 100: AttachmentExpired, 101: AttachmentExpired} {
		if got := pending.StateAt(now); got != want || pending.Live(now) != (want == AttachmentPending) {
			t.Errorf("at %d: %s", now, got)
		}
	}
	if a := (Attachment{State: AttachmentActive}); a.StateAt(1<<60) != AttachmentActive || !a.Live(1<<60) {
		t.Error("an active attachment ends")
	}
}

func TestArea(t *testing.T) {
	for r, want := range map[Region]string{"ap-guangzhou": "CHINA_MAINLAND", "ap-singapore": "ASIA_PACIFIC", "na-ashburn": "NORTH_AMERICA", "eu-frankfurt": "EUROPE", "ap-shanghai-fsi": "CHINA_MAINLAND", "home": "CHINA_MAINLAND",
		"ap-osaka": "ASIA_PACIFIC", "me-saudi-arabia": "MIDDLE_EAST", "me-dubai": "MIDDLE_EAST", "sa-saopaulo": "SOUTH_AMERICA", "eu-home": "EUROPE", "": "CHINA_MAINLAND"} {
		if got := r.Area(); got != want {
			t.Errorf("%s: %s, want %s", r, got, want)
		}
	}
	for _, r := range Regions() {
		if _, city, _ := strings.Cut(string(r), "-"); cityAreas[city] == "" {
			t.Errorf("nobody has placed the region %s", r)
		}
	}
}
