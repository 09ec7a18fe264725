#!/bin/bash
# 60-ways.sh PEER: ways that look right and lead elsewhere: a cloud that drops what is forwarded, a processor that can
# do no more, IPv6 neighbours that are not found. Verdicts at rank 1, and fixes applied as they are printed.
. "$(dirname "$0")/lab.sh"
peer=${1:-strongswan}
# shellcheck source=tests/netns/verdicts.sh
. "$(dirname "$0")/verdicts.sh"
lab_up
diagnosed() {
	verdict "$1" "$2" ipsec --json diagnose $CONN "${@:3}"
	exactly "$2"
}
nothing() {
	run left ipsec --json diagnose $CONN >"$LAB/said"
	refuses "nothing is found" grep '"found_finding"' "$LAB/said"
}

# ---- a cloud ---------------------------------------------------------------------------

# cloud FILE TEXT...: the firmware of left has these lines for who asks; a file system in the place of its directory
cloud() {
	on left bash -eu -c '
		mkdir -p /run/class
		mount --bind /sys/class /run/class
		mount -t tmpfs class /sys/class
		mkdir -p /sys/class/net /sys/class/dmi/id
		mount --bind /run/class/net /sys/class/net
		while [ $# != 0 ]; do echo "$2" >/sys/class/dmi/id/$1; shift 2; done' cloud "$@"
}
no_cloud() { on left bash -c 'umount /sys/class/net /sys/class /run/class'; }
# the port of lpc at the fabric: what has another source than its own network does not come in
fabric() {
	on lpc nft -f - <<-X
	table netdev fabric {
		chain port { type filter hook ingress device "eth0" priority 0; ip saddr != 10.0.1.0/24 drop; }
	}
	X
}
tunnel left ours
tunnel right "$peer"
start right "$peer"
start left ours
check "up" up left ours
behind rpc ping -i 0.3 $LPC

title "in a cloud, and healthy"
cloud sys_vendor "Amazon EC2" board_asset_tag i-0123456789abcdef0
check "traffic passes" wait_for 5 ping_through 2
nothing

fault "the cloud drops what this host forwards"
fabric
refuses "traffic does not pass" ping_through 1
diagnosed cloud-source-dest-check possible
check "it says how more can be known" grep -q "diagnose $CONN --lan" "$LAB/said"
diagnosed cloud-source-dest-check likely --lan
by_hand lpc "aws ec2 modify-instance-attribute --instance-id i-0123456789abcdef0 --no-source-dest-check" nft delete table netdev fabric
cured
nothing
no_cloud

fault "the same without a cloud"
fabric
diagnosed return-path-missing-on-lan possible --lan
on lpc nft delete table netdev fabric

# ---- a processor -----------------------------------------------------------------------

# flood MEGABYTES: a second, of UDP to behind right, as long as FLOOD runs
flood() {
	on lpc taskset -c 0 python3 -c '
import socket, sys, time
s, much, begun, n = socket.socket(socket.AF_INET, socket.SOCK_DGRAM), b"x" * 28800, time.monotonic(), 0
s.setsockopt(17, 103, 1200) # UDP_SEGMENT: many at once
while True:
	ahead = n * 28800 / (float(sys.argv[2]) * 1e6) - (time.monotonic() - begun)
	if ahead > 0.002:
		time.sleep(0.001)
	try:
		s.sendto(much, (sys.argv[1], 9))
	except OSError:
		pass
	n += 1' $RPC "$1" >/dev/null 2>&1 &
	FLOOD=$!
}
# the thread that sends has a processor for itself, whatever else this machine does: what is measured is its own
alone() {
	local p
	p=$(pids left ipsec-esp)
	for t in /proc/"$p"/task/*; do [ "${t##*/}" = "$p" ] || { taskset -pc $(($(nproc) - 1)) "${t##*/}" && chrt -f -p 1 "${t##*/}"; } >/dev/null; done
}
shared() {
	local p
	p=$(pids left ipsec-esp)
	for t in /proc/"$p"/task/*; do chrt -o -p 0 "${t##*/}"; done
}
fault "3DES, and more to send than one processor can do"
tunnel left ours esp=3des-sha1
tunnel right "$peer" "child:esp_proposals = 3des-sha1"
reloaded right
reloaded left
check "up" up left ours
check "traffic passes" ping_through 1
# the peer's processor is not what is measured
drop 'iifname "left0" udp dport 4500 udp length 1220-1320'
alone
flood 60
sleep 1
diagnosed single-sa-cpu-bottleneck certain
ended $FLOOD
shared
apply
apply_peer
cured
alone
out() { on left ipsec trafficstatus | sed -n 's/.*outBytes=\([0-9]*\).*/\1/p'; }
flood 60
sleep 1
before=$(out)
nothing
check "it carried much meanwhile: $(($(out) - before)) octets" [ $(($(out) - before)) -gt 10000000 ]
ended $FLOOD
shared
no_drop

