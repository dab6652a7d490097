package vpc

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

// Attachment is one network attached to a CCN. Its key is CCN and instance.
type Attachment struct {
	CCN          CCNID     `json:"ccn"`
	Scope                  // the CCN's owner; Region is the instance's
	Owner        AccountID `json:"owner"`        // the instance's account
	InstanceType string    `json:"instanceType"` // VPC or VPNGW
	Instance     string    `json:"instance"`
	Description  string    `json:"description,omitempty"`
	State        string    `json:"state"` // ACTIVE, PENDING, REJECTED, EXPIRED, ...
	Attached     Instant   `json:"attached"`
	Due          Instant   `json:"due,omitempty"` // when a pending request expires
}
