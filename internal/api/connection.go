package api

import (
	"context"
	"net/netip"
	"strconv"

	"github.com/gatewright/gatewright/internal/control"
	"github.com/gatewright/gatewright/internal/vpc"
	"github.com/gatewright/gatewright/internal/wire"
)

func init() {
	register("CreateVpnConnection", (*Server).createVpnConnection)
	register("DescribeVpnConnections", (*Server).describeVpnConnections)
	register("ModifyVpnConnectionAttribute", (*Server).modifyVpnConnectionAttribute)
	register("ResetVpnConnection", (*Server).resetVpnConnection)
	register("DeleteVpnConnection", (*Server).deleteVpnConnection)
	register("GenerateVpnConnectionDefaultHealthCheckIp", (*Server).generateVpnConnectionDefaultHealthCheckIp)
}

func (s *Server) createVpnConnection(ctx context.Context, c *control.Caller, in *wire.CreateVpnConnectionRequest) (*wire.CreateVpnConnectionResponse, error) {
	x, err := s.control.CreateConnection(ctx, c, vpc.ConnectionSpec{
		Gateway:         text(in.VpnGatewayId),
		CustomerGateway: text(in.CustomerGatewayId),
		VPC:             text(in.VpcId),
		Name:            text(in.VpnConnectionName),
		PreSharedKey:    vpc.Secret(text(in.PreShareKey)),
		RouteType:       in.RouteType,
		Route:           connectionRouteIn(in.Route),
		Tags:            tagsIn(in.Tags),
		Tunnel: vpc.TunnelSpec{
			Policies:    policiesIn(in.SecurityPolicyDatabases),
			IKE:         ikeIn(in.IKEOptionsSpecification),
			IPsec:       ipsecIn(in.IPSECOptionsSpecification),
			Negotiation: in.NegotiationType,
			DPD:         vpc.DPDSpec{Enable: in.DpdEnable, Timeout: in.DpdTimeout, Action: in.DpdAction},
			Health:      healthIn(in.EnableHealthCheck, in.HealthCheckLocalIp, in.HealthCheckRemoteIp, in.HealthCheckConfig),
			BGP:         bgpIn(in.BgpConfig),
		},
	})
	if err != nil {
		return nil, err
	}
	return &wire.CreateVpnConnectionResponse{VpnConnection: connectionOut(x)}, nil
}

func (s *Server) modifyVpnConnectionAttribute(ctx context.Context, c *control.Caller, in *wire.ModifyVpnConnectionAttributeRequest) (*wire.ModifyVpnConnectionAttributeResponse, error) {
	err := s.control.ModifyConnection(ctx, c, text(in.VpnConnectionId), vpc.ConnectionChange{
		Name:            in.VpnConnectionName,
		PreSharedKey:    (*vpc.Secret)(in.PreShareKey),
		CustomerGateway: in.CustomerGatewayId,
		Tunnel: vpc.TunnelSpec{
			Policies:    policiesIn(in.SecurityPolicyDatabases),
			IKE:         ikeIn(in.IKEOptionsSpecification),
			IPsec:       ipsecIn(in.IPSECOptionsSpecification),
			Negotiation: in.NegotiationType,
			DPD:         vpc.DPDSpec{Enable: in.DpdEnable, Timeout: in.DpdTimeout, Action: in.DpdAction},
			Health:      healthIn(in.EnableHealthCheck, in.HealthCheckLocalIp, in.HealthCheckRemoteIp, in.HealthCheckConfig),
			BGP:         bgpIn(in.BgpConfig),
		},
	})
	return &wire.ModifyVpnConnectionAttributeResponse{}, err
}

// policiesIn keeps a list that was left out apart from an empty one.
func policiesIn(in []wire.SecurityPolicyDatabase) []vpc.PolicySpec {
	if in == nil {
		return nil
	}
	out := make([]vpc.PolicySpec, len(in))
	for i, p := range in {
		out[i] = vpc.PolicySpec{Local: text(p.LocalCidrBlock), Remotes: p.RemoteCidrBlock}
	}
	return out
}

func ikeIn(in *wire.IKEOptionsSpecification) *vpc.IKESpec {
	if in == nil {
		return nil
	}
	return &vpc.IKESpec{
		Encryption:     in.PropoEncryAlgorithm,
		Integrity:      in.PropoAuthenAlgorithm,
		Exchange:       in.ExchangeMode,
		LocalIdentity:  in.LocalIdentity,
		RemoteIdentity: in.RemoteIdentity,
		LocalAddress:   in.LocalAddress,
		RemoteAddress:  in.RemoteAddress,
		LocalFQDN:      in.LocalFqdnName,
		RemoteFQDN:     in.RemoteFqdnName,
		DHGroup:        in.DhGroupName,
		Lifetime:       in.IKESaLifetimeSeconds,
		Version:        in.IKEVersion,
	}
}

