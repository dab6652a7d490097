#!/usr/bin/env bash
# Installs what the demo needs, builds it and shows it; demo/doc.go says what it is.
set -euo pipefail
cd "$(dirname "$0")/.."

if [ "$(uname -s)" != Linux ] || [ "$(id -u)" != 0 ]; then
	echo "The demo makes network namespaces: it needs Linux, and root. Try: sudo env PATH=\"\$PATH\" make demo" >&2
	exit 1
fi
scripts/deps.sh dataplane
go build -o bin/demo ./demo
exec bin/demo -program bin/gatewright
