#!/usr/bin/env bash
# Shows the life of a VPN gateway: a server of its own, a VPC, a gateway, a tunnel to an
# office, their states, and everything removed again. Nothing of it outlives the script.
set -euo pipefail
cd "$(dirname "$0")/.."

dir=$(mktemp -d "${TMPDIR:-/tmp}/gatewright-demo-XXXXXX")
server=
finish() {
	[ -z "$server" ] || { kill "$server" 2>/dev/null && wait "$server"; } || true
	rm -rf "$dir"
}
trap finish EXIT

say() { printf '\n== %s\n' "$*"; }
run() {
	printf '$ gatewright call %s\n' "$*" >&2
	bin/gatewright call "$@" --data-dir "$dir/data"
}
# eventually COMMAND... tries again until it succeeds, for half a minute.
eventually() {
	for _ in $(seq 150); do
		"$@" && return
		sleep 0.2
	done
	echo "gave up: $*" >&2
	exit 1
}
# value NAME prints the first field of that name in the JSON that comes in.
value() { sed -n "s/^ *\"$1\": \"\{0,1\}\([^\",]*\)\"\{0,1\},\{0,1\}$/\1/p" | head -n1; }

say "a server of its own, on a free port"
bin/gatewright serve --data-dir "$dir/data" --listen 127.0.0.1:0 --metrics-listen '' --dataplane off >"$dir/out" 2>"$dir/log" &
server=$!
ready() {
	kill -0 "$server" 2>/dev/null || { cat "$dir/log" >&2; exit 1; }
	grep -q terraform "$dir/out"
}
eventually ready
sed -n '/API/p' "$dir/out"

say "a network and its gateway"
vpc=$(run CreateVpc VpcName=demo CidrBlock=10.20.0.0/16 | value VpcId)
echo "$vpc"
gateway=$(run CreateVpnGateway VpcId="$vpc" VpnGatewayName=demo InternetMaxBandwidthOut=5 Tags.0.Key=city Tags.0.Value=Lyon | value VpnGatewayId)
echo "$gateway"

# show prints state and address of the gateway.
show() {
	bin/gatewright call DescribeVpnGateways VpnGatewayIds.0="$gateway" --data-dir "$dir/data" >"$dir/gateway"
	printf '%s is %s at %s\n' "$gateway" "$(value State <"$dir/gateway")" "$(value PublicIpAddress <"$dir/gateway")"
}
shows() { show && grep -q "\"State\": \"$1\"" "$dir/gateway"; }
eventually shows AVAILABLE

say "a tunnel to an office"
office=$(run CreateCustomerGateway CustomerGatewayName=office IpAddress=203.0.113.10 | value CustomerGatewayId)
echo "$office"
tunnel=$(run CreateVpnConnection VpcId="$vpc" VpnGatewayId="$gateway" CustomerGatewayId="$office" \
	VpnConnectionName=office PreShareKey=only-for-this-demo \
	SecurityPolicyDatabases.0.LocalCidrBlock=10.20.0.0/16 SecurityPolicyDatabases.0.RemoteCidrBlock.0=192.168.10.0/24 | value VpnConnectionId)
tunnel_available() {
	bin/gatewright call DescribeVpnConnections VpnConnectionIds.0="$tunnel" --data-dir "$dir/data" >"$dir/tunnel"
	grep -q '"State": "AVAILABLE"' "$dir/tunnel"
}
eventually tunnel_available
printf '%s is %s, its net status %s: there is no data plane\n' "$tunnel" "$(value State <"$dir/tunnel")" "$(value NetStatus <"$dir/tunnel")"

say "what the operator sees"
bin/gatewright status --data-dir "$dir/data" | sed -n '/^gateways/,$p'

say "and everything removed again"
run DeleteVpnConnection VpnGatewayId="$gateway" VpnConnectionId="$tunnel" >/dev/null
delete_gateway() { bin/gatewright call DeleteVpnGateway VpnGatewayId="$gateway" --data-dir "$dir/data" >/dev/null 2>&1; }
eventually delete_gateway # refused while the tunnel is still being deleted
show
gone() { bin/gatewright call DescribeVpnGateways VpnGatewayIds.0="$gateway" --data-dir "$dir/data" | grep -q '"TotalCount": 0'; }
eventually gone
run DeleteCustomerGateway CustomerGatewayId="$office" >/dev/null
run DeleteVpc VpcId="$vpc" >/dev/null
bin/gatewright status --data-dir "$dir/data" --json | sed -n 's/^ *"\(gateways\|connections\|vpcs\)": \([0-9][0-9]*\).*/\1 left: \2/p'
