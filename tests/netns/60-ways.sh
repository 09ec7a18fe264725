#!/bin/bash
# 60-ways.sh PEER: ways that look right and lead elsewhere: two tunnels with the same networks, a cloud that drops what is
# forwarded, a processor that can do no more, IPv6 neighbours that are not found. Verdicts at rank 1, and fixes applied as
# they are printed.
export LAB_HOSTS="lpc left router right right2 rpc"
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

# ---- two tunnels with the same networks ------------------------------------------------

# Behind right and right2 is 10.0.9.0/24, whose host answers by right2, whoever asks. Userspace ESP takes that. It is
# listened to until the end: what is sent by the first one alone would be a silence of a minute.
FAR=10.0.9.33 RIGHT2=198.51.101.1
wire right2 eth0 $RIGHT2/24 2001:db8:3::1/64 router right2x 198.51.101.254/24 2001:db8:3::fe/64
wire right2 lan0 10.0.22.1/24 fd00:22::1/64 rpc eth1 10.0.22.33/24 fd00:22::33/64
gateway right2 198.51.101.254 2001:db8:3::fe
on right2 sysctl -qw net.ipv4.ip_forward=1
for h in right2 rpc; do on $h bash -c 'for f in /proc/sys/net/ipv4/conf/*/rp_filter; do echo 0 >"$f"; done'; done
own_view right2
on rpc ip addr add $FAR/32 dev lo
on rpc ip rule add from $FAR table 9
on rpc ip route add default via 10.0.22.1 table 9
on right ip route add 10.0.9.0/24 via $RPC
on right2 ip route add 10.0.9.0/24 via 10.0.22.33
# strongSwan's userspace ESP wants an address of its own in its network; other identities than the other cases have
for h in right right2; do
	on $h ip addr add 10.0.9.${#h}/32 dev lo
	tunnel $h "$peer" id=@$h peerid=@left ts=10.0.9.0/24 peerts=$LEFT_NET
	on $h sed -i 's/^\([[:space:]]*\)vpn {/\1far {/' /etc/swanctl/swanctl.conf
done
on right2 sed -i "s/ = $RIGHT$/ = $RIGHT2/" /etc/swanctl/swanctl.conf
tunnel left ours setup:plutodebug=base
for h in right=$RIGHT right2=$RIGHT2; do
	printf 'conn %s\n\tleft=%s\n\tleftid=@left\n\tleftsubnet=%s\n\tright=%s\n\trightid=@%s\n\trightsubnet=10.0.9.0/24\n\tauthby=secret\n\tauto=add\n' \
		"by-${h%=*}" $LEFT $LEFT_NET "${h#*=}" "${h%=*}"
done | on left bash -c 'cat >>/etc/ipsec.conf'
on left bash -c 'cat >>/etc/ipsec.secrets' <<<"@left : PSK \"$PSK\""
start right "$peer"
start right2 "$peer"
start left ours
title "two tunnels with the same networks, and answers by the other one"
check "the other one is up" up left ours by-right2
check "and the one that sends" up left ours by-right
run left ipsec trafficstatus
check "traffic passes" run lpc ping -q -c 2 -i 0.2 -W 2 $FAR
behind lpc ping -i 1 $FAR
BEGAN_AT=$SECONDS

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
reloaded right
reloaded left
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
check "up" up left ours # cured would take the two tunnels for it
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
if lease; then row_fix works; else row_fix FAILED; fi
nothing
on left ip -6 neigh del proxy $LEASE dev lan0

title "the two tunnels, after a minute and more"
by_right() { on left grep -E "\"by-right\" #[0-9]+: $1" /var/log/pluto.log; }
is_told() { by_right '.* packets that would be answered' && by_right '.* packets came in by "by-right2"'; }
wait_for $((BEGAN_AT + 85 - SECONDS)) is_told
check "one has heard nothing" by_right '.* packets that would be answered went out, and nothing comes in'
check "and knows why" by_right '.* packets came in by "by-right2", which has the same networks'
check "nothing is wrong with either" nothing_found
check "traffic passes" run lpc ping -q -c 2 -i 0.2 -W 2 $FAR
finish
