#!/usr/bin/env bash
# Prints the table of speeds. SIZES is how many gateways each store holds (default
# 1000,10000,100000,1000000), DURATION how long each figure is measured (5s).
set -euo pipefail
cd "$(dirname "$0")/.."
exec go run ./bench -binary bin/gatewright ${SIZES:+-sizes "$SIZES"} ${DURATION:+-duration "$DURATION"}
