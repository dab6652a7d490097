#!/usr/bin/env bash
# Prints the table of speeds. BENCH picks benchmarks by name; BENCHTIME how long each runs.
set -euo pipefail
cd "$(dirname "$0")/.."
exec go test -run '^$' -bench "${BENCH:-.}" -benchtime "${BENCHTIME:-1s}" -timeout 60m ./bench/...
