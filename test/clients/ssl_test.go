package clients

import (
	"encoding/json"
	"maps"
	"reflect"
	"strconv"
	"strings"
	"testing"

	vpc "github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/vpc/v20170312"
)

// finished waits for the task that a reply names, and which must end well. TaskId is a
// number there and a text here.
func (c *caller) finished(r reply) {
	c.t.Helper()
	ask := obj{"TaskId": strconv.FormatFloat(r.number("TaskId"), 'f', -1, 64)}
	c.until("done", "DescribeVpcTaskResult", ask, func(r reply) bool { return r.text("Status") != "RUNNING" }).same("Status", "SUCCESS")
}

// filled checks that a row has every field of the SDK's type R, none of them null. Typed
// clients drop an empty list when they print it.
func filled[R any](r reply) {
	r.t.Helper()
	for f := range reflect.TypeFor[R]().Fields() {
		if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); r.raw || f.Type.Kind() != reflect.Slice {
			r.has(name)
		}
	}
}

// with is an object with one more field.
func with(o obj, field string, value any) obj {
	o = maps.Clone(o)
	o[field] = value
	return o
}

// A dialIn is the life of an SSL server and its clients, as one client of the API sees it.
type dialIn struct {
	*caller
	vpc, gateway, server string
}

// TestSDKsSSL walks through the SSL servers and clients with the SDKs that know them, under
// both kinds of signatures, as JSON and as text, where booleans and numbers have no type.
func TestSDKsSSL(t *testing.T) {
	t.Parallel()
	for _, s := range sdks {
		if s.site != "cn" {
			continue // the international site has no such actions
		}
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			a := s.adapter(t)
			for _, m := range []mode{{"HTTP", "TC3-HMAC-SHA256", "POST"}, {"HTTPS", "HmacSHA256", "GET"}} {
				t.Run(m.sign+" "+m.method, func(t *testing.T) {
					t.Parallel()
					d := &dialIn{caller: &caller{t: t, send: s.sender(a, m, shared.newAccount(t)), raw: s.raw}}
					d.makeServer()
					clients := d.makeClients()
					d.switchCerts(clients[:2])
					d.reissue(clients[0])
					d.deleteAll(clients)
				})
			}
		})
	}
}

func (d *dialIn) makeServer() {
	d.vpc = d.ok("CreateVpc", obj{"VpcName": "main", "CidrBlock": "10.20.0.0/16"}).text("Vpc.VpcId")
	d.gateway = d.ok("CreateVpnGateway", obj{"VpcId": d.vpc, "VpnGatewayName": "main", "InternetMaxBandwidthOut": 5, "Type": "SSL", "MaxConnection": 10}).text("VpnGateway.VpnGatewayId")
	g := d.available("DescribeVpnGateways", "VpnGatewayIds", "VpnGatewaySet", d.gateway).rows("VpnGatewaySet")[0]
	made := d.ok("CreateVpnGatewaySslServer", obj{
		"VpnGatewayId": d.gateway, "SslVpnServerName": "people", "LocalAddress": []string{"10.20.1.0/24", "10.20.3.0/24"}, "RemoteAddress": "172.16.0.0/24",
		"SslVpnProtocol": "UDP", "SslVpnPort": 1195, "IntegrityAlgorithm": "SHA1", "EncryptAlgorithm": "AES-192-CBC", "Compress": false, "SsoEnabled": false,
		"AccessPolicyEnabled": true, "Tags": tagList("city", "上海"),
	})
	d.finished(made)
	d.server = made.text("SslVpnServerId")
	found := d.ok("DescribeVpnGatewaySslServers", obj{"SslVpnServerIds": []string{d.server}})
	found.same("TotalCount", 1)
	row := found.rows("SslVpnSeverSet")[0]
	filled[vpc.SslVpnSever](row)
	row.all(obj{
		"SslVpnServerId": d.server, "VpnGatewayId": d.gateway, "VpcId": d.vpc, "SslVpnServerName": "people", "LocalAddress": []string{"10.20.1.0/24", "10.20.3.0/24"},
		"RemoteAddress": "172.16.0.0/24", "SslVpnProtocol": "UDP", "SslVpnPort": 1195, "IntegrityAlgorithm": "SHA1", "EncryptAlgorithm": "AES-192-CBC",
		"MaxConnection": 10, "WanIp": g.text("PublicIpAddress"), "State": 6, "Compress": 0, "SsoEnabled": 0, "AccessPolicyEnabled": 1,
	})
	d.finished(d.ok("ModifyVpnGatewaySslServer", obj{"SslVpnServerId": d.server, "SslVpnServerName": "renamed", "Compress": false}))
	d.ok("DescribeVpnGatewaySslServers", obj{"Filters": []obj{filter("vpc-id", d.vpc), filter("ssl-vpn-server-name", "renamed")}}).same("TotalCount", 1)
	d.refused("UnsupportedOperation", "ModifyVpnGatewaySslServer", obj{"SslVpnServerId": d.server, "Compress": true})
}

