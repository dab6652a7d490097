#!/bin/sh
# Makes a VPC and a VPN gateway with tccli, shows the gateway, and removes both.
#
# An --endpoint that begins with http:// makes tccli speak plain HTTP.
set -eu

: "${TENCENTCLOUD_SECRET_ID:?set it, see ../README.md}" "${TENCENTCLOUD_SECRET_KEY:?set it, see ../README.md}"
export TENCENTCLOUD_REGION="${TENCENTCLOUD_REGION:-ap-guangzhou}"

vpc() {
	action=$1
	shift
	tccli vpc "$action" --endpoint "http://${GATEWRIGHT:-127.0.0.1:9080}" "$@"
}

vpc_id=$(vpc CreateVpc --VpcName gatewright-example --CidrBlock 10.20.0.0/16 --filter Vpc.VpcId | tr -d '"')
echo "made $vpc_id"

gateway_id=$(vpc CreateVpnGateway --VpcId "$vpc_id" --VpnGatewayName gatewright-example \
	--InternetMaxBandwidthOut 5 --Tags '[{"Key":"example","Value":"tccli"}]' \
	--filter VpnGateway.VpnGatewayId | tr -d '"')
echo "made $gateway_id"

until vpc DescribeVpnGateways --VpnGatewayIds "[\"$gateway_id\"]" --filter 'VpnGatewaySet[0].State' | grep -q AVAILABLE; do
	sleep 1
done
vpc DescribeVpnGateways --VpnGatewayIds "[\"$gateway_id\"]"

vpc DeleteVpnGateway --VpnGatewayId "$gateway_id"
until vpc DescribeVpnGateways --VpnGatewayIds "[\"$gateway_id\"]" --filter TotalCount | grep -qx 0; do
	sleep 1
done
vpc DeleteVpc --VpcId "$vpc_id"
echo "removed both"
