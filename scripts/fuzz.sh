#!/usr/bin/env bash
# Runs each fuzz target for FUZZTIME (default 30s); go test takes one target at a time.
set -euo pipefail
cd "$(dirname "$0")/.."

found=0
while read -r file target; do
	found=1
	dir=./$(dirname "$file")
	echo "== $target in $dir for ${FUZZTIME:-30s}"
	go test -run '^$' -fuzz "^$target\$" -fuzztime "${FUZZTIME:-30s}" "$dir"
done < <(grep -rnoE --include='*_test.go' '^func Fuzz[A-Za-z0-9_]*' internal cmd | sed -E 's/^([^:]+):[0-9]+:func (Fuzz.*)$/\1 \2/' | sort)
[ "$found" = 1 ] || { echo "no fuzz targets found" >&2; exit 1; }
