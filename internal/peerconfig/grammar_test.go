package peerconfig

// The languages as the tests read them: a kind of line each. They are written from the
// makers' manuals and know nothing of how the texts are made. Comments that carry what
// the language itself has no words for are lines of a kind, too.

// remarks are the comments that all makes have, behind what begins a comment.
func remarks(comment string) []rule {
	return []rule{
		{comment + ` The gateway pings (ADDR) from (ADDR)(?:; answer it|: give that address to an interface of this end, such as a loopback, and answer)\.(?: -->)?`, "probe"},
		{comment + ` This make renews tunnels by time alone; the gateway renews after (\d+) kilobytes, too\.(?: -->)?`, "esp.kib"},
	}
}

var iosGrammar = language(append([]rule{
	{`crypto isakmp policy 10`, ""}, {`crypto keyring ID`, ""}, {` keyring ID`, ""}, {` authentication pre-share`, ""},
	{` encryption (des|3des|aes|aes 192|aes 256|aes-cbc-\d+|aes-gcm-\d+)`, "ike.cipher"}, {` (?:hash|integrity|prf) (\w+)`, "ike.hash"}, {` group (\d+)`, "ike.group"}, {` lifetime (\d+)`, "ike.life"},
	{` pre-shared-key address (ADDR) key 0 ([^\s?]+)`, "peer,key"},
	{`crypto isakmp profile ID`, ""}, {` self-identity (address|fqdn)`, "kind.local"}, {` match identity (host) (WORD)`, "kind.remote,remote"}, {` match identity (address) (ADDR) 255\.255\.255\.255`, "kind.remote,remote"},
	{` initiate mode (aggressive)`, "mode"}, {` keepalive (\d+) retry 3`, "dpd"},
	{`crypto ikev2 (?:proposal|policy|keyring|profile) ID`, ""}, {` proposal ID`, ""}, {` peer ID`, ""}, {`  address (ADDR)`, "peer"},
	{`  pre-shared-key (?:local|remote) 0 ([^\s?]+)`, "key"}, {` match identity remote (fqdn) (WORD)`, "kind.remote,remote"}, {` match identity remote (address) (ADDR) 255\.255\.255\.255`, "kind.remote,remote"},
	{` identity local (address|fqdn) (WORD)`, "kind.local,local"},
	{` authentication (?:remote|local) pre-share`, ""}, {` keyring local ID`, ""}, {` dpd (\d+) 3 periodic`, "dpd"},
	{`crypto ipsec transform-set ID (esp-gcm(?: \d+)?)`, "esp.cipher"}, {`crypto ipsec transform-set ID (esp-(?:null|des|3des|aes(?: \d+)?)) (esp-(?:md5|sha\d*)-hmac)`, "esp.cipher,esp.hash"}, {` mode tunnel`, ""},
	{`ip access-list extended ID`, ""}, {` permit ip (ADDR) (ADDR) (ADDR) (ADDR)`, "pair.wild"}, {`crypto map ID 10 ipsec-isakmp`, ""}, {` set peer (ADDR)`, "peer"}, {` match address ID`, ""},
	{` set transform-set ID`, ""}, {` set isakmp-profile ID`, "old"}, {` set ikev2-profile ID`, "new"}, {` set pfs (group\d+)`, "esp.group"},
	{` set security-association lifetime seconds (\d+)`, "esp.life"}, {` set security-association lifetime kilobytes (\d+)`, "esp.kib"},
	{`interface (IFACE)`, "iface"}, {`interface Tunnel10`, ""}, {` crypto map ID`, ""}, {`crypto ipsec profile ID`, ""}, {` ip address (ADDR) (ADDR)`, "inner.mask"}, {` ip unnumbered (IFACE)`, "iface"}, {` ip tcp adjust-mss (\d+)`, "mss"},
	{` tunnel source (IFACE)`, "iface"}, {` tunnel mode ipsec ipv4`, ""}, {` tunnel destination (ADDR)`, "peer"}, {` tunnel protection ipsec profile ID`, ""}, {`ip route (ADDR) (ADDR) Tunnel10`, "network.mask"},
	{`! TCP segments: ip tcp adjust-mss (\d+) on the inside interface\.`, "mss"},
}, remarks("!")...))