// ipsecIn takes the integrity algorithm under either of its two names; of both, the one
// that the vendor spells right.
func ipsecIn(in *wire.IPSECOptionsSpecification) *vpc.IPsecSpec {
	if in == nil {
		return nil
	}
	integrity := in.IntegrityAlgorithm
	if integrity == nil {
		integrity = in.IntegrityAlgorith
	}
	return &vpc.IPsecSpec{
		Encryption:  in.EncryptAlgorithm,
		Integrity:   integrity,
		PFS:         in.PfsDhGroup,
		Lifetime:    in.IPSECSaLifetimeSeconds,
		LifetimeKiB: in.IPSECSaLifetimeTraffic,
	}
}

func healthIn(enable *bool, local, remote *string, config *wire.HealthCheckConfig) vpc.HealthSpec {
	out := vpc.HealthSpec{Enable: enable, Local: local, Remote: remote}
	if config != nil {
		out.Config = &vpc.ProbeSpec{Type: config.ProbeType, Interval: config.ProbeInterval, Threshold: config.ProbeThreshold, Timeout: config.ProbeTimeout}
	}
	return out
}

func bgpIn(in *wire.BgpConfig) *vpc.BGPSpec {
	if in == nil {
		return nil
	}
	return &vpc.BGPSpec{Tunnel: text(in.TunnelCidr), Local: text(in.LocalBgpIp), Remote: text(in.RemoteBgpIp)}
}

func connectionRouteIn(in *wire.CreateVpnConnRoute) *vpc.ConnectionRouteSpec {
	if in == nil {
		return nil
	}
	out := &vpc.ConnectionRouteSpec{Destination: text(in.DestinationCidrBlock), Description: text(in.Description)}
	if p := signed(in.Priority); p != nil {
		out.Priority = *p
	}
	return out
}

func (s *Server) describeVpnConnections(ctx context.Context, c *control.Caller, in *wire.DescribeVpnConnectionsRequest) (*wire.DescribeVpnConnectionsResponse, error) {
	q, err := query(in.VpnConnectionIds, filters(in.Filters), in.Offset, in.Limit)
	if err != nil {
		return nil, err
	}
	total, rows, err := s.control.Connections(ctx, c, q)
	if err != nil {
		return nil, err
	}
	out := &wire.DescribeVpnConnectionsResponse{TotalCount: uint64(total), VpnConnectionSet: make([]wire.VpnConnection, len(rows))}
	for i, x := range rows {
		out.VpnConnectionSet[i] = connectionOut(x)
	}
	return out, nil
}

func connectionOut(x control.ConnectionView) wire.VpnConnection {
	out := wire.VpnConnection{
		VpnConnectionId:           string(x.ID),
		VpnConnectionName:         x.Name,
		VpcId:                     string(x.VPC),
		VpnGatewayId:              string(x.Gateway),
		CustomerGatewayId:         string(x.CustomerGateway),
		PreShareKey:               x.PreSharedKey.Reveal(),
		VpnProto:                  "IPSEC",
		EncryptProto:              "IKE",
		RouteType:                 string(x.RouteType),
		CreatedTime:               x.Created.String(),
		State:                     x.State,
		NetStatus:                 x.NetStatus,
		SecurityPolicyDatabaseSet: policiesOut(x.Shown()),
		IKEOptionsSpecification:   ikeOut(x.IKE),
		IPSECOptionsSpecification: ipsecOut(x.IPsec),
		EnableHealthCheck:         x.Health.Enable,
		HealthCheckLocalIp:        addrOut(x.Health.Local),
		HealthCheckRemoteIp:       addrOut(x.Health.Remote),
		DpdTimeout:                strconv.FormatUint(uint64(x.DPD.Timeout), 10),
		DpdAction:                 x.DPD.Action,
		TagSet:                    tagsOut(x.Tags),
		NegotiationType:           string(x.Negotiation),
		BgpConfig:                 bgpOut(x),
	}
	if x.DPD.Enable {
		out.DpdEnable = 1
	}
	if x.Health.Enable {
		out.HealthCheckStatus = &x.HealthStatus
		out.HealthCheckConfig = probeOut(x.Health)
	}
	return out
}

