package peerconfig

// The languages as the tests read them: a kind of line each. They are written from the
// makers' manuals and know nothing of how the texts are made.

var iosGrammar = []rule{
	{`crypto isakmp policy 10`, ""}, {`crypto keyring ID`, ""}, {` keyring ID`, ""}, {` authentication pre-share`, ""},
	{` encryption (des|3des|aes|aes 192|aes 256|aes-cbc-\d+|aes-gcm-\d+)`, "ike.cipher"}, {` (?:hash|integrity|prf) (\w+)`, "ike.hash"}, {` group (\d+)`, "ike.group"}, {` lifetime (\d+)`, "ike.life"},
	{` pre-shared-key address (ADDR) key 0 ([^\s?]+)`, "peer.key"},
	{`crypto isakmp profile ID`, ""}, {` self-identity (?:address|fqdn)`, ""}, {` match identity (?:host|address) (WORD)(?: 255.255.255.255)?`, "remote"}, {` initiate mode (aggressive)`, "mode"}, {` keepalive \d+ retry 3`, ""},
	{`crypto ikev2 (?:proposal|policy|keyring|profile) ID`, ""}, {` proposal ID`, ""}, {` peer ID`, ""}, {`  address (ADDR)`, "peer"},
	{`  pre-shared-key (?:local|remote) 0 ([^\s?]+)`, "key"}, {` match identity remote (?:address|fqdn) (WORD)(?: 255.255.255.255)?`, "remote"}, {` identity local (?:address|fqdn) (WORD)`, "local"},
	{` authentication (?:remote|local) pre-share`, ""}, {` keyring local ID`, ""}, {` dpd \d+ 3 periodic`, ""},
	{`crypto ipsec transform-set ID (esp-gcm(?: \d+)?)`, "esp.cipher"}, {`crypto ipsec transform-set ID (esp-(?:null|des|3des|aes(?: \d+)?)) (esp-(?:md5|sha\d*)-hmac)`, "esp.both"}, {` mode tunnel`, ""},
	{`ip access-list extended ID`, ""}, {` permit ip (ADDR) (ADDR) (ADDR) (ADDR)`, "pair.wild"}, {`crypto map ID 10 ipsec-isakmp`, ""}, {` set peer (ADDR)`, "peer"}, {` match address ID`, ""},
	{` set transform-set ID`, ""}, {` set (?:isakmp|ikev2)-profile ID`, ""}, {` set pfs (group\d+)`, "esp.group"},
	{` set security-association lifetime seconds (\d+)`, "esp.life"}, {` set security-association lifetime kilobytes (\d+)`, "esp.kib"},
	{`interface (?:WORD|Tunnel10)`, ""}, {` crypto map ID`, ""}, {`crypto ipsec profile ID`, ""}, {` ip address ADDR ADDR`, ""}, {` ip unnumbered WORD`, ""}, {` ip tcp adjust-mss \d+`, ""},
	{` tunnel source WORD`, ""}, {` tunnel mode ipsec ipv4`, ""}, {` tunnel destination (ADDR)`, "peer"}, {` tunnel protection ipsec profile ID`, ""}, {`ip route (ADDR) (ADDR) Tunnel10`, "network.mask"},
}

