package api

import (
	"context"
	"encoding/json"
	"strconv"

	"github.com/gatewright/gatewright/internal/control"
	"github.com/gatewright/gatewright/internal/vpc"
	"github.com/gatewright/gatewright/internal/wire"
)

func init() {
	register("CreateVpnGatewaySslClient", (*Server).createVpnGatewaySslClient)
	register("DescribeVpnGatewaySslClients", (*Server).describeVpnGatewaySslClients)
	register("DeleteVpnGatewaySslClient", (*Server).deleteVpnGatewaySslClient)
	register("EnableVpnGatewaySslClientCert", (*Server).enableVpnGatewaySslClientCert)
	register("DisableVpnGatewaySslClientCert", (*Server).disableVpnGatewaySslClientCert)
	register("ModifyVpnGatewaySslClientCert", (*Server).modifyVpnGatewaySslClientCert)
	register("DownloadVpnGatewaySslClientCert", (*Server).downloadVpnGatewaySslClientCert)
}

func (s *Server) createVpnGatewaySslClient(ctx context.Context, c *control.Caller, in *wire.CreateVpnGatewaySslClientRequest) (*wire.CreateVpnGatewaySslClientResponse, error) {
	param, names, err := oneOrMany("SslVpnClientName", in.SslVpnClientName, in.SslVpnClientNames)
	if err != nil {
		return nil, err
	}
	began, err := s.control.CreateSSLClients(ctx, c, text(in.SslVpnServerId), param, names, tagsIn(in.Tags))
	if err != nil {
		return nil, err
	}
	return &wire.CreateVpnGatewaySslClientResponse{TaskId: began.Task, SslVpnClientId: began.ID}, nil
}

// oneOrMany joins two inputs that exclude each other: one text, or a list of them under
// the plural of its name.
func oneOrMany(param string, single *string, list []string) (string, []string, error) {
	switch {
	case single != nil && list != nil:
		return "", nil, vpc.Refuse(vpc.InvalidParameterValue, param+"s", "it cannot be combined with `%s`", "不能与 `%s` 同时使用", param)
	case single != nil:
		return param, []string{*single}, nil
	}
	return param + "s", list, nil
}

// clientIDs are the clients that a call names in either of its two inputs.
func clientIDs(single *string, list []string) (string, []string, error) {
	return oneOrMany("SslVpnClientId", single, list)
}

func (s *Server) describeVpnGatewaySslClients(ctx context.Context, c *control.Caller, in *wire.DescribeVpnGatewaySslClientsRequest) (*wire.DescribeVpnGatewaySslClientsResponse, error) {
	q, err := query(in.SslVpnClientIds, filters(in.Filters), in.Offset, in.Limit)
	if err != nil {
		return nil, err
	}
	total, rows, err := s.control.SSLClients(ctx, c, q)
	if err != nil {
		return nil, err
	}
	out := &wire.DescribeVpnGatewaySslClientsResponse{TotalCount: uint64(total), SslVpnClientSet: make([]wire.SslVpnClient, len(rows))}
	for i, v := range rows {
		out.SslVpnClientSet[i] = wire.SslVpnClient{
			VpcId: string(v.VPC), SslVpnServerId: string(v.Server), CertStatus: uint64(v.Status), SslVpnClientId: string(v.ID),
			CertBeginTime: v.Begin.String(), CertEndTime: v.End.String(), Name: v.Name, State: strconv.Itoa(int(v.State)),
		}
	}
	return out, nil
}

func (s *Server) deleteVpnGatewaySslClient(ctx context.Context, c *control.Caller, in *wire.DeleteVpnGatewaySslClientRequest) (*wire.DeleteVpnGatewaySslClientResponse, error) {
	param, ids, err := clientIDs(in.SslVpnClientId, in.SslVpnClientIds)
	if err != nil {
		return nil, err
	}
	began, err := s.control.DeleteSSLClients(ctx, c, param, ids)
	if err != nil {
		return nil, err
	}
	return &wire.DeleteVpnGatewaySslClientResponse{TaskId: began.Task}, nil
}

func (s *Server) enableVpnGatewaySslClientCert(ctx context.Context, c *control.Caller, in *wire.EnableVpnGatewaySslClientCertRequest) (*wire.EnableVpnGatewaySslClientCertResponse, error) {
	param, ids, err := clientIDs(in.SslVpnClientId, in.SslVpnClientIds)
	if err != nil {
		return nil, err
	}
	began, err := s.control.EnableSSLClients(ctx, c, param, ids)
	if err != nil {
		return nil, err
	}
	return &wire.EnableVpnGatewaySslClientCertResponse{TaskId: began.Task}, nil
}

func (s *Server) disableVpnGatewaySslClientCert(ctx context.Context, c *control.Caller, in *wire.DisableVpnGatewaySslClientCertRequest) (*wire.DisableVpnGatewaySslClientCertResponse, error) {
	param, ids, err := clientIDs(in.SslVpnClientId, in.SslVpnClientIds)
	if err != nil {
		return nil, err
	}
	began, err := s.control.DisableSSLClients(ctx, c, param, ids)
	if err != nil {
		return nil, err
	}
	return &wire.DisableVpnGatewaySslClientCertResponse{TaskId: began.Task}, nil
}

func (s *Server) modifyVpnGatewaySslClientCert(ctx context.Context, c *control.Caller, in *wire.ModifyVpnGatewaySslClientCertRequest) (*wire.ModifyVpnGatewaySslClientCertResponse, error) {
	began, err := s.control.ReissueSSLClients(ctx, c, "SslVpnClientIds", in.SslVpnClientIds)
	if err != nil {
		return nil, err
	}
	return &wire.ModifyVpnGatewaySslClientCertResponse{TaskId: int64(began.Task)}, nil
}

func (s *Server) downloadVpnGatewaySslClientCert(ctx context.Context, c *control.Caller, in *wire.DownloadVpnGatewaySslClientCertRequest) (*wire.DownloadVpnGatewaySslClientCertResponse, error) {
	if text(in.SamlToken) != "" {
		return nil, vpc.Refuse(vpc.UnsupportedOperation, "SamlToken", "this server does not offer single sign-on", "本服务不提供单点登录")
	}
	param, ids, err := clientIDs(in.SslVpnClientId, in.SslVpnClientIds)
	if err != nil {
		return nil, err
	}
	configs, err := s.control.DownloadSSLClients(ctx, c, param, ids)
	if err != nil {
		return nil, err
	}
	out := &wire.DownloadVpnGatewaySslClientCertResponse{Authenticated: 1, SslClientConfig: make([]wire.SslClientConfig, len(configs))}
	for i, cfg := range configs {
		out.SslClientConfig[i] = wire.SslClientConfig{
			SslVpnClientConfiguration: cfg.Profile.Reveal(), SslVpnRootCert: cfg.RootCert, SslVpnKey: cfg.Key.Reveal(), SslVpnCert: cfg.Cert, SslVpnClientId: string(cfg.ID),
		}
	}
	list, err := json.Marshal(out.SslClientConfig)
	out.SslClientConfigsSet = string(list)
	return out, err
}
