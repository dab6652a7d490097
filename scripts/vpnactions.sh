#!/usr/bin/env bash
# Lists the 39 VPN gateway actions with what a server of this tree answers to each, called
# through the vendor's Node SDK. Needs Go, Node.js, npm and curl.
#
#   scripts/vpnactions.sh [PORT]
set -euo pipefail
cd "$(dirname "$0")/.."

port=${1:-19480}
work=$(mktemp -d)
server=
cleanup() {
	[ -z "$server" ] || { kill "$server" && wait "$server"; } 2>/dev/null || true
	rm -rf "$work"
}
trap cleanup EXIT

go build -o "$work/gatewright" ./cmd/gatewright
cp test/clients/node/package.json test/clients/node/package-lock.json test/clients/node/vpnactions.js "$work"
(cd "$work" && npm ci --ignore-scripts --no-audit --no-fund --silent)

"$work/gatewright" serve --data-dir "$work/data" --dataplane off --listen "127.0.0.1:$port" --metrics-listen "" --rate-limit 0 >"$work/log" 2>&1 &
server=$!
unset http_proxy HTTP_PROXY
until curl -fsS -o /dev/null "http://127.0.0.1:$port/readyz" 2>/dev/null && [ -s "$work/data/credentials" ]; do
	kill -0 "$server" 2>/dev/null || { cat "$work/log" >&2; exit 1; }
	sleep 0.1
done
value() { sed -n "s/^$1 = //p" "$work/data/credentials"; }
node "$work/vpnactions.js" "127.0.0.1:$port" "$(value secret_id)" "$(value secret_key)"