var asaGrammar = []rule{
	{`crypto isakmp identity (?:address|hostname)`, ""}, {`crypto ikev[12] policy 10`, ""}, {` authentication pre-share`, ""}, {` encryption (\S+)`, "ike.cipher"},
	{` integrity null`, ""}, {` (?:hash|integrity|prf) ((?:md5|sha)\w*)`, "ike.hash"}, {` group (\d+)`, "ike.group"}, {` lifetime (?:seconds )?(\d+)`, "ike.life"}, {`crypto (ikev[12]) enable WORD`, "version"},
	{`crypto ipsec ikev1 transform-set ID (esp-\S+) (esp-\S+)`, "esp.both"}, {`crypto ipsec ikev2 ipsec-proposal ID`, ""}, {` protocol esp encryption (\S+)`, "esp.cipher"}, {` protocol esp integrity null`, ""}, {` protocol esp integrity ((?:md5|sha)\S*)`, "esp.hash"},
	{`tunnel-group ADDR type ipsec-l2l`, ""}, {`tunnel-group (ADDR) ipsec-attributes`, "peer"}, {` (?:ikev1|ikev2 remote-authentication|ikev2 local-authentication) pre-shared-key 0 ([^\s?]+)`, "key"},
	{` peer-id-validate nocheck`, ""}, {` isakmp keepalive (?:threshold \d+ retry 3|disable)`, ""},
	{`access-list ID extended permit ip (ADDR) (ADDR) (ADDR) (ADDR)`, "pair.mask"}, {`crypto map gatewright 10 match address ID`, ""}, {`crypto map gatewright 10 set peer (ADDR)`, "peer"},
	{`crypto map gatewright 10 set (?:ikev2 ipsec-proposal|ikev1 transform-set) ID`, ""}, {`crypto map gatewright 10 set ikev1 phase1-mode (aggressive)`, "mode"}, {`(?:crypto map gatewright 10)? set pfs (group\d+)`, "esp.group"},
	{`(?:crypto map gatewright 10)? set security-association lifetime seconds (\d+)`, "esp.life"}, {`(?:crypto map gatewright 10)? set security-association lifetime kilobytes (\d+)`, "esp.kib"}, {`crypto map gatewright interface WORD`, ""},
	{`crypto ipsec profile ID`, ""}, {` set (?:ikev2 ipsec-proposal|ikev1 transform-set) ID`, ""}, {`interface Tunnel10`, ""}, {` nameif ID`, ""}, {` ip address ADDR ADDR`, ""}, {` tunnel source interface WORD`, ""},
	{` tunnel destination (ADDR)`, "peer"}, {` tunnel mode ipsec ipv4`, ""}, {` tunnel protection ipsec profile ID`, ""}, {`route ID (ADDR) (ADDR) ADDR 1`, "network.mask"},
}

var usgGrammar = []rule{
	{`ike proposal 10`, ""}, {` encryption-algorithm (\S+)`, "ike.cipher"}, {` dh (group\d+)`, "ike.group"}, {` (?:authentication-algorithm|integrity-algorithm|prf) ((?:hmac-)?(?:md5|sha)\S*)`, "ike.hash"},
	{` authentication-method pre-share`, ""}, {` sa duration (\d+)`, "ike.life"}, {`ike peer ID`, ""}, {` undo version [12]`, ""}, {` exchange-mode (main|aggressive)`, "mode"},
	{` pre-shared-key ([^\s?"%][^\s?"]*)`, "key"}, {` ike-proposal 10`, ""}, {` (?:local|remote)-id-type (?:ip|fqdn)`, ""}, {` local-id (WORD)`, "local"}, {` remote-id (WORD)`, "remote"}, {` remote-address (ADDR)`, "peer"},
	{` dpd type periodic`, ""}, {` dpd idle-time \d+`, ""}, {`ipsec proposal ID`, ""}, {` encapsulation-mode tunnel`, ""}, {` transform esp`, ""},
	{` esp authentication-algorithm (\S+)`, "esp.hash"}, {` esp encryption-algorithm (\S+)`, "esp.cipher"}, {` ike-peer ID`, ""}, {` proposal ID`, ""}, {` pfs dh-(group\d+)`, "esp.group"},
	{` sa duration time-based (\d+)`, "esp.life"}, {` sa duration traffic-based (\d+)`, "esp.kib"}, {`acl number 3100`, ""}, {` rule \d+ permit ip source (ADDR) (ADDR) destination (ADDR) (ADDR)`, "pair.wild"},
	{`ipsec policy ID 10 isakmp`, ""}, {` security acl 3100`, ""}, {` sa trigger-mode (?:auto|traffic-based)`, ""}, {`interface (?:WORD|Tunnel10)`, ""}, {` ipsec policy ID`, ""}, {`ipsec profile ID`, ""}, {` ipsec profile ID`, ""},
	{` ip address ADDR ADDR`, ""}, {` ip address unnumbered interface WORD`, ""}, {` tunnel-protocol ipsec`, ""}, {` source WORD`, ""}, {` destination (ADDR)`, "peer"}, {`ip route-static (ADDR) (ADDR) Tunnel10`, "network.mask"},
}

