package api

import (
	"context"

	"github.com/gatewright/gatewright/internal/control"
	"github.com/gatewright/gatewright/internal/vpc"
	"github.com/gatewright/gatewright/internal/wire"
)

func init() {
	register("CreateVpnGatewaySslServer", (*Server).createVpnGatewaySslServer)
	register("DescribeVpnGatewaySslServers", (*Server).describeVpnGatewaySslServers)
	register("ModifyVpnGatewaySslServer", (*Server).modifyVpnGatewaySslServer)
	register("DeleteVpnGatewaySslServer", (*Server).deleteVpnGatewaySslServer)
}

func (s *Server) createVpnGatewaySslServer(ctx context.Context, c *control.Caller, in *wire.CreateVpnGatewaySslServerRequest) (*wire.CreateVpnGatewaySslServerResponse, error) {
	began, err := s.control.CreateSSLServer(ctx, c, vpc.SSLServerSpec{
		Gateway:      text(in.VpnGatewayId),
		Name:         text(in.SslVpnServerName),
		Remote:       text(in.RemoteAddress),
		AccessPolicy: number(in.AccessPolicyEnabled),
		Tags:         tagsIn(in.Tags),
		Settings: vpc.SSLServerSettings{
			Local: in.LocalAddress, Protocol: in.SslVpnProtocol, Port: in.SslVpnPort,
			Encryption: in.EncryptAlgorithm, Integrity: in.IntegrityAlgorithm,
			Compress: in.Compress, SSO: in.SsoEnabled, SAML: in.SamlData, DNS: dnsIn(in.DnsServers),
		},
	})
	if err != nil {
		return nil, err
	}
	return &wire.CreateVpnGatewaySslServerResponse{TaskId: int64(began.Task), SslVpnServerId: began.ID}, nil
}

func dnsIn(in *wire.DnsServers) *vpc.DNSSpec {
	if in == nil {
		return nil
	}
	return &vpc.DNSSpec{Primary: text(in.PrimaryDns), Secondary: text(in.SecondaryDns)}
}

func (s *Server) modifyVpnGatewaySslServer(ctx context.Context, c *control.Caller, in *wire.ModifyVpnGatewaySslServerRequest) (*wire.ModifyVpnGatewaySslServerResponse, error) {
	began, err := s.control.ModifySSLServer(ctx, c, text(in.SslVpnServerId), vpc.SSLServerChange{
		Name: in.SslVpnServerName, Remote: in.RemoteAddress,
		Settings: vpc.SSLServerSettings{
			Local: in.LocalAddress, Protocol: in.SslVpnProtocol, Port: in.SslVpnPort,
			Encryption: in.EncryptAlgorithm, Integrity: in.IntegrityAlgorithm,
			Compress: in.Compress, SSO: in.SsoEnabled, SAML: in.SamlData, DNS: dnsIn(in.DnsServers),
		},
	})
	if err != nil {
		return nil, err
	}
	return &wire.ModifyVpnGatewaySslServerResponse{TaskId: int64(began.Task)}, nil
}

func (s *Server) deleteVpnGatewaySslServer(ctx context.Context, c *control.Caller, in *wire.DeleteVpnGatewaySslServerRequest) (*wire.DeleteVpnGatewaySslServerResponse, error) {
	began, err := s.control.DeleteSSLServer(ctx, c, text(in.SslVpnServerId))
	if err != nil {
		return nil, err
	}
	return &wire.DeleteVpnGatewaySslServerResponse{TaskId: began.Task}, nil
}

func (s *Server) describeVpnGatewaySslServers(ctx context.Context, c *control.Caller, in *wire.DescribeVpnGatewaySslServersRequest) (*wire.DescribeVpnGatewaySslServersResponse, error) {
	q, err := query(in.SslVpnServerIds, filterObjects(in.Filters), in.Offset, in.Limit)
	if err != nil {
		return nil, err
	}
	total, rows, err := s.control.SSLServers(ctx, c, q)
	if err != nil {
		return nil, err
	}
	out := &wire.DescribeVpnGatewaySslServersResponse{TotalCount: uint64(total), SslVpnSeverSet: make([]wire.SslVpnSever, len(rows))}
	for i, row := range rows {
		out.SslVpnSeverSet[i] = sslServerOut(row)
	}
	return out, nil
}

func sslServerOut(v control.SSLServerView) wire.SslVpnSever {
	primary, secondary := addrOut(v.DNS.Primary), addrOut(v.DNS.Secondary)
	out := wire.SslVpnSever{
		VpcId:              string(v.VPC),
		SslVpnServerId:     string(v.ID),
		VpnGatewayId:       string(v.Gateway),
		SslVpnServerName:   v.Name,
		LocalAddress:       make([]string, len(v.Local)),
		RemoteAddress:      v.Remote.String(),
		MaxConnection:      uint64(v.Carrier.MaxConnection),
		WanIp:              addrOut(v.Carrier.Public),
		SslVpnProtocol:     "UDP",
		SslVpnPort:         uint64(v.Port),
		EncryptAlgorithm:   v.Encryption,
		IntegrityAlgorithm: v.Integrity,
		CreateTime:         v.Created.String(),
		State:              uint64(v.State),
		AccessPolicy:       make([]wire.AccessPolicy, len(v.Policies)),
		DnsServers:         wire.DnsServers{PrimaryDns: &primary, SecondaryDns: &secondary},
	}
	for i, p := range v.Local {
		out.LocalAddress[i] = p.String()
	}
	if v.SSLServer.AccessPolicy {
		out.AccessPolicyEnabled = 1
	}
	for i, p := range v.Policies {
		out.AccessPolicy[i] = accessPolicyOut(p)
	}
	return out
}

// accessPolicyOut shows the clients that a policy is for as its user groups: without
// single sign-on, each client is a group of one.
func accessPolicyOut(p vpc.AccessPolicy) wire.AccessPolicy {
	out := wire.AccessPolicy{
		TargetCidr: p.Target.String(), VpnGatewayIdSslAccessPolicyId: string(p.ID), UserGroupIds: make([]string, len(p.Clients)),
		UpdateTime: p.Updated.String(), Remark: p.Remark,
	}
	if len(p.Clients) == 0 {
		out.ForAllClient = 1
	}
	for i, id := range p.Clients {
		out.UserGroupIds[i] = string(id)
	}
	return out
}