// addrOut is an address, or nothing where there is none.
func addrOut(a netip.Addr) string {
	if !a.IsValid() {
		return ""
	}
	return a.String()
}

func policiesOut(rules []vpc.PolicyRule) []wire.SecurityPolicyDatabase {
	out := make([]wire.SecurityPolicyDatabase, len(rules))
	for i, r := range rules {
		local := r.Local.String()
		out[i] = wire.SecurityPolicyDatabase{LocalCidrBlock: &local, RemoteCidrBlock: make([]string, len(r.Remotes))}
		for j, p := range r.Remotes {
			out[i].RemoteCidrBlock[j] = p.String()
		}
	}
	return out
}

func ikeOut(o vpc.IKEOptions) wire.IKEOptionsSpecification {
	lifetime := uint64(o.Lifetime)
	return wire.IKEOptionsSpecification{
		PropoEncryAlgorithm:  &o.Encryption,
		PropoAuthenAlgorithm: &o.Integrity,
		ExchangeMode:         &o.Exchange,
		LocalIdentity:        &o.LocalIdentity,
		RemoteIdentity:       &o.RemoteIdentity,
		LocalAddress:         &o.LocalAddress,
		RemoteAddress:        &o.RemoteAddress,
		LocalFqdnName:        &o.LocalFQDN,
		RemoteFqdnName:       &o.RemoteFQDN,
		DhGroupName:          &o.DHGroup,
		IKESaLifetimeSeconds: &lifetime,
		IKEVersion:           &o.Version,
	}
}

// ipsecOut gives the integrity algorithm under both names: every client reads the
// misspelt one, and a new one may read the other.
func ipsecOut(o vpc.IPsecOptions) wire.IPSECOptionsSpecification {
	lifetime, traffic := uint64(o.Lifetime), uint64(o.LifetimeKiB)
	return wire.IPSECOptionsSpecification{
		EncryptAlgorithm:       &o.Encryption,
		IntegrityAlgorith:      &o.Integrity,
		IntegrityAlgorithm:     &o.Integrity,
		PfsDhGroup:             &o.PFS,
		IPSECSaLifetimeSeconds: &lifetime,
		IPSECSaLifetimeTraffic: &traffic,
	}
}

func probeOut(h vpc.HealthCheck) *wire.HealthCheckConfig {
	interval, threshold, timeout := int64(h.Interval), int64(h.Threshold), int64(h.Timeout)
	return &wire.HealthCheckConfig{ProbeType: &h.Probe, ProbeInterval: &interval, ProbeThreshold: &threshold, ProbeTimeout: &timeout}
}

func bgpOut(x control.ConnectionView) *wire.BgpConfigAndAsn {
	if x.BGP == nil {
		return nil
	}
	return &wire.BgpConfigAndAsn{
		TunnelCidr:   x.BGP.Tunnel.String(),
		LocalBgpIp:   x.BGP.Local.String(),
		RemoteBgpIp:  x.BGP.Remote.String(),
		LocalBgpAsn:  strconv.FormatUint(uint64(x.LocalASN), 10),
		RemoteBgpAsn: strconv.FormatUint(uint64(x.RemoteASN), 10),
	}
}

func (s *Server) resetVpnConnection(ctx context.Context, c *control.Caller, in *wire.ResetVpnConnectionRequest) (*wire.ResetVpnConnectionResponse, error) {
	return &wire.ResetVpnConnectionResponse{}, s.control.ResetConnection(ctx, c, text(in.VpnGatewayId), text(in.VpnConnectionId))
}

func (s *Server) deleteVpnConnection(ctx context.Context, c *control.Caller, in *wire.DeleteVpnConnectionRequest) (*wire.DeleteVpnConnectionResponse, error) {
	return &wire.DeleteVpnConnectionResponse{}, s.control.DeleteConnection(ctx, c, text(in.VpnGatewayId), text(in.VpnConnectionId))
}

func (s *Server) generateVpnConnectionDefaultHealthCheckIp(ctx context.Context, c *control.Caller, in *wire.GenerateVpnConnectionDefaultHealthCheckIpRequest) (*wire.GenerateVpnConnectionDefaultHealthCheckIpResponse, error) {
	local, remote, err := s.control.DefaultProbes(ctx, c, text(in.VpnGatewayId))
	if err != nil {
		return nil, err
	}
	return &wire.GenerateVpnConnectionDefaultHealthCheckIpResponse{HealthCheckLocalIp: local.String(), HealthCheckRemoteIp: remote.String()}, nil
}