var asaGrammar = language(append([]rule{
	{`crypto isakmp identity (address|hostname)`, "kind.local"}, {`crypto (ikev[12]) policy 10`, "version"}, {` authentication pre-share`, ""}, {` encryption (\S+)`, "ike.cipher"},
	{` integrity null`, ""}, {` (?:hash|integrity|prf) ((?:md5|sha)\w*)`, "ike.hash"}, {` group (\d+)`, "ike.group"}, {` lifetime (?:seconds )?(\d+)`, "ike.life"}, {`crypto (ikev[12]) enable (IFACE)`, "version,iface"},
	{`crypto ipsec (ikev1) transform-set ID (esp-\S+) (esp-\S+)`, "version,esp.cipher,esp.hash"}, {`crypto ipsec (ikev2) ipsec-proposal ID`, "version"}, {` protocol esp encryption (\S+)`, "esp.cipher"}, {` protocol esp integrity null`, ""}, {` protocol esp integrity ((?:md5|sha)\S*)`, "esp.hash"},
	{`tunnel-group (ADDR) type ipsec-l2l`, "peer"}, {`tunnel-group (ADDR) ipsec-attributes`, "peer"}, {` (ikev1) pre-shared-key 0 ([^\s?]+)`, "version,key"}, {` (ikev2) (?:remote|local)-authentication pre-shared-key 0 ([^\s?]+)`, "version,key"},
	{` peer-id-validate nocheck`, ""}, {` isakmp keepalive threshold (\d+) retry 3`, "dpd"}, {` isakmp keepalive (disable)`, "dpd"},
	{`access-list ID extended permit ip (ADDR) (ADDR) (ADDR) (ADDR)`, "pair.mask"}, {`crypto map gatewright 10 match address ID`, ""}, {`crypto map gatewright 10 set peer (ADDR)`, "peer"},
	{`(?:crypto map gatewright 10)? set (ikev2) ipsec-proposal ID`, "version"}, {`(?:crypto map gatewright 10)? set (ikev1) transform-set ID`, "version"},
	{`crypto map gatewright 10 set (ikev1) phase1-mode (aggressive) (group[125])`, "version,mode,ike.group"}, {` (responder-only)`, "mode"}, {`(?:crypto map gatewright 10)? set pfs (group\d+)`, "esp.group"},
	{`(?:crypto map gatewright 10)? set security-association lifetime seconds (\d+)`, "esp.life"}, {`(?:crypto map gatewright 10)? set security-association lifetime kilobytes (\d+)`, "esp.kib"}, {`crypto map gatewright interface (IFACE)`, "iface"},
	{`crypto ipsec profile ID`, ""}, {`interface Tunnel10`, ""}, {` nameif ID`, ""}, {` ip address (ADDR) (ADDR)`, "inner.mask"}, {` tunnel source interface (IFACE)`, "iface"},
	{` tunnel destination (ADDR)`, "peer"}, {` tunnel mode ipsec ipv4`, ""}, {` tunnel protection ipsec profile ID`, ""}, {`route ID (ADDR) (ADDR) (ADDR) 1`, "network.mask,hop"}, {`sysopt connection tcpmss (\d+)`, "mss"},
}, remarks("!")...))

