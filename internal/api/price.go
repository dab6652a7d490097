package api

import (
	"context"

	"github.com/gatewright/gatewright/internal/control"
	"github.com/gatewright/gatewright/internal/vpc"
	"github.com/gatewright/gatewright/internal/wire"
)

func init() {
	register("InquiryPriceCreateVpnGateway", (*Server).inquiryPriceCreateVpnGateway)
	register("InquiryPriceRenewVpnGateway", (*Server).inquiryPriceRenewVpnGateway)
	register("InquiryPriceResetVpnGatewayInternetMaxBandwidth", (*Server).inquiryPriceResetVpnGatewayInternetMaxBandwidth)
	register("RenewVpnGateway", (*Server).renewVpnGateway)
	register("SetVpnGatewaysRenewFlag", (*Server).setVpnGatewaysRenewFlag)
}

func (s *Server) inquiryPriceCreateVpnGateway(ctx context.Context, c *control.Caller, in *wire.InquiryPriceCreateVpnGatewayRequest) (*wire.InquiryPriceCreateVpnGatewayResponse, error) {
	p, err := s.control.InquireGateway(ctx, c, vpc.GatewayPriceSpec{
		Bandwidth:     number(in.InternetMaxBandwidthOut),
		Charge:        in.InstanceChargeType,
		Prepaid:       prepaidTerm(in.InstanceChargePrepaid),
		Type:          in.Type,
		MaxConnection: in.MaxConnection,
	})
	if err != nil {
		return nil, err
	}
	return &wire.InquiryPriceCreateVpnGatewayResponse{Price: priceOut(p)}, nil
}

func (s *Server) inquiryPriceRenewVpnGateway(ctx context.Context, c *control.Caller, in *wire.InquiryPriceRenewVpnGatewayRequest) (*wire.InquiryPriceRenewVpnGatewayResponse, error) {
	p, err := s.control.InquireRenewal(ctx, c, text(in.VpnGatewayId), prepaidTerm(in.InstanceChargePrepaid))
	if err != nil {
		return nil, err
	}
	return &wire.InquiryPriceRenewVpnGatewayResponse{Price: priceOut(p)}, nil
}

func (s *Server) inquiryPriceResetVpnGatewayInternetMaxBandwidth(ctx context.Context, c *control.Caller, in *wire.InquiryPriceResetVpnGatewayInternetMaxBandwidthRequest) (*wire.InquiryPriceResetVpnGatewayInternetMaxBandwidthResponse, error) {
	p, err := s.control.InquireBandwidth(ctx, c, text(in.VpnGatewayId), number(in.InternetMaxBandwidthOut))
	if err != nil {
		return nil, err
	}
	return &wire.InquiryPriceResetVpnGatewayInternetMaxBandwidthResponse{Price: priceOut(p)}, nil
}

func (s *Server) renewVpnGateway(ctx context.Context, c *control.Caller, in *wire.RenewVpnGatewayRequest) (*wire.RenewVpnGatewayResponse, error) {
	err := s.control.RenewGateway(ctx, c, text(in.VpnGatewayId), prepaidTerm(in.InstanceChargePrepaid))
	return &wire.RenewVpnGatewayResponse{}, err
}

func (s *Server) setVpnGatewaysRenewFlag(ctx context.Context, c *control.Caller, in *wire.SetVpnGatewaysRenewFlagRequest) (*wire.SetVpnGatewaysRenewFlagResponse, error) {
	err := s.control.SetRenewFlags(ctx, c, in.VpnGatewayIds, number(in.AutoRenewFlag), in.Type)
	return &wire.SetVpnGatewaysRenewFlagResponse{}, err
}

func priceOut(p vpc.Price) wire.Price {
	item := func(i vpc.ItemPrice) wire.ItemPrice {
		return wire.ItemPrice{
			UnitPrice: i.Unit.Float(), ChargeUnit: i.ChargeUnit,
			OriginalPrice: i.Original.Float(), DiscountPrice: i.Discount.Float(),
		}
	}
	return wire.Price{InstancePrice: item(p.Instance), BandwidthPrice: item(p.Bandwidth)}
}
