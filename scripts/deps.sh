#!/usr/bin/env bash
# Installs what a target of the Makefile needs and this machine lacks.
#
#   scripts/deps.sh run     to build and run: Go
#   scripts/deps.sh test    to test: Go, a C compiler (race detector), Node.js and npm (client tests),
#                           and on Linux libnm and what dataplane installs
#   scripts/deps.sh dataplane  to carry packets, and to test that: strongSwan, OpenVPN, tools
#
# Debian packages are installed only when their command is missing, with apt-get, as
# root or through sudo. Go is never installed for you; the script says how.
set -euo pipefail
cd "$(dirname "$0")/.."

need_go=$(sed -n 's/^go \([0-9][0-9.]*\).*/\1/p' go.mod)

go_hint() {
	local arch os
	arch=$(uname -m); os=$(uname -s | tr '[:upper:]' '[:lower:]')
	case $arch in x86_64) arch=amd64 ;; aarch64) arch=arm64 ;; esac
	cat >&2 <<-EOF
	$1
	Gatewright needs Go $need_go or newer. This command installs it in /usr/local/go:

	    curl -fsSL https://go.dev/dl/go$need_go.$os-$arch.tar.gz | sudo sh -c 'rm -rf /usr/local/go && tar -C /usr/local -xz'

	Then run: export PATH=/usr/local/go/bin:\$PATH
	EOF
	exit 1
}

# at_least HAVE WANT compares dotted versions.
at_least() { [ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n1)" = "$2" ]; }

check_go() {
	command -v go >/dev/null || go_hint "Go is not installed."
	local have
	# Asked outside the module: inside it an old Go would refuse before it answers.
	have=$(cd / && GOTOOLCHAIN=local go env GOVERSION | sed 's/^go//; s/[^0-9.].*//')
	at_least "$have" "$need_go" && return
	# From 1.21 on, Go fetches the toolchain that go.mod names, if it may.
	if at_least "$have" 1.21 && [ "$(cd / && go env GOTOOLCHAIN)" != local ]; then
		echo "Go $have fetches Go $need_go for this module." >&2
		return
	fi
	go_hint "Go $have is too old."
}

# want COMMAND PACKAGE... notes the packages if the command is missing.
missing=()
quiet=() # services that must not begin to listen when they are installed
want() {
	local command=$1
	shift
	command -v "$command" >/dev/null || missing+=("$@")
}

install_missing() {
	[ ${#missing[@]} -gt 0 ] || return 0
	local sudo=()
	if ! command -v apt-get >/dev/null; then
		echo "Please install: ${missing[*]} (names as in Debian); this machine has no apt-get." >&2
		exit 1
	fi
	if [ "$(id -u)" -ne 0 ]; then
		command -v sudo >/dev/null || { echo "Please run as root: apt-get install ${missing[*]}" >&2; exit 1; }
		sudo=(sudo)
	fi
	echo "Installing Debian packages: ${missing[*]}" >&2
	"${sudo[@]}" apt-get update -q >&2
	local service
	for service in "${quiet[@]}"; do
		"${sudo[@]}" mkdir -p /etc/systemd/system
		"${sudo[@]}" ln -s /dev/null "/etc/systemd/system/$service"
	done
	DEBIAN_FRONTEND=noninteractive "${sudo[@]}" apt-get install -q -y --no-install-recommends "${missing[@]}" >&2
}

# want_file FILE PACKAGE... is want for what is no command.
want_file() {
	local file=$1
	shift
	[ -e "$file" ] || missing+=("$@")
}

# want_library FILE PACKAGE... is want for a shared library.
want_library() {
	local file=$1
	shift
	[ "$(uname -s)" = Linux ] || return 0
	[[ $(/sbin/ldconfig -p) == *"$file"* ]] || missing+=("$@")
}

# want_dataplane notes what gateways and their tests need. Where the distribution's
# services are new they must not begin to listen: the server starts its own daemons.
want_dataplane() {
	[ "$(uname -s)" = Linux ] || return 0
	want_file /usr/sbin/charon-systemd charon-systemd strongswan-charon
	want swanctl strongswan-swanctl
	want_file /usr/lib/ipsec/plugins/libstrongswan-kernel-libipsec.so libcharon-extra-plugins
	want_file /usr/lib/ipsec/plugins/libstrongswan-openssl.so libstrongswan-standard-plugins
	want_file /usr/lib/ipsec/plugins/libstrongswan-curve25519.so libstrongswan-extra-plugins
	want openvpn openvpn
	want ip iproute2
	want nft nftables
	want iperf3 iperf3
	want ping iputils-ping
	want nsenter util-linux
	local service
	for service in strongswan.service strongswan-starter.service openvpn.service; do
		if [ ! -e "/etc/systemd/system/$service" ] && [ ! -e "/lib/systemd/system/$service" ]; then
			quiet+=("$service")
		fi
	done
}

case ${1:-} in
run)
	check_go
	;;
test)
	check_go
	want gcc gcc libc6-dev
	want git git
	want node nodejs
	want npm npm
	want_library libnm.so.0 libnm0 # for NetworkManager's importer of profiles, which is unpacked when it is tested
	want_dataplane
	install_missing
	;;
dataplane)
	want_dataplane
	install_missing
	;;
*)
	sed -n '2,10s/^# \{0,1\}//p' "$0" >&2
	exit 2
	;;
esac
