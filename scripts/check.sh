#!/usr/bin/env bash
# The gate that make check is: each step says its name, the first failure ends it.
#
#   scripts/check.sh        with the tests of packages that are short
#   scripts/check.sh all    with all of them; they run once, with the race detector
set -euo pipefail
cd "$(dirname "$0")/.."

step() { echo "== $*"; }

# One test waits three minutes for keys to grow old. It begins first and ends beside the rest.
slow='^TestShortestLifetimes$'
waited=
if [ "${1:-}" = all ]; then
	waited=$(mktemp)
	trap 'wait; rm -f "$waited"' EXIT
	go test -race -timeout 20m -run "$slow" ./internal/ipsec >"$waited" 2>&1 &
fi

step gofmt
unformatted=$(git ls-files -z --cached --others --exclude-standard '*.go' | xargs -0 gofmt -l)
[ -z "$unformatted" ] || { printf 'not formatted, run gofmt -w:\n%s\n' "$unformatted" >&2; exit 1; }

step go vet
go vet ./...

step staticcheck
go tool -modfile=tools/go.mod staticcheck ./...

step import table
go test .

step generated files
scripts/generated.sh

# What does not build does not build with optimizations off either, and that is quicker.
for os in windows darwin; do
	step "build for $os"
	GOOS=$os CGO_ENABLED=0 go build -gcflags='all=-N -l' -o /dev/null ./cmd/gatewright
done

step races
if [ -z "$waited" ]; then
	exec go test -race -shuffle=on -short -timeout 20m ./internal/...
fi
go test -race -shuffle=on -skip "$slow" -timeout 20m ./internal/...

step the shortest lifetimes
wait $! || { cat "$waited"; exit 1; }
cat "$waited"
