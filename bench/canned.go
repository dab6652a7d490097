package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
)

// cannedAnswer is as long as the answer to a DescribeVpnGateways by one id.
var cannedAnswer = func() []byte {
	gateway := map[string]any{
		"VpnGatewayId": "vpngw-aaaaaaaa", "VpcId": "vpc-aaaaaaaa", "VpnGatewayName": "gateway-0000001", "Type": "IPSEC", "State": "AVAILABLE",
		"PublicIpAddress": "100.64.0.1", "RenewFlag": "NOTIFY_AND_AUTO_RENEW", "InstanceChargeType": "POSTPAID_BY_HOUR",
		"InternetMaxBandwidthOut": 5, "CreatedTime": "2026-01-01 00:00:00", "ExpiredTime": "0000-00-00 00:00:00", "IsAddressBlocked": false,
		"NewPurchasePlan": "", "RestrictState": "NORMAL", "Zone": "ap-guangzhou-1", "Version": "4.0", "NetworkInstanceId": "", "CdcId": "", "MaxConnection": 0,
		"VpnGatewayQuotaSet": strings.Repeat("x", 500), "TagSet": []string{},
	}
	b, err := json.Marshal(map[string]any{"Response": map[string]any{"TotalCount": 1, "VpnGatewaySet": []any{gateway}, "RequestId": "00000000-0000-4000-8000-000000000000"}})
	if err != nil {
		panic(err)
	}
	return b
}()

// serveCanned answers everything with cannedAnswer: what HTTP alone costs. It runs in
// a process of its own, as the server does.
func serveCanned() {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(l.Addr())
	go func() { // ends with the parent
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	log.Fatal(http.Serve(l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(cannedAnswer)
	})))
}

func measureCanned(ctx context.Context, o options, s *server) (result, error) {
	self, err := os.Executable()
	if err != nil {
		return result{}, err
	}
	cmd := exec.CommandContext(ctx, self, "canned")
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return result{}, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return result{}, err
	}
	if err := cmd.Start(); err != nil {
		return result{}, err
	}
	defer cmd.Wait()
	defer stdin.Close()
	var addr string
	if _, err := fmt.Fscanln(out, &addr); err != nil {
		return result{}, err
	}
	return load(ctx, o.conns, o.duration, "http://"+addr+"/", s.cred, s.describeOne)
}