var comwareGrammar = []rule{
	{`ike proposal 10`, ""}, {` authentication-method (?:local |remote )?pre-share`, ""}, {` encryption(?:-algorithm)? (\S+)`, "ike.cipher"}, {` (?:authentication-algorithm|integrity|prf) (\S+)`, "ike.hash"}, {` dh (group\d+)`, "ike.group"},
	{` sa duration (\d+)`, "ike.life"}, {`ike(?:v2)? keychain ID`, ""}, {` pre-shared-key address ADDR 255.255.255.255 key simple ([^\s?]+)`, "key"}, {`ike profile ID`, ""}, {` keychain ID`, ""}, {` exchange-mode (main|aggressive)`, "mode"},
	{` (?:local-identity|identity local) (?:address|fqdn) (WORD)`, "local"}, {` match remote identity (?:address|fqdn) (WORD)(?: 255.255.255.255)?`, "remote"}, {` proposal (?:10|ID)`, ""}, {` dpd interval \d+ periodic`, ""},
	{`ikev2 (?:proposal|policy|profile) ID`, ""}, {` peer ID`, ""}, {`  address (ADDR) 255.255.255.255`, "peer"}, {`  identity (?:address|fqdn) (WORD)`, "remote"}, {`  pre-shared-key plaintext ([^\s?]+)`, "key"},
	{`ipsec transform-set ID`, ""}, {` encapsulation-mode tunnel`, ""}, {` protocol esp`, ""}, {` esp encryption-algorithm (\S+)`, "esp.cipher"}, {` esp authentication-algorithm (\S+)`, "esp.hash"}, {` pfs dh-(group\d+)`, "esp.group"},
	{`acl advanced 3100`, ""}, {` rule \d+ permit ip source (ADDR) (ADDR) destination (ADDR) (ADDR)`, "pair.wild"}, {`ipsec policy ID 10 isakmp`, ""}, {` security acl 3100`, ""}, {` remote-address (ADDR)`, "peer"},
	{` transform-set ID`, ""}, {` (ike|ikev2)-profile ID`, ""}, {` sa duration time-based (\d+)`, "esp.life"}, {` sa duration traffic-based (\d+)`, "esp.kib"}, {` sa trigger-mode auto`, ""},
	{`interface (?:WORD|Tunnel10 mode ipsec)`, ""}, {` ipsec apply policy ID`, ""}, {`ipsec profile ID isakmp`, ""}, {` ip address ADDR ADDR`, ""}, {` ip address unnumbered interface WORD`, ""}, {` source WORD`, ""},
	{` destination (ADDR)`, "peer"}, {` tunnel protection ipsec profile ID`, ""}, {`ip route-static (ADDR) (\d+) Tunnel10`, "network.bits"},
}

