#!/usr/bin/env bash
# Runs go generate and fails if that changed a file: generated files are committed,
# and must be what their generators make.
set -euo pipefail
cd "$(dirname "$0")/.."

# state prints a checksum and name of every file that git tracks or would track.
state() { git ls-files -z --cached --others --exclude-standard | sort -z | xargs -0 sha256sum 2>/dev/null || true; }

before=$(state)
go generate ./...
after=$(state)
if [ "$before" != "$after" ]; then
	echo "go generate changed these files; look at the difference and commit it:" >&2
	diff <(echo "$before") <(echo "$after") | sed -n 's/^[<>] [0-9a-f]* */    /p' | sort -u >&2
	exit 1
fi
