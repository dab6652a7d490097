#!/usr/bin/env bash
# Installs bin/gatewright with a systemd unit, below DESTDIR if that is set. The services
# that came with strongSwan and OpenVPN are stopped and disabled, so that they do not
# listen: the server starts daemons of its own. The unit is not started.
set -euo pipefail
cd "$(dirname "$0")/.."

root=${DESTDIR:-}
install -D -m 0755 bin/gatewright "$root/usr/local/bin/gatewright"
install -D -m 0644 scripts/gatewright.service "$root/etc/systemd/system/gatewright.service"
if [ ! -e "$root/etc/gatewright.toml" ]; then
	install -D -m 0600 /dev/null "$root/etc/gatewright.toml"
	echo '# Flags of gatewright serve, such as: uplink = "eth1"' >"$root/etc/gatewright.toml"
fi
if [ -n "$root" ] || [ ! -d /run/systemd/system ]; then
	echo "Installed. Here is no systemd to talk to; start it with: gatewright serve --config /etc/gatewright.toml"
	exit
fi
systemctl daemon-reload
for service in strongswan.service strongswan-starter.service openvpn.service; do
	systemctl disable --now "$service" 2>/dev/null || true # it may not be installed
done
echo "Installed. Start it with: systemctl enable --now gatewright"
