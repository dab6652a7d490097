package clients

import (
	"testing"

	vpc "github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/vpc/v20170312"
)

// sslServer is the inputs of the resource vpn_ssl_server's create, which never sends tags.
func sslServer(gateway string) obj {
	return obj{
		"VpnGatewayId": gateway, "SslVpnServerName": "people", "LocalAddress": []string{"10.20.1.0/24"}, "RemoteAddress": "172.16.0.0/24", "SslVpnProtocol": "UDP",
		"SslVpnPort": 1194, "IntegrityAlgorithm": "SHA1", "EncryptAlgorithm": "AES-128-CBC", "Compress": false, "SsoEnabled": false, "AccessPolicyEnabled": true,
		"DnsServers": obj{"PrimaryDns": "10.20.1.2", "SecondaryDns": "10.20.1.3"},
	}
}

// createSSLServer is the resource vpn_ssl_server's create.
func (p *provider) createSSLServer(in obj) string {
	p.t.Helper()
	made := p.ok("CreateVpnGatewaySslServer", in)
	p.finished(made)
	id := made.text("SslVpnServerId")
	p.retag("vpns", id)
	return id
}

func (p *provider) readSSLServer(id string) reply {
	p.t.Helper()
	row := p.sole(p.ok("DescribeVpnGatewaySslServers", obj{"SslVpnServerIds": []string{id}}), "SslVpnSeverSet", nil)
	filled[vpc.SslVpnSever](row)
	return row
}

// deleteSSLServer is the resource vpn_ssl_server's delete.
func (p *provider) deleteSSLServer(id string) {
	p.t.Helper()
	p.finished(p.ok("DeleteVpnGatewaySslServer", obj{"SslVpnServerId": id}))
	p.gone("DescribeVpnGatewaySslServers", "SslVpnServerIds", "SslVpnSeverSet", id)
	p.sameTags("vpns", id, "")
	p.refused("ResourceNotFound", "DeleteVpnGatewaySslServer", obj{"SslVpnServerId": id})
}

// echoes checks that an SSL server reads as it was asked for, since anything else is a diff
// for ever. What goes in as a boolean comes out as a number.
func (r reply) echoes(in obj) {
	r.t.Helper()
	for field, want := range in {
		switch want {
		case false:
			want = 0
		case true:
			want = 1
		}
		r.same(field, want)
	}
}

func TestTerraformSSLServer(t *testing.T) {
	t.Parallel()
	p := newProvider(t)
	vpc := p.createVPC()
	gateway := p.createGateway(obj{"VpcId": vpc, "Type": "SSL", "MaxConnection": 10})
	in := sslServer(gateway)
	id := p.createSSLServer(in)
	read := p.readSSLServer(id)
	read.echoes(in)
	read.all(obj{"SslVpnServerId": id, "VpcId": vpc, "MaxConnection": 10, "State": 6, "AccessPolicy": []any{}})

	// A change sends all fields, also those that stay.
	changed := obj{
		"SslVpnServerName": "renamed", "LocalAddress": []string{"10.20.2.0/24", "10.20.4.0/24"}, "RemoteAddress": "172.16.1.0/24", "SslVpnProtocol": "UDP", "SslVpnPort": 4500,
		"IntegrityAlgorithm": "SHA1", "EncryptAlgorithm": "AES-256-CBC", "Compress": false, "SsoEnabled": false, "DnsServers": obj{"PrimaryDns": "10.20.2.2", "SecondaryDns": ""},
	}
	p.finished(p.ok("ModifyVpnGatewaySslServer", with(changed, "SslVpnServerId", id)))
	read = p.readSSLServer(id)
	read.echoes(changed)
	read.all(obj{"State": 6, "AccessPolicyEnabled": 1})

	// One of tags alone sends the id alone, and waits for that task as well.
	p.finished(p.ok("ModifyVpnGatewaySslServer", obj{"SslVpnServerId": id}))
	p.setTags("vpns", id, []obj{{"TagKey": "env", "TagValue": "stage"}}, []obj{})
	p.sameTags("vpns", id, "env=stage")
	if after := p.readSSLServer(id); compact(after.v) != compact(read.v) {
		t.Errorf("a change of nothing made %s of %s", compact(after.v), compact(read.v))
	}
	p.refused("UnsupportedOperation", "DeleteVpnGateway", obj{"VpnGatewayId": gateway})
	p.deleteSSLServer(id)
	p.deleteGateway(gateway)
	p.ok("DeleteVpc", obj{"VpcId": vpc})
}

