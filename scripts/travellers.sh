#!/usr/bin/env bash
# Runs every test that docs/scenarios.md names for SSL VPN, as root, wholly inside
# namespaces of their own, and prints a line for each scenario with what came of it, and
# what its tests have measured. It fails when one of them has.
set -uo pipefail
cd "$(dirname "$0")/.."
[ "$(uname -s)" = Linux ] && [ "$(id -u)" -eq 0 ] || { echo "it needs root on Linux, for network namespaces" >&2; exit 1; }

rows=$(awk '/^## /{on = /^## SSL VPN/} on && /^\| / && !/^\| scenario/' docs/scenarios.md)
out=$(mktemp -d "${TMPDIR:-/tmp}/gatewright-travellers-XXXXXX")
trap 'rm -rf "$out"' EXIT
failed=0
for dir in $(grep -o '`[a-z/]*\.Test' <<<"$rows" | tr -d '`' | sed 's/\.Test$//' | sort -u); do
	names=$(grep -o "\`$dir\.Test[A-Za-z0-9]*\`" <<<"$rows" | tr -d '`' | sed "s|^$dir\.||" | sort -u | paste -sd '|')
	echo "running the tests in $dir" >&2
	go test -v -count=1 -run "^($names)\$" "./$dir" >"$out/log" 2>&1 || failed=1
	sed "s|^|$dir\t|" "$out/log" >>"$out/all"
done

awk -F '\t' -v rows="$rows" '
	{ text = substr($0, length($1) + 2) }
	text ~ /^=== (RUN|NAME|CONT|PAUSE) / { split(text, word, " +"); test = word[3] == "" ? word[2] : word[3]; sub(/\/.*/, "", test) }
	text ~ /figure: / { sub(/.*figure: /, "", text); figures[$1 "." test] = figures[$1 "." test] "\n          " text }
	text ~ /^--- (PASS|FAIL|SKIP): / { split(text, word, " "); outcome[$1 "." word[3]] = substr(word[2], 1, 4) }
	END {
		n = split(rows, row, "\n")
		for (i = 1; i <= n; i++) {
			split(row[i], cell, / *\| */)
			line = "ok"; told = ""
			rest = cell[4]
			while (match(rest, /`[^`]*`/)) {
				name = substr(rest, RSTART + 1, RLENGTH - 2)
				rest = substr(rest, RSTART + RLENGTH)
				got = name in outcome ? outcome[name] : "none"
				if (got != "PASS") { line = "FAILED"; told = told "\n          " name ": " got }
				if (!(name in shown)) told = told figures[name]
				shown[name] = 1
			}
			printf "%-8s  %s%s\n", line, cell[2], told
		}
	}' "$out/all"
[ "$failed" = 0 ] || grep -h -- '_test\.go:\|--- FAIL' "$out/all" >&2
exit "$failed"