var usgGrammar = language(append([]rule{
	{`ike proposal 10`, ""}, {` encryption-algorithm (\S+)`, "ike.cipher"}, {` dh (group\d+)`, "ike.group"}, {` (?:authentication-algorithm|integrity-algorithm|prf) ((?:hmac-)?(?:md5|sha)\S*)`, "ike.hash"},
	{` authentication-method pre-share`, ""}, {` sa duration (\d+)`, "ike.life"}, {`ike peer ID`, ""}, {` undo version ([12])`, "unversion"}, {` exchange-mode (main|aggressive)`, "mode"},
	{` pre-shared-key ([^\s?"%][^\s?"]*)`, "key"}, {` ike-proposal 10`, ""}, {` local-id-type (ip|fqdn)`, "kind.local"}, {` remote-id-type (ip|fqdn)`, "kind.remote"}, {` local-id (WORD)`, "local"}, {` remote-id (WORD)`, "remote"}, {` remote-address (ADDR)`, "peer"},
	{` dpd type periodic`, ""}, {` dpd idle-time (\d+)`, "dpd"}, {`ipsec proposal ID`, ""}, {` encapsulation-mode tunnel`, ""}, {` transform esp`, ""},
	{` esp authentication-algorithm (\S+)`, "esp.hash"}, {` esp encryption-algorithm (\S+)`, "esp.cipher"}, {` ike-peer ID`, ""}, {` proposal ID`, ""}, {` pfs dh-(group\d+)`, "esp.group"},
	{` sa duration time-based (\d+)`, "esp.life"}, {` sa duration traffic-based (\d+)`, "esp.kib"}, {`acl number 3100`, ""}, {` rule (\d+) permit ip source (ADDR) (ADDR) destination (ADDR) (ADDR)`, "label,pair.wild"},
	{`ipsec policy ID 10 isakmp`, ""}, {` security acl 3100`, ""}, {` sa trigger-mode (auto|traffic-based)`, "start"}, {`interface (IFACE)`, "iface"}, {`interface Tunnel10`, ""}, {` ipsec policy ID`, ""}, {`ipsec profile ID`, ""}, {` ipsec profile ID`, ""},
	{` ip address (ADDR) (ADDR)`, "inner.mask"}, {` ip address unnumbered interface (IFACE)`, "iface"}, {` tunnel-protocol ipsec`, ""}, {` service-manage (ping) permit`, "ping"}, {` source (IFACE)`, "iface"}, {` destination (ADDR)`, "peer"}, {`ip route-static (ADDR) (ADDR) Tunnel10`, "network.mask"},
	{`firewall zone untrust`, ""}, {` add interface Tunnel10`, ""}, {`(?:security|nat)-policy`, ""}, {` rule name ID(?:-ike)?(?:-in|-out)?`, ""}, {` rule move ID top`, ""},
	{`  (?:source|destination)-zone (?:trust|untrust|local)`, ""}, {`  (?:source|destination)-address ADDR mask ADDR`, ""}, {`  action (?:permit|no-nat)`, ""}, // see finishUSG
	{`# TCP segments: firewall tcp-mss (\d+), or tcp adjust-mss on the inside interface, as the release has it\.`, "mss"},
}, remarks("#")...))

var comwareGrammar = language(append([]rule{
	{`ike proposal 10`, ""}, {` authentication-method (?:local |remote )?pre-share`, ""}, {` encryption(?:-algorithm)? (\S+)`, "ike.cipher"}, {` (?:authentication-algorithm|integrity|prf) (\S+)`, "ike.hash"}, {` dh (group\d+)`, "ike.group"},
	{` sa duration (\d+)`, "ike.life"}, {`ike(?:v2)? keychain ID`, ""}, {` pre-shared-key address (ADDR) 255\.255\.255\.255 key simple ([^\s?]+)`, "peer,key"}, {`ike profile ID`, ""}, {` keychain ID`, ""}, {` exchange-mode (main|aggressive)`, "mode"},
	{` (?:local-identity|identity local) (address|fqdn) (WORD)`, "kind.local,local"}, {` match remote identity (address) (ADDR) 255\.255\.255\.255`, "kind.remote,remote"}, {` match remote identity (fqdn) (WORD)`, "kind.remote,remote"}, {` proposal (?:10|ID)`, ""}, {` dpd interval (\d+) periodic`, "dpd"},
	{`ikev2 (?:proposal|policy|profile) ID`, ""}, {` peer ID`, ""}, {`  address (ADDR) 255\.255\.255\.255`, "peer"}, {`  identity (address|fqdn) (WORD)`, "kind.remote,remote"}, {`  pre-shared-key plaintext ([^\s?]+)`, "key"},
	{`ipsec transform-set ID`, ""}, {` encapsulation-mode tunnel`, ""}, {` protocol esp`, ""}, {` esp encryption-algorithm (\S+)`, "esp.cipher"}, {` esp authentication-algorithm (\S+)`, "esp.hash"}, {` pfs dh-(group\d+)`, "esp.group"},
	{`acl advanced 3100`, ""}, {` rule (\d+) permit ip source (ADDR) (ADDR) destination (ADDR) (ADDR)`, "label,pair.wild"}, {`ipsec policy ID 10 isakmp`, ""}, {` security acl 3100`, ""}, {` remote-address (ADDR)`, "peer"},
	{` transform-set ID`, ""}, {` (ike|ikev2)-profile ID`, "version"}, {` sa duration time-based (\d+)`, "esp.life"}, {` sa duration traffic-based (\d+)`, "esp.kib"}, {` sa trigger-mode (auto)`, "start"},
	{`interface (IFACE)`, "iface"}, {`interface Tunnel10 mode ipsec`, ""}, {` ipsec apply policy ID`, ""}, {`ipsec profile ID isakmp`, ""}, {` ip address (ADDR) (ADDR)`, "inner.mask"}, {` ip address unnumbered interface (IFACE)`, "iface"}, {` tcp mss (\d+)`, "mss"}, {` source (IFACE)`, "iface"},
	{` destination (ADDR)`, "peer"}, {` tunnel protection ipsec profile ID`, ""}, {`ip route-static (ADDR) (\d+) Tunnel10`, "network.bits"},
	{`# TCP segments: tcp mss (\d+) on the inside interface\.`, "mss"},
}, remarks("#")...))