var srxGrammar = []rule{
	{`set security ike proposal ID authentication-method pre-shared-keys`, ""}, {`set security ike proposal ID dh-group (group\d+)`, "ike.group"}, {`set security ike proposal ID authentication-algorithm (\S+)`, "ike.hash"},
	{`set security ike proposal ID encryption-algorithm (\S+)`, "ike.cipher"}, {`set security ike proposal ID lifetime-seconds (\d+)`, "ike.life"}, {`set security ike policy ID mode (main|aggressive)`, "mode"}, {`set security ike policy ID proposals ID`, ""},
	{`set security ike policy ID pre-shared-key ascii-text "([\w.-]+)"`, "key"}, {`set security ike policy ID pre-shared-key hexadecimal ([0-9a-f]+)`, "key.hex"},
	{`set security ike gateway ID ike-policy ID`, ""}, {`set security ike gateway ID address (ADDR)`, "peer"}, {`set security ike gateway ID external-interface WORD`, ""}, {`set security ike gateway ID version (v[12]-only)`, "version"},
	{`set security ike gateway ID local-identity (?:hostname|inet) (WORD)`, "local"}, {`set security ike gateway ID remote-identity (?:hostname|inet) (WORD)`, "remote"}, {`set security ike gateway ID dead-peer-detection (?:always-send|interval \d+|threshold 3)`, ""},
	{`set security ipsec proposal ID protocol esp`, ""}, {`set security ipsec proposal ID authentication-algorithm (\S+)`, "esp.hash"}, {`set security ipsec proposal ID encryption-algorithm (\S+)`, "esp.cipher"},
	{`set security ipsec proposal ID lifetime-seconds (\d+)`, "esp.life"}, {`set security ipsec proposal ID lifetime-kilobytes (\d+)`, "esp.kib"}, {`set security ipsec policy ID perfect-forward-secrecy keys (group\d+)`, "esp.group"}, {`set security ipsec policy ID proposals ID`, ""},
	{`set security ipsec vpn ID (?:bind-interface st0.10|ike gateway ID|ike ipsec-policy ID|establish-tunnels (?:immediately|on-traffic))`, ""}, {`set security ipsec vpn ID traffic-selector pair\d+ local-ip (NET) remote-ip (NET)`, "pair"},
	{`set interfaces st0 unit 10 family inet(?: address NET)?`, ""}, {`set routing-options static route (NET) next-hop st0.10`, "network"},
}

var panosGrammar = []rule{
	{`set network ike crypto-profiles ike-crypto-profiles ID encryption (\S+)`, "ike.cipher"}, {`set network ike crypto-profiles ike-crypto-profiles ID hash (\S+)`, "ike.hash"}, {`set network ike crypto-profiles ike-crypto-profiles ID dh-group (group\d+)`, "ike.group"},
	{`set network ike crypto-profiles ike-crypto-profiles ID lifetime seconds (\d+)`, "ike.life"}, {`set network ike crypto-profiles ike-crypto-profiles ID lifetime minutes (\d+)`, "ike.minutes"},
	{`set network ike crypto-profiles ipsec-crypto-profiles ID esp encryption (\S+)`, "esp.cipher"}, {`set network ike crypto-profiles ipsec-crypto-profiles ID esp authentication none`, ""}, {`set network ike crypto-profiles ipsec-crypto-profiles ID esp authentication (md5|sha\d+)`, "esp.hash"},
	{`set network ike crypto-profiles ipsec-crypto-profiles ID dh-group no-pfs`, ""}, {`set network ike crypto-profiles ipsec-crypto-profiles ID dh-group (group\d+)`, "esp.group"}, {`set network ike crypto-profiles ipsec-crypto-profiles ID lifetime seconds (\d+)`, "esp.life"}, {`set network ike crypto-profiles ipsec-crypto-profiles ID lifetime minutes \d+`, ""},
	{`set network ike crypto-profiles ipsec-crypto-profiles ID lifesize ([kmgt]b \d+)`, "esp.size"}, {`set network ike gateway ID authentication pre-shared-key key ([^\s"\\?;#{}\[\]|$'-][^\s"\\?;#{}\[\]|$']*)`, "key"}, {`set network ike gateway ID local-address interface WORD`, ""},
	{`set network ike gateway ID peer-address ip (ADDR)`, "peer"}, {`set network ike gateway ID (?:local|peer)-id type (?:fqdn|ipaddr)`, ""}, {`set network ike gateway ID local-id id (WORD)`, "local"}, {`set network ike gateway ID peer-id id (WORD)`, "remote"},
	{`set network ike gateway ID protocol version (ikev[12])`, "version"}, {`set network ike gateway ID protocol ikev[12] ike-crypto-profile ID`, ""}, {`set network ike gateway ID protocol ikev1 exchange-mode (main|aggressive)`, "mode"},
	{`set network ike gateway ID protocol ikev[12] dpd (?:enable (?:yes|no)|interval \d+|retry \d+)`, ""}, {`set network ike gateway ID protocol-common (?:nat-traversal enable yes|passive-mode no)`, ""},
	{`set network tunnel ipsec ID (?:auto-key ike-gateway ID|auto-key ipsec-crypto-profile ID|tunnel-interface tunnel.10)`, ""}, {`set network tunnel ipsec ID auto-key proxy-id pair\d+ local (NET) remote (NET) protocol any`, "pair"},
	{`set network interface tunnel units tunnel.10(?: ip NET)?`, ""}, {`set network virtual-router default interface tunnel.10`, ""}, {`set network virtual-router default routing-table ip static-route ID-\d+ destination (NET)`, "network"},
	{`set network virtual-router default routing-table ip static-route ID-\d+ interface tunnel.10`, ""},
}