// makeClients makes one client by its name, and two in a batch.
func (d *dialIn) makeClients() (ids []string) {
	for _, names := range []obj{{"SslVpnClientName": "ann"}, {"SslVpnClientNames": []string{"bob", "cem"}}} {
		d.finished(d.ok("CreateVpnGatewaySslClient", with(names, "SslVpnServerId", d.server)))
	}
	found := d.ok("DescribeVpnGatewaySslClients", obj{"Filters": []obj{filter("ssl-vpn-server-id", d.server)}, "Offset": 0, "Limit": 20})
	found.same("TotalCount", 3)
	for _, row := range found.rows("SslVpnClientSet") {
		filled[vpc.SslVpnClient](row)
		row.all(obj{"SslVpnServerId": d.server, "VpcId": d.vpc, "State": "6", "CertStatus": 1})
		ids = append(ids, row.text("SslVpnClientId"))
	}
	return ids
}

// certStatus checks what the certificates of clients are good for.
func (d *dialIn) certStatus(ids []string, want int) {
	d.t.Helper()
	for _, row := range d.ok("DescribeVpnGatewaySslClients", obj{"SslVpnClientIds": ids}).rows("SslVpnClientSet") {
		row.all(obj{"CertStatus": want, "State": "6"})
	}
}

// switchCerts disables and enables a batch, by the list of ids and by a single one.
func (d *dialIn) switchCerts(ids []string) {
	d.finished(d.ok("DisableVpnGatewaySslClientCert", obj{"SslVpnClientIds": ids}))
	d.certStatus(ids, 2)
	d.refused("UnsupportedOperation.SSLClientCertDisableUnsupportedDownloadSSLClientCert", "DownloadVpnGatewaySslClientCert", obj{"SslVpnClientIds": ids})
	d.refused("UnsupportedOperation.SSLClientCertAlreadyDisableOrCertAbnormal", "DisableVpnGatewaySslClientCert", obj{"SslVpnClientIds": ids})
	for _, id := range ids {
		d.finished(d.ok("EnableVpnGatewaySslClientCert", obj{"SslVpnClientId": id}))
	}
	d.certStatus(ids, 1)
}

// download is a client's configuration, which the reply has as a list and as text.
func (d *dialIn) download(id string) reply {
	d.t.Helper()
	r := d.ok("DownloadVpnGatewaySslClientCert", obj{"SslVpnClientIds": []string{id}})
	r.same("Authenticated", 1)
	rows := r.rows("SslClientConfig")
	if len(rows) != 1 {
		d.t.Fatalf("%d configurations", len(rows))
	}
	filled[vpc.SslClientConfig](rows[0])
	rows[0].same("SslVpnClientId", id)
	for _, part := range []string{"SslVpnRootCert", "SslVpnCert", "SslVpnKey"} {
		if !strings.Contains(rows[0].text("SslVpnClientConfiguration"), strings.TrimSpace(rows[0].text(part))) {
			d.t.Errorf("the profile lacks its %s", part)
		}
	}
	var again any
	if err := json.Unmarshal([]byte(r.text("SslClientConfigsSet")), &again); err != nil || compact(again) != compact(r.get("SslClientConfig")) {
		d.t.Errorf("SslClientConfigsSet is another list than SslClientConfig: %v", err)
	}
	return rows[0]
}

func (d *dialIn) reissue(id string) {
	before := d.download(id)
	d.finished(d.ok("ModifyVpnGatewaySslClientCert", obj{"SslVpnClientIds": []string{id}}))
	d.certStatus([]string{id}, 1)
	after := d.download(id)
	for field, same := range map[string]bool{"SslVpnRootCert": true, "SslVpnCert": false, "SslVpnKey": false} {
		if (before.text(field) == after.text(field)) != same {
			d.t.Errorf("reissued, %s is the same: %v", field, !same)
		}
	}
}

func (d *dialIn) deleteAll(clients []string) {
	d.refused("UnsupportedOperation", "DeleteVpnGatewaySslServer", obj{"SslVpnServerId": d.server})
	d.finished(d.ok("DeleteVpnGatewaySslClient", obj{"SslVpnClientId": clients[0]}))
	d.finished(d.ok("DeleteVpnGatewaySslClient", obj{"SslVpnClientIds": clients[1:]}))
	d.gone("DescribeVpnGatewaySslClients", "SslVpnClientIds", "SslVpnClientSet", clients[0])
	d.refused("UnsupportedOperation.SslVpnClientIdNotFound", "DeleteVpnGatewaySslClient", obj{"SslVpnClientId": clients[0]})
	d.finished(d.ok("DeleteVpnGatewaySslServer", obj{"SslVpnServerId": d.server}))
	d.gone("DescribeVpnGatewaySslServers", "SslVpnServerIds", "SslVpnSeverSet", d.server)
	d.ok("DeleteVpnGateway", obj{"VpnGatewayId": d.gateway})
	d.gone("DescribeVpnGateways", "VpnGatewayIds", "VpnGatewaySet", d.gateway)
	d.ok("DeleteVpc", obj{"VpcId": d.vpc})
}