var srxGrammar = language(append([]rule{
	{`set security ike proposal ID authentication-method pre-shared-keys`, ""}, {`set security ike proposal ID dh-group (group\d+)`, "ike.group"}, {`set security ike proposal ID authentication-algorithm (\S+)`, "ike.hash"},
	{`set security ike proposal ID encryption-algorithm (\S+)`, "ike.cipher"}, {`set security ike proposal ID lifetime-seconds (\d+)`, "ike.life"}, {`set security ike policy ID mode (main|aggressive)`, "mode"}, {`set security ike policy ID proposals ID`, ""},
	{`set security ike policy ID pre-shared-key ascii-text "([\w.-]+)"`, "key"}, {`set security ike policy ID pre-shared-key hexadecimal ([0-9a-f]+)`, "key.hex"},
	{`set security ike gateway ID ike-policy ID`, ""}, {`set security ike gateway ID address (ADDR)`, "peer"}, {`set security ike gateway ID external-interface (IFACE)`, "iface"}, {`set security ike gateway ID version (v[12]-only)`, "version"},
	{`set security ike gateway ID local-identity (hostname|inet) (WORD)`, "kind.local,local"}, {`set security ike gateway ID remote-identity (hostname|inet) (WORD)`, "kind.remote,remote"}, {`set security ike gateway ID dead-peer-detection (?:always-send|threshold 3)`, ""}, {`set security ike gateway ID dead-peer-detection interval (\d+)`, "dpd"},
	{`set security ipsec proposal ID protocol esp`, ""}, {`set security ipsec proposal ID authentication-algorithm (\S+)`, "esp.hash"}, {`set security ipsec proposal ID encryption-algorithm (\S+)`, "esp.cipher"},
	{`set security ipsec proposal ID lifetime-seconds (\d+)`, "esp.life"}, {`set security ipsec proposal ID lifetime-kilobytes (\d+)`, "esp.kib"}, {`set security ipsec policy ID perfect-forward-secrecy keys (group\d+)`, "esp.group"}, {`set security ipsec policy ID proposals ID`, ""},
	{`set security ipsec vpn ID (?:bind-interface st0\.10|ike gateway ID|ike ipsec-policy ID)`, ""}, {`set security ipsec vpn ID establish-tunnels (immediately|on-traffic)`, "start"}, {`set security ipsec vpn ID traffic-selector pair(\d+) local-ip (NET) remote-ip (NET)`, "label,pair"},
	{`set interfaces st0 unit 10 family inet`, ""}, {`set interfaces st0 unit 10 family inet address (NET)`, "inner"}, {`set routing-options static route (NET) next-hop st0\.10`, "network"}, {`set security flow tcp-mss ipsec-vpn mss (\d+)`, "mss"},
	{`set security zones security-zone ID interfaces st0\.10(?: host-inbound-traffic protocols bgp)?`, ""}, {`set security zones security-zone ID interfaces st0\.10 host-inbound-traffic system-services (ping)`, "ping"},
}, remarks("#")...))