// createSSLClient is the resource vpn_ssl_client's create, which does send tags.
func (p *provider) createSSLClient(server string) string {
	p.t.Helper()
	made := p.ok("CreateVpnGatewaySslClient", obj{"SslVpnServerId": server, "SslVpnClientName": "ann", "Tags": tagList("example", "terraform")})
	p.finished(made)
	id := made.text("SslVpnClientId")
	p.sameTags("vpnc", id, "example=terraform")
	return id
}

func (p *provider) readSSLClient(id string) reply {
	p.t.Helper()
	row := p.sole(p.ok("DescribeVpnGatewaySslClients", obj{"SslVpnClientIds": []string{id}}), "SslVpnClientSet", nil)
	filled[vpc.SslVpnClient](row)
	return row
}

// deleteSSLClient is the resource vpn_ssl_client's delete.
func (p *provider) deleteSSLClient(id string) {
	p.t.Helper()
	p.finished(p.ok("DeleteVpnGatewaySslClient", obj{"SslVpnClientId": id}))
	p.gone("DescribeVpnGatewaySslClients", "SslVpnClientIds", "SslVpnClientSet", id)
	p.sameTags("vpnc", id, "")
}

func TestTerraformSSLClient(t *testing.T) {
	t.Parallel()
	p := newProvider(t)
	vpc := p.createVPC()
	gateway := p.createGateway(obj{"VpcId": vpc, "Type": "SSL", "MaxConnection": 5})
	server := p.createSSLServer(sslServer(gateway))
	id := p.createSSLClient(server)
	p.readSSLClient(id).all(obj{"SslVpnClientId": id, "SslVpnServerId": server, "VpcId": vpc, "Name": "ann", "State": "6", "CertStatus": 1})

	// The resource vpn_gateway_ssl_client_cert switches the certificate, and has no delete.
	for _, c := range []struct {
		action string
		status int
	}{{"DisableVpnGatewaySslClientCert", 2}, {"EnableVpnGatewaySslClientCert", 1}} {
		p.finished(p.ok(c.action, obj{"SslVpnClientId": id}))
		p.readSSLClient(id).all(obj{"CertStatus": c.status, "State": "6"})
	}

	p.setTags("vpnc", id, []obj{}, []obj{{"TagKey": "example"}})
	p.retag("vpnc", id)
	p.refused("UnsupportedOperation", "DeleteVpnGatewaySslServer", obj{"SslVpnServerId": server})
	p.deleteSSLClient(id)
	p.deleteSSLServer(server)
	p.deleteGateway(gateway)
	p.ok("DeleteVpc", obj{"VpcId": vpc})
}

// TestTerraformSSLGone reads servers and clients that somebody else has deleted: an empty
// list, which the provider takes for gone.
func TestTerraformSSLGone(t *testing.T) {
	t.Parallel()
	p := newProvider(t)
	for _, c := range []struct{ action, ids, id, set, prefix string }{
		{"DescribeVpnGatewaySslServers", "SslVpnServerIds", "vpns-zzzzzzzz", "SslVpnSeverSet", "vpns"},
		{"DescribeVpnGatewaySslClients", "SslVpnClientIds", "vpnc-zzzzzzzz", "SslVpnClientSet", "vpnc"},
	} {
		p.ok(c.action, obj{c.ids: []string{c.id}}).all(obj{c.set: []any{}, "TotalCount": 0})
		p.sameTags(c.prefix, c.id, "")
	}
}
