package vpc

import "fmt"

// Site is the kind of vendor site that a server imitates. It decides bandwidth lists,
// the renew flag of new prepaid gateways, IKE defaults and the currency.
type Site string

// The sites.
const (
	SiteCN   Site = "cn"   // mainland
	SiteIntl Site = "intl" // international
)

// ParseSite reads a site's name.
func ParseSite(s string) (Site, error) {
	if site := Site(s); site == SiteCN || site == SiteIntl {
		return site, nil
	}
	return "", fmt.Errorf("site %q is neither cn nor intl", s)
}

// The bandwidths in Mbps and the numbers of SSL clients that a caller may
// ask for on the mainland site; the international one has the first five.
var (
	bandwidths     = []Mbps{5, 10, 20, 50, 100, 200, 500, 1000, 3000}
	maxConnections = []uint32{5, 10, 20, 50, 100, 200, 500, 1000}
)

const intlSizes = 5

// Bandwidths are what CreateVpnGateway takes as InternetMaxBandwidthOut.
func (s Site) Bandwidths() []Mbps {
	if s == SiteIntl {
		return bandwidths[:intlSizes:intlSizes]
	}
	return bandwidths
}

// MaxConnections are what CreateVpnGateway takes as MaxConnection of an SSL gateway.
func (s Site) MaxConnections() []uint32 {
	if s == SiteIntl {
		return maxConnections[:intlSizes:intlSizes]
	}
	return maxConnections
}

// RenewFlag is that of a prepaid gateway whose buyer names none.
func (s Site) RenewFlag() RenewFlag {
	if s == SiteIntl {
		return RenewManually
	}
	return RenewByItself
}