var vyosGrammar = []rule{
	{`set vpn ipsec ike-group ID key-exchange (ikev[12])`, "version"}, {`set vpn ipsec ike-group ID mode (main|aggressive)`, "mode"}, {`set vpn ipsec ike-group ID lifetime (\d+)`, "ike.life"}, {`set vpn ipsec ike-group ID proposal 1 encryption (\S+)`, "ike.cipher"},
	{`set vpn ipsec ike-group ID proposal 1 (?:hash|prf) (\S+)`, "ike.hash"}, {`set vpn ipsec ike-group ID proposal 1 dh-group (\d+)`, "ike.group"}, {`set vpn ipsec ike-group ID dead-peer-detection (?:action (?:restart|clear)|interval \d+|timeout \d+)`, ""},
	{`set vpn ipsec esp-group ID mode tunnel`, ""}, {`set vpn ipsec esp-group ID lifetime (\d+)`, "esp.life"}, {`set vpn ipsec esp-group ID life-bytes (\d+)`, "esp.bytes"}, {`set vpn ipsec esp-group ID pfs disable`, ""}, {`set vpn ipsec esp-group ID pfs dh-(group\d+)`, "esp.group"},
	{`set vpn ipsec esp-group ID proposal 1 encryption (\S+)`, "esp.cipher"}, {`set vpn ipsec esp-group ID proposal 1 hash (\S+)`, "esp.hash"}, {`set vpn ipsec interface WORD`, ""}, {`set vpn ipsec authentication psk ID id '[^']+'`, ""},
	{`set vpn ipsec authentication psk ID secret '([\w+/=]+)'`, "key.0s"}, {`set vpn ipsec site-to-site peer ID authentication mode pre-shared-secret`, ""}, {`set vpn ipsec site-to-site peer ID authentication local-id '@?([^'"\\]+)'`, "local"},
	{`set vpn ipsec site-to-site peer ID authentication remote-id '@?([^'"\\]+)'`, "remote"}, {`set vpn ipsec site-to-site peer ID connection-type (?:initiate|none)`, ""}, {`set vpn ipsec site-to-site peer ID (?:ike-group ID|default-esp-group ID|local-address any)`, ""},
	{`set vpn ipsec site-to-site peer ID remote-address (ADDR)`, "peer"}, {`set vpn ipsec site-to-site peer ID tunnel \d+ local prefix (NET)`, "pair.local"}, {`set vpn ipsec site-to-site peer ID tunnel \d+ remote prefix (NET)`, "pair.remote"},
	{`set vpn ipsec options disable-route-autoinstall`, ""}, {`set vpn ipsec site-to-site peer ID vti (?:bind vti10|esp-group ID)`, ""}, {`set interfaces vti vti10(?: address NET)?`, ""}, {`set protocols static route (NET) interface vti10`, "network"},
}

