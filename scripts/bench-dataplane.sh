#!/usr/bin/env bash
# Prints the table of the data plane's speeds, as root, wholly inside namespaces of its
# own. ALONE is how many things are made one after another (default 21), TOGETHER how
# many at once (100), IDLE how many gateways without a tunnel (500), SECONDS_EACH how long
# a measurement lasts that is about time (4).
set -euo pipefail
cd "$(dirname "$0")/.."
[ "$(uname -s)" = Linux ] && [ "$(id -u)" -eq 0 ] || { echo "it needs root on Linux, for network namespaces" >&2; exit 1; }

dir=$(mktemp -d "${TMPDIR:-/tmp}/gatewright-bench-XXXXXX")
trap 'rm -rf "$dir"' EXIT
go test -c -o "$dir/speeds" ./test/dataplane
cd test/dataplane
GATEWRIGHT_SPEEDS="alone=${ALONE:-21},together=${TOGETHER:-100},idle=${IDLE:-500},seconds=${SECONDS_EACH:-4}" \
	"$dir/speeds" -test.run '^TestSpeeds$' -test.timeout 20m
