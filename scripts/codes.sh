#!/usr/bin/env bash
# Plays scripts/codes.tsv, the 47 codes of CreateVpnGateway, against a server of its own
# and prints what was seen of each. Exits with 1 if one differs.
#
#   scripts/codes.sh [PROGRAM]      default: bin/gatewright, see make build
set -euo pipefail
shopt -s inherit_errexit

program=$(realpath "${1:-$(dirname "$0")/../bin/gatewright}")
table=$(realpath "$(dirname "$0")/codes.tsv")
[ -x "$program" ] || { echo "$program is not there; run make build" >&2; exit 1; }

dir=$(mktemp -d "${TMPDIR:-/tmp}/gatewright-codes-XXXXXX")
server=
finish() {
	[ -z "$server" ] || { kill "$server" 2>/dev/null && wait "$server"; } || true
	rm -rf "$dir"
}
trap finish EXIT

# A pool that a few gateways exhaust, and no limit of rates.
start_server() {
	"$program" serve --data-dir "$dir/data" --listen 127.0.0.1:0 --metrics-listen '' --dataplane off \
		--public-cidr 203.0.113.0/28 --rate-limit 0 --settle 100ms --min-free 0 >"$dir/out" 2>"$dir/log" &
	server=$!
	until grep -q '^Paste' "$dir/out"; do
		kill -0 "$server" 2>/dev/null || { cat "$dir/log" >&2; exit 1; }
		sleep 0.05
	done
	endpoint=$(sed -n 's/^ *API *//p' "$dir/out")
}

# value NAME prints the first field of that name in the JSON that comes in.
value() { sed -n "s/^ *\"$1\": \"\{0,1\}\([^\",]*\)\"\{0,1\},\{0,1\}$/\1/p" | head -n1; }

operate() { "$program" "$@" --data-dir "$dir/data" --json; }

# call ACTION [Key=Value ...] calls as the row's account.
call() { "$program" call "$@" --credentials "$dir/credentials" --endpoint "$endpoint"; }

# code prints the code of a call's outcome, OK for none.
code() {
	if call "$@" >/dev/null 2>"$dir/error"; then
		echo OK
	else
		sed -n '1s/^gatewright: \([A-Za-z0-9.]*\): .*/\1/p' "$dir/error"
	fi
}

# new_account NAME [FLAG ...] makes the row's account and sets uin.
new_account() {
	operate account create "$@" >"$dir/account"
	uin=$(value uin <"$dir/account")
	printf '[default]\nsecret_id = %s\nsecret_key = %s\n' "$(value secretId <"$dir/account")" "$(value secretKey <"$dir/account")" >"$dir/credentials"
}

set_account() { operate account set "$uin" "$@" >/dev/null; }
make_tag() { call CreateTag TagKey="$1" TagValue="$2" >/dev/null; }
make_gateway() { call CreateVpnGateway VpcId="$vpc" VpnGatewayName=first InternetMaxBandwidthOut=5 "$@" | value VpnGatewayId; }

# The preparations of the table, each for a row's account and its VPC. $1 is the code.

fault() { operate fault add --account "$uin" --action CreateVpnGateway --code "$1" --times 1 >/dev/null; }

pool_exhausted() {
	operate quota set vpc-max-vpn-gateways 100 --account "$uin" >/dev/null
	while [ -n "$(make_gateway 2>/dev/null || true)" ]; do :; done
}

cdc_taken() {
	set_account --add-cdc cluster-aaaaaaaa
	make_gateway CdcId=cluster-aaaaaaaa >/dev/null
}

policy() { set_account --tag-policy "$2"; }
no_tag_quota() { set_account --tags=false; }

policy_values() {
	make_tag known old
	set_account --tag-policy known-values
}

# A gateway of the VPC's CCN sends a part of the VPC's own range into a tunnel.
tunnel_overlap() {
	local ccn gateway customer
	ccn=$(call CreateCcn CcnName=cloud | value CcnId)
	gateway=$(call CreateVpnGateway VpnGatewayName=cloud InternetMaxBandwidthOut=5 Type=CCN | value VpnGatewayId)
	customer=$(call CreateCustomerGateway CustomerGatewayName=peer IpAddress=58.211.1.12 | value CustomerGatewayId)
	until call DescribeVpnGateways VpnGatewayIds.0="$gateway" | grep -q '"State": "AVAILABLE"'; do
		sleep 0.05
	done
	call AttachCcnInstances CcnId="$ccn" Instances.0.InstanceId="$vpc" Instances.0.InstanceRegion=ap-guangzhou Instances.0.InstanceType=VPC \
		Instances.1.InstanceId="$gateway" Instances.1.InstanceRegion=ap-guangzhou Instances.1.InstanceType=VPNGW >/dev/null
	call CreateVpnConnection VpnGatewayId="$gateway" CustomerGatewayId="$customer" VpnConnectionName=tunnel PreShareKey=secret \
		SecurityPolicyDatabases.0.LocalCidrBlock=172.16.0.0/24 SecurityPolicyDatabases.0.RemoteCidrBlock.0=10.0.128.0/24 >/dev/null
}

gateway_quota() {
	make_gateway >/dev/null
	operate quota set vpc-max-vpn-gateways 1 --account "$uin" >/dev/null
}

key_ceiling() {
	make_tag first 1
	set_account --tag-keys 1
}

one_pair_left() { set_account --tag-pairs 1; }
pairs_zero() { set_account --tag-pairs 0; }

pairs_full() {
	make_tag a 1
	set_account --tag-pairs 1
}

per_call() { set_account --tags-per-call 1; }
unverified() { set_account --verified=false; }
no_money() { set_account --balance 0; }

# many_tags N is a JSON list of N tags.
many_tags() {
	local i tags=
	for ((i = 1; i <= $1; i++)); do
		tags+=",{\"Key\":\"k$i\",\"Value\":\"1\"}"
	done
	printf '[%s]' "${tags#,}"
}

# play CODE BY PREPARE REQUEST prints the code that is seen.
play() {
	local want=$1 prepare=$3 request=$4
	new_account "$want"
	vpc=$(call CreateVpc VpcName=network CidrBlock=10.0.0.0/16 | value VpcId)
	if [ "$prepare" != - ]; then
		# shellcheck disable=SC2086 # the preparation's own arguments
		set -- $prepare
		"$1" "$want" "${@:2}"
	fi
	request=${request//'{vpc}'/$vpc}
	request=${request//'{51tags}'/$(many_tags 51)}
	printf '%s' "$request" >"$dir/request"
	code CreateVpnGateway --json "$dir/request"
}

start_server
mapfile -t rows < <(grep -v '^#' "$table")

# What exhausts the pool comes last, the others need a few addresses.
order=() last=()
for i in "${!rows[@]}"; do
	case ${rows[i]} in
	*pool_exhausted*) last+=("$i") ;;
	*) order+=("$i") ;;
	esac
done

seen=()
for i in "${order[@]}" "${last[@]}"; do
	IFS=$'\t' read -r want by prepare request <<<"${rows[i]}"
	seen[i]=$(play "$want" "$by" "$prepare" "$request")
done

printf '%-62s %-6s %s\n' CODE BY SEEN
differ=0
for i in "${!rows[@]}"; do
	IFS=$'\t' read -r want by _ <<<"${rows[i]}"
	printf '%-62s %-6s %s\n' "$want" "$by" "${seen[i]}"
	[ "${seen[i]}" = "$want" ] || differ=$((differ + 1))
done
printf '%d codes, %d differ\n' "${#rows[@]}" "$differ"
[ "$differ" -eq 0 ]