var panosGrammar = language(append([]rule{
	{`set network ike crypto-profiles ike-crypto-profiles ID encryption (\S+)`, "ike.cipher"}, {`set network ike crypto-profiles ike-crypto-profiles ID hash (\S+)`, "ike.hash"}, {`set network ike crypto-profiles ike-crypto-profiles ID dh-group (group\d+)`, "ike.group"},
	{`set network ike crypto-profiles ike-crypto-profiles ID lifetime seconds (\d+)`, "ike.life"}, {`set network ike crypto-profiles ike-crypto-profiles ID lifetime minutes (\d+)`, "ike.minutes"},
	{`set network ike crypto-profiles ipsec-crypto-profiles ID esp encryption (\S+)`, "esp.cipher"}, {`set network ike crypto-profiles ipsec-crypto-profiles ID esp authentication none`, ""}, {`set network ike crypto-profiles ipsec-crypto-profiles ID esp authentication (md5|sha\d+)`, "esp.hash"},
	{`set network ike crypto-profiles ipsec-crypto-profiles ID dh-group no-pfs`, ""}, {`set network ike crypto-profiles ipsec-crypto-profiles ID dh-group (group\d+)`, "esp.group"}, {`set network ike crypto-profiles ipsec-crypto-profiles ID lifetime seconds (\d+)`, "esp.life"}, {`set network ike crypto-profiles ipsec-crypto-profiles ID lifetime minutes (\d+)`, "esp.minutes"},
	{`set network ike crypto-profiles ipsec-crypto-profiles ID lifesize ([kmgt]b \d+)`, "esp.size"}, {`set network ike gateway ID authentication pre-shared-key key ([^\s"\\?;#{}\[\]|$'-][^\s"\\?;#{}\[\]|$']*)`, "key"}, {`set network ike gateway ID local-address interface (IFACE)`, "iface"},
	{`set network ike gateway ID peer-address ip (ADDR)`, "peer"}, {`set network ike gateway ID local-id type (fqdn|ipaddr)`, "kind.local"}, {`set network ike gateway ID peer-id type (fqdn|ipaddr)`, "kind.remote"}, {`set network ike gateway ID local-id id (WORD)`, "local"}, {`set network ike gateway ID peer-id id (WORD)`, "remote"},
	{`set network ike gateway ID protocol version (ikev[12])`, "version"}, {`set network ike gateway ID protocol (ikev[12]) ike-crypto-profile ID`, "version"}, {`set network ike gateway ID protocol ikev1 exchange-mode (main|aggressive)`, "mode"},
	{`set network ike gateway ID protocol (ikev[12]) dpd enable yes`, "version"}, {`set network ike gateway ID protocol (ikev[12]) dpd enable (no)`, "version,dpd"}, {`set network ike gateway ID protocol (ikev[12]) dpd (?:interval|retry) (\d+)`, "version,dpd"},
	{`set network ike gateway ID protocol-common (?:nat-traversal enable yes|passive-mode no)`, ""},
	{`set network tunnel ipsec ID (?:auto-key ike-gateway ID|auto-key ipsec-crypto-profile ID|tunnel-interface tunnel\.10)`, ""}, {`set network tunnel ipsec ID auto-key proxy-id pair(\d+) local (NET) remote (NET) protocol any`, "label,pair"},
	{`set network interface tunnel units tunnel\.10`, ""}, {`set network interface tunnel units tunnel\.10 ip (NET)`, "inner"}, {`set network interface tunnel units tunnel\.10 mtu (\d+)`, "mtu"}, {`set network virtual-router default interface tunnel\.10`, ""},
	{`set network profiles interface-management-profile ID (ping) yes`, "ping"}, {`set network interface tunnel units tunnel\.10 interface-management-profile ID`, ""}, {`set zone ID network layer3 tunnel\.10`, ""},
	{`set network virtual-router default routing-table ip static-route ID-(\d+) destination (NET)`, "label,network"}, {`set network virtual-router default routing-table ip static-route ID-(\d+) interface tunnel\.10`, "label"},
}, remarks("#")...))