# ---- IPv6 ------------------------------------------------------------------------------

ping_through() { ping6_through "$@"; } # for cured
six() {
	tunnel left ours ts=$LEFT_NET6 peerts=$RIGHT_NET6
	tunnel right "$peer" ts=$RIGHT_NET6 peerts=$LEFT_NET6
}
# forget HOST...: what is known of neighbours, as after some minutes
forget() { for h in "$@"; do on "$h" ip -6 neigh flush all; done; }

six
reloaded right
reloaded left
check "up" up left ours
forget lpc left right rpc
check "traffic passes" wait_for 5 ping6_through 2

fault "this host's packet filter drops IPv6 neighbour discovery"
on left nft -f - <<-X
table inet own {
	chain in { type filter hook input priority 0; policy drop;
		ct state established,related accept
		iifname { "lo", "ipsec0" } accept
		udp dport { 500, 4500 } accept
		meta l4proto { icmp, esp } accept
		icmpv6 type { echo-request, echo-reply } accept
	}
}
X
forget left lpc
run rpc ping -6 -q -c 2 -i 0.2 -W 1 $LPC6
diagnosed ipv6-path-or-ndp likely
apply
cured
nothing
on left nft delete table inet own

fault "an older packet filter does"
on left bash -c 'ip6tables-legacy -P INPUT DROP
	ip6tables-legacy -A INPUT -i lo -j ACCEPT; ip6tables-legacy -A INPUT -i ipsec0 -j ACCEPT
	ip6tables-legacy -A INPUT -p ipv6-icmp --icmpv6-type 128 -j ACCEPT'
forget left lpc
run rpc ping -6 -q -c 2 -i 0.2 -W 1 $LPC6
diagnosed ipv6-path-or-ndp likely
apply
cured
on left bash -c 'ip6tables-legacy -P INPUT ACCEPT; ip6tables-legacy -F INPUT'

title "look-alike: a host is off"
run rpc ping -6 -q -c 1 -W 1 fd00:1::77
check "it is not found" wait_for 5 on left bash -c 'ip -6 neigh show fd00:1::77 | grep -q FAILED'
nothing

title "a tunnel that takes all of IPv6 leaves neighbour discovery alone"
tunnel left ours me=$LEFT6 peer=$RIGHT6 ts=$LEFT_NET6 peerts=::/0
tunnel right "$peer" me=$RIGHT6 peer=$LEFT6 ts=::/0 peerts=$LEFT_NET6
reloaded right
reloaded left
check "up" up left ours
forget left lpc router
check "neighbours are looked for on both wires, and traffic passes" ping6_through 2
found_neighbours() { # ADDRESS DEVICE...
	while [ $# != 0 ]; do
		on left ip -6 neigh show "$1" dev "$2" | grep -qE 'REACHABLE|STALE|DELAY|PROBE' || return 1
		shift 2
	done
}
check "they were found" found_neighbours 2001:db8:1::fe eth0 $LPC6 lan0

fault "what the peer is lent is of the network on our wire, and nobody answers for it"
LEASE=fd00:1::100
put left /etc/ipsec.conf <<-X
config setup
    logfile=/var/log/pluto.log
conn $CONN
    left=$LEFT
    leftid=$LEFT
    leftsubnet=$LEFT_NET6
    leftmodecfgserver=yes
    right=%any
    rightid=@warrior
    rightaddresspool=$LEASE-$LEASE
    rightmodecfgclient=yes
    narrowing=yes
    authby=secret
    auto=add
X
put left /etc/ipsec.secrets <<<"$LEFT @warrior : PSK \"$PSK\""
put right /etc/swanctl/swanctl.conf <<-X
connections { vpn {
	version = 2
	local_addrs = $RIGHT
	remote_addrs = $LEFT
	vips = ::
	local { auth = psk
		id = warrior }
	remote { auth = psk
		id = $LEFT }
	children { vpn { remote_ts = $LEFT_NET6 } }
} }
secrets { ike-vpn {
	id-1 = warrior
	id-2 = $LEFT
	secret = "$PSK" } }
X
reloaded right
reloaded left
check "the peer comes up" up right "$peer"
lease() { run lpc ping -6 -q -c 1 -W 2 $LEASE; }
check "this gateway reaches it" run left ping -6 -q -c 1 -W 2 -I fd00:1::1 $LEASE
refuses "hosts behind it do not" lease
diagnosed ipv6-path-or-ndp likely
apply
check "now they do" wait_for 5 lease
nothing
on left ip -6 neigh del proxy $LEASE dev lan0
finish
