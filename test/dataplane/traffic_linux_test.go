package dataplane

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/gatewright/gatewright/internal/lab"
)

// TestFlowMonitor sends packets through a gateway that is monitored: the minute that they
// went in shows them, by the peer's address. The account has nothing else: when the
// gateway is gone it has paid for one hour and for these packets with their headers, also
// for those that went just before the connection did.
func TestFlowMonitor(t *testing.T) {
	t.Parallel()
	l := lab.New(t)
	payer := shared.as(l, "payer")
	opening := payer.balance(l, "payer")
	s, o, id := payer.joined(l)
	payer.call(l, "EnableGatewayFlowMonitor", obj{"GatewayId": s.gateway})
	beijing := time.FixedZone("", 8*60*60)
	const count, size = 200, 1000
	sent := time.Now()
	p := s.workload.Ping(o.inside, count, "-c", fmt.Sprint(count), "-s", fmt.Sprint(size))
	if p.Received < count/10 { // a busy machine may not come to send them all
		t.Fatalf("workload to office: %v", p)
	}
	over := time.Now()
	least, most := float64(p.Received*size), 1.5*count*size
	in, out := 0.0, 0.0
	l.Eventually(90*time.Second, "the minute shows the packets", func() error {
		in, out = 0, 0
		for at := sent.Truncate(time.Minute); !at.After(over); at = at.Add(time.Minute) {
			seen := payer.call(l, "DescribeGatewayFlowMonitorDetail", obj{"VpnId": s.gateway, "TimePoint": at.In(beijing).Format(time.DateTime)})
			set, _ := seen["GatewayFlowMonitorDetailSet"].([]any)
			if len(set) != 1 {
				return fmt.Errorf("it shows %v", seen)
			}
			peer := set[0].(obj)
			in, out = in+peer["InTraffic"].(float64), out+peer["OutTraffic"].(float64)
		}
		if in < least || out < least {
			return fmt.Errorf("it shows %v bytes in, %v out", in, out)
		}
		return nil
	})
	t.Logf("%d pings of %d bytes: the minute shows %v bytes in, %v out", p.Received, size, in, out)
	if in > most || out > most {
		t.Errorf("the minute shows %v bytes in, %v out, want at most %v", in, out, most)
	}
	last := s.workload.Ping(o.inside, count, "-c", fmt.Sprint(count), "-s", fmt.Sprint(size))
	least, most = float64((p.Received+last.Received)*size), 2*most
	hour, gigabyte := payer.prices(l, 100)
	payer.call(l, "DeleteVpnConnection", obj{"VpnGatewayId": s.gateway, "VpnConnectionId": id})
	l.Eventually(lab.Patience, "the connection is gone", gone(func() bool { return payer.connection(l, id) == nil }))
	payer.call(l, "DeleteVpnGateway", obj{"VpnGatewayId": s.gateway})
	l.Eventually(20*time.Second, "the gateway is gone", gone(func() bool { return payer.gateway(l, s.gateway) == nil }))
	l.Eventually(lab.Patience, "the packets are paid", func() error {
		paid := (opening - payer.balance(l, "payer") - hour) / gigabyte * (1 << 30)
		if paid < least || paid > most {
			return fmt.Errorf("it has paid for %.0f bytes, want %.0f to %.0f", paid, least, most)
		}
		t.Logf("it has paid for %.0f bytes", paid)
		return nil
	})
}

// balance is an account's, as the operator sees it.
func (c *cloud) balance(l *lab.Lab, account string) float64 {
	l.Helper()
	var a struct{ Balance float64 }
	if err := json.Unmarshal([]byte(c.operate(l, "account", "show", account)), &a); err != nil {
		l.Fatalf("account show: %v", err)
	}
	return a.Balance
}

// prices are those of a postpaid gateway.
func (c *cloud) prices(l *lab.Lab, mbit int) (hour, gigabyte float64) {
	l.Helper()
	price, _ := c.call(l, "InquiryPriceCreateVpnGateway", obj{"InternetMaxBandwidthOut": mbit})["Price"].(obj)
	instance, _ := price["InstancePrice"].(obj)
	bandwidth, _ := price["BandwidthPrice"].(obj)
	hour, _ = instance["UnitPrice"].(float64)
	gigabyte, _ = bandwidth["UnitPrice"].(float64)
	if hour == 0 || gigabyte == 0 {
		l.Fatalf("InquiryPriceCreateVpnGateway: %v", price)
	}
	return hour, gigabyte
}