var vyosGrammar = language(append([]rule{
	{`set vpn ipsec ike-group ID key-exchange (ikev[12])`, "version"}, {`set vpn ipsec ike-group ID mode (main|aggressive)`, "mode"}, {`set vpn ipsec ike-group ID lifetime (\d+)`, "ike.life"}, {`set vpn ipsec ike-group ID proposal 1 encryption (\S+)`, "ike.cipher"},
	{`set vpn ipsec ike-group ID proposal 1 (?:hash|prf) (\S+)`, "ike.hash"}, {`set vpn ipsec ike-group ID proposal 1 dh-group (\d+)`, "ike.group"},
	{`set vpn ipsec ike-group ID dead-peer-detection action (restart|clear)`, "dpd.action"}, {`set vpn ipsec ike-group ID dead-peer-detection interval (\d+)`, "dpd"}, {`set vpn ipsec ike-group ID dead-peer-detection timeout (\d+)`, "dpd.timeout"},
	{`set vpn ipsec esp-group ID mode tunnel`, ""}, {`set vpn ipsec esp-group ID lifetime (\d+)`, "esp.life"}, {`set vpn ipsec esp-group ID life-bytes (\d+)`, "esp.bytes"}, {`set vpn ipsec esp-group ID pfs disable`, ""}, {`set vpn ipsec esp-group ID pfs dh-(group\d+)`, "esp.group"},
	{`set vpn ipsec esp-group ID proposal 1 encryption (\S+)`, "esp.cipher"}, {`set vpn ipsec esp-group ID proposal 1 hash (\S+)`, "esp.hash"}, {`set vpn ipsec interface (IFACE)`, "iface"}, {`set vpn ipsec authentication psk ID id '(@?)([^'"\\]+)'`, "psk.kind,psk.id"},
	{`set vpn ipsec authentication psk ID secret '([\w+/=]+)'`, "key.0s"}, {`set vpn ipsec site-to-site peer ID authentication mode pre-shared-secret`, ""}, {`set vpn ipsec site-to-site peer ID authentication local-id '(@?)([^'"\\]+)'`, "kind.local,local"},
	{`set vpn ipsec site-to-site peer ID authentication remote-id '(@?)([^'"\\]+)'`, "kind.remote,remote"}, {`set vpn ipsec site-to-site peer ID connection-type (initiate|respond)`, "start"}, {`set vpn ipsec site-to-site peer ID (?:ike-group ID|default-esp-group ID|local-address any)`, ""},
	{`set vpn ipsec site-to-site peer ID remote-address (ADDR)`, "peer"}, {`set vpn ipsec site-to-site peer ID tunnel (\d+) local prefix (NET)`, "label,pair.local"}, {`set vpn ipsec site-to-site peer ID tunnel (\d+) remote prefix (NET)`, "label,pair.remote"},
	{`set vpn ipsec options disable-route-autoinstall`, ""}, {`set vpn ipsec site-to-site peer ID vti (?:bind vti10|esp-group ID)`, ""}, {`set interfaces vti vti10`, ""}, {`set interfaces vti vti10 address (NET)`, "inner"}, {`set interfaces vti vti10 ip adjust-mss (\d+)`, "mss"}, {`set protocols static route (NET) interface vti10`, "network"},
	{`# TCP segments: set interfaces ethernet eth1 ip adjust-mss (\d+), with your inside interface\.`, "mss"},
}, remarks("#")...))

