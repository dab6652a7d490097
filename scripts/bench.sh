#!/usr/bin/env bash
# Prints the table of speeds: bench/ against a server built from this tree. Then the
# benchmarks of single packages, with MICRO=1.
#
#   SIZES     gateways per store (1000,10000,100000,1000000; the last takes about 8 GiB of memory)
#   DURATION  how long each figure is measured (5s)
set -euo pipefail
cd "$(dirname "$0")/.."
CGO_ENABLED=0 go build -trimpath -o bin/gatewright ./cmd/gatewright
go build -o bin/bench ./bench
bin/bench -sizes "${SIZES:-1000,10000,100000,1000000}" -duration "${DURATION:-5s}"
if [ -n "${MICRO:-}" ]; then
	go test -run '^$' -bench "${BENCH:-.}" -benchtime "${BENCHTIME:-1s}" -timeout 60m ./internal/...
fi