var fortiGrammar = []rule{
	{`config (?:vpn ipsec phase[12]-interface|router static|system interface)`, ""}, {`    edit (?:"ID"|"ID-\d+"|0)`, ""}, {`    next`, ""}, {`end`, ""},
	{`        set interface "WORD"`, ""}, {`        set ike-version ([12])`, "version"}, {`        set mode (main|aggressive)`, "mode"}, {`        set remote-gw (ADDR)`, "peer"}, {`        set peertype (?:one|any)`, ""}, {`        set peerid "(WORD)"`, "remote"},
	{`        set localid-type (?:fqdn|address)`, ""}, {`        set localid "(WORD)"`, "local"}, {`        set proposal (\S+)`, "proposal"}, {`        set dhgrp (\d+)`, "group"}, {`        set keylife (\d+)`, "ike.life"},
	{`        set (?:net-device disable|nattraversal enable|dpd on-idle|dpd disable|dpd-retrycount 3|dpd-retryinterval \d+|keylife-type both|auto-negotiate enable|auto-negotiate disable|pfs enable|pfs disable|allowaccess ping)`, ""},
	{`        set psksecret "([\w.-]+)"`, "key"}, {`        set psksecret 0x([0-9a-f]+)`, "key.hex"}, {`        set phase1name "ID"`, ""}, {`        set keylifeseconds (\d+)`, "esp.life"}, {`        set keylifekbs (\d+)`, "esp.kib"},
	{`        set src-subnet (ADDR ADDR)`, "pair.local"}, {`        set dst-subnet (ADDR ADDR)`, "pair.remote"}, {`        set dst (ADDR) (ADDR)`, "network.mask"}, {`        set device "ID"`, ""}, {`        set ip ADDR 255.255.255.255`, ""}, {`        set remote-ip ADDR ADDR`, ""},
}

var swanGrammar = []rule{
	{`(?:connections|secrets) \{`, ""}, {` +(?:ID|local|remote|children|ID-\d+|ike-ID) \{`, ""}, {` *\}`, ""}, {`        version = ([12])`, "version"}, {`        aggressive = (yes|no)`, "aggressive"}, {`        remote_addrs = (ADDR)`, "peer"},
	{`        proposals = (\S+)`, "proposal"}, {`        (?:rekey_time|over_time) = (\d+)s`, "ike.parts"}, {`        (?:keyingtries = 0|mobike = no|unique = replace|dpd_delay = \d+s|dpd_timeout = \d+s)`, ""}, {`            auth = psk`, ""},
	{`            id = ([^\s#"]+|"[^\s"]+")`, "id"}, {`                local_ts = (\S+)`, "ts.local"}, {`                remote_ts = (\S+)`, "ts.remote"}, {`                esp_proposals = (\S+)`, "esp"}, {`                rekey_time = \d+s`, ""}, {`                life_time = (\d+)s`, "esp.life"},
	{`                rekey_bytes = \d+`, ""}, {`                life_bytes = (\d+)`, "esp.bytes"}, {`                (?:start_action|dpd_action) = (?:start|trap|restart)`, ""}, {`                (?:if_id_in|if_id_out|reqid) = 10`, ""},
	{`        id-(?:local|remote) = ([^\s#"]+|"[^\s"]+")`, "id"}, {`        secret = ([\w+/=]+)`, "key.0s"},
}

var libreGrammar = []rule{
	{`config setup`, ""}, {`    ikev1-policy=accept`, ""}, {`conn ID-\d+`, ""}, {`    ikev2=(yes|no)`, "v2"}, {`    aggressive=(yes|no)`, "aggressive"}, {`    (?:type=tunnel|authby=secret|left=%defaultroute|pfs=yes|pfs=no|dpddelay=\d+|dpdtimeout=\d+|dpdaction=restart|dpdaction=hold|ipsec-interface=10|auto=start|auto=ondemand)`, ""},
	{`    leftid=@?(WORD)`, "local"}, {`    right=(ADDR)`, "peer"}, {`    rightid=@?(WORD)`, "remote"}, {`    ike=(\S+)`, "proposal"}, {`    esp=(\S+)`, "esp"}, {`    ikelifetime=(\d+)s`, "ike.life"}, {`    salifetime=(\d+)s`, "esp.life"},
	{`    leftsubnet=(NET)`, "pair.local"}, {`    rightsubnet=(NET)`, "pair.remote"}, {`WORD WORD : PSK ([\w+/=]+)`, "key.0s"},
}

var routerGrammar = []rule{
	{`/ip ipsec (profile|peer|identity|proposal|policy) add (?:[a-z-]+=(?:"(?:[\w.:-]|\\[0-9A-F]{2})*"|[\w.:/-]+) ?)+`, ""},
}