var fortiGrammar = language(append([]rule{
	{`config (?:router static|system interface)`, ""}, {`config vpn ipsec phase([12])-interface`, "label"}, {`    edit (?:"ID"|0)`, ""}, {`    edit "ID-(\d+)"`, "label"}, {`    next`, ""}, {`end`, ""},
	{`        set interface "(IFACE)"`, "iface"}, {`        set ike-version ([12])`, "version"}, {`        set mode (main|aggressive)`, "mode"}, {`        set remote-gw (ADDR)`, "peer"}, {`        set peertype (?:one|any)`, ""}, {`        set peerid "(WORD)"`, "remote"},
	{`        set localid-type (fqdn|address)`, "kind.local"}, {`        set localid "(WORD)"`, "local"}, {`        set proposal (\S+)`, "proposal"}, {`        set dhgrp (\d+)`, "group"}, {`        set keylife (\d+)`, "ike.life"},
	{`        set (?:net-device disable|nattraversal enable|dpd on-idle|dpd-retrycount 3|keylife-type both|pfs enable|pfs disable)`, ""}, {`        set dpd (disable)`, "dpd"}, {`        set dpd-retryinterval (\d+)`, "dpd"}, {`        set auto-negotiate (enable|disable)`, "start"}, {`        set allowaccess (ping)`, "ping"},
	{`        set psksecret "([\w.-]+)"`, "key"}, {`        set psksecret 0x([0-9a-f]+)`, "key.hex"}, {`        set phase1name "ID"`, ""}, {`        set keylifeseconds (\d+)`, "esp.life"}, {`        set keylifekbs (\d+)`, "esp.kib"},
	{`        set src-subnet (ADDR) (ADDR)`, "pair.local.mask"}, {`        set dst-subnet (ADDR) (ADDR)`, "pair.remote.mask"}, {`        set dst (ADDR) (ADDR)`, "network.mask"}, {`        set device "ID"`, ""},
	{`        set ip (ADDR) 255\.255\.255\.255`, "forti.ip"}, {`        set remote-ip (ADDR) (ADDR)`, "forti.far,forti.mask"}, {`        set tcp-mss (\d+)`, "mss"},
}, remarks("#")...))

var swanGrammar = language(append([]rule{
	{`(?:connections|secrets) \{`, ""}, {` +(?:ID|local|remote|children|ike-ID) \{`, ""}, {` +ID-(\d+) \{`, "label"}, {` *\}`, ""}, {`        version = ([12])`, "version"}, {`        aggressive = (yes|no)`, "mode"}, {`        remote_addrs = (ADDR)`, "peer"},
	{`        proposals = (\S+)`, "proposal"}, {`        (?:rekey_time|over_time) = (\d+)s`, "ike.parts"}, {`        (?:keyingtries = 0|mobike = no|unique = replace)`, ""}, {`        dpd_delay = (\d+)s`, "dpd"}, {`        dpd_timeout = (\d+)s`, "dpd.timeout"}, {`            auth = psk`, ""},
	{`            id = ([^\s#"]+|"[^\s"]+")`, "id"}, {`                local_ts = (\S+)`, "ts.local"}, {`                remote_ts = (\S+)`, "ts.remote"}, {`                esp_proposals = (\S+)`, "esp"}, {`                rekey_time = (\d+)s`, "esp.rekey"}, {`                life_time = (\d+)s`, "esp.life"},
	{`                rekey_bytes = (\d+)`, "esp.rekey.bytes"}, {`                life_bytes = (\d+)`, "esp.bytes"}, {`                start_action = (start|trap)`, "start"}, {`                dpd_action = (trap|restart)`, "dpd.action"}, {`                (?:if_id_in|if_id_out|reqid) = 10`, ""},
	{`        id-(?:local|remote) = ([^\s#"]+|"[^\s"]+")`, "id"}, {`        secret = ([\w+/=]+)`, "key.0s"},
	{`# Traffic leaves by (IFACE)\.`, "iface"}, {`# Traffic leaves by (IFACE)\. Allow UDP 500, UDP 4500 and ESP from (ADDR) there, and on interface IPsec what comes from the gateway\.`, "iface,peer"},
	{`# TCP segments: iptables -t mangle -A FORWARD (-[oi] ipsec10|-m policy --pol ipsec --dir (?:in|out)) -p tcp --tcp-flags SYN,RST SYN -j TCPMSS --set-mss (\d+)`, "label,mss"}, {`# TCP segments: add a normalization rule on interface IPsec with a maximum MSS of (\d+)\.`, "mss"}, {`# ip route add (NET) dev ipsec10`, "network"}, {`# ip address add (NET) dev ipsec10`, "inner"},
}, remarks("#")...))

var libreGrammar = language(append([]rule{
	{`config setup`, ""}, {`    ikev1-policy=accept`, ""}, {`conn ID-(\d+)`, "label"}, {`    ikev2=(yes|no)`, "version"}, {`    aggressive=(yes|no)`, "mode"}, {`    (?:type=tunnel|authby=secret|left=%defaultroute|ipsec-interface=10)`, ""}, {`    pfs=(yes|no)`, "pfs"},
	{`    dpddelay=(\d+)`, "dpd"}, {`    dpdtimeout=(\d+)`, "dpd.timeout"}, {`    dpdaction=(restart|hold)`, "dpd.action"}, {`    auto=(start|ondemand)`, "start"},
	{`    leftid=(@?)(WORD)`, "kind.local,local"}, {`    right=(ADDR)`, "peer"}, {`    rightid=(@?)(WORD)`, "kind.remote,remote"}, {`    ike=(\S+)`, "proposal"}, {`    esp=(\S+)`, "esp"}, {`    ikelifetime=(\d+)s`, "ike.life"}, {`    salifetime=(\d+)s`, "esp.life"},
	{`    leftsubnet=(NET)`, "pair.local"}, {`    rightsubnet=(NET)`, "pair.remote"}, {`(@?)([^\s@"]\S*) (@?)([^\s@"]\S*) : PSK ([\w+/=]+)`, "kind.local,local,kind.remote,remote,key.0s"},
	{`# Libreswan, for connection ID: two files\. Traffic leaves by (IFACE)\.`, "iface"}, {`# TCP segments: iptables -t mangle -A FORWARD (-[oi] ipsec10|-m policy --pol ipsec --dir (?:in|out)) -p tcp --tcp-flags SYN,RST SYN -j TCPMSS --set-mss (\d+)`, "label,mss"}, {`# ip route add (NET) dev ipsec10`, "network"}, {`# ip address add (NET) dev ipsec10`, "inner"},
	{`# The gateway renews after (\d+) kilobytes, too; from Libreswan 5 on this end can: add ipsec-max-bytes=(\d+) to each conn\.`, "esp.kib,esp.bytes"},
}, remarks("#")...))

// RouterOS has \XX for a byte inside quotes.
const routerText1 = `((?:[\w.-]|\\[0-9A-F]{2})*)`

var routerGrammar = language(append([]rule{
	{`/ip ipsec profile add name=ID enc-algorithm=(\S+) hash-algorithm=(\S+) dh-group=(\S+) lifetime=(\d+)s nat-traversal=yes dpd-interval=(\d+)s dpd-maximum-failures=3`, "ike.cipher,ike.hash,ike.group,ike.life,dpd"},
	{`/ip ipsec profile add name=ID enc-algorithm=(\S+) hash-algorithm=(\S+) dh-group=(\S+) lifetime=(\d+)s nat-traversal=yes dpd-interval=(disable)-dpd`, "ike.cipher,ike.hash,ike.group,ike.life,dpd"},
	{`/ip ipsec peer add name=ID address=(ADDR)/32 exchange-mode=(ike2) profile=ID`, "peer,version"}, {`/ip ipsec peer add name=ID address=(ADDR)/32 exchange-mode=(main|aggressive) profile=ID`, "peer,mode"},
	{`/ip ipsec identity add peer=ID auth-method=pre-shared-key secret="` + routerText1 + `" my-id="?(address:|fqdn:)` + routerText1 + `"? remote-id="?(address:|fqdn:)` + routerText1 + `"?`, "key.router,kind.local,local.router,kind.remote,remote.router"},
	{`/ip ipsec proposal add name=ID auth-algorithms=(\S+) enc-algorithms=(\S+) lifetime=(\d+)s pfs-group=(\S+)`, "esp.auth,esp.cipher,esp.life,esp.pfs"},
	{`/ip ipsec policy add peer=ID tunnel=yes src-address=(NET) dst-address=(NET) proposal=ID level=unique`, "pair"},
	{`/ip firewall mangle add chain=forward action=change-mss new-mss=(\d+) protocol=tcp tcp-flags=syn tcp-mss=(\d+)-65535 ipsec-policy=(in|out),ipsec comment=ID`, "mss,mss.above,label"},
	{`# MikroTik RouterOS, for connection ID\. Traffic leaves by (IFACE)\.`, "iface"},
}, remarks("#")...))

var pfGrammar = language(append([]rule{
	{` *<[^!].*>`, ""}, // see finishPfSense
	{`<!-- (NET) -->`, "network"}, {`<!-- TCP segments: set Maximum MSS to (\d+) in System, Advanced, Firewall and NAT\. -->`, "mss"},
}, remarks("<!--")...))
