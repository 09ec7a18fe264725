#!/bin/bash
# 25-ways.sh: the kernel's ESP between us (left) and Libreswan (right, and right2 with the same network behind it): two
# tunnels with the same networks, where answers come by the other one; a tunnel that takes all of IPv6, and leaves
# neighbour discovery alone.
LAB_RIGHT=libreswan
export LAB_HOSTS="lpc left router right right2 rpc"
peer=libreswan
# shellcheck source=tests/netns/lab.sh
. "$(dirname "$0")/../netns/lab.sh"
# shellcheck source=tests/netns/verdicts.sh
. "$(dirname "$0")/../netns/verdicts.sh"
RIGHT2=198.51.101.1
lab_up

# ---- two tunnels ---------------------------------------------------------------------

wire right2 eth0 $RIGHT2/24 2001:db8:3::1/64 router right2x 198.51.101.254/24 2001:db8:3::fe/64
wire right2 lan0 10.0.2.2/24 fd00:2::2/64 rpc eth1 10.0.2.34/24 fd00:2::34/64
gateway right2 198.51.101.254 2001:db8:3::fe
on right2 sysctl -qw net.ipv4.ip_forward=1
for h in right2 rpc left; do
	on $h bash -c 'for f in /proc/sys/net/ipv4/conf/*/rp_filter; do echo 0 >"$f"; done'
done
own_view right2 libreswan
# second HOST ME NET PEER NET: the conn of the second tunnel
second() {
	on "$1" bash -c 'cat >>/etc/ipsec.conf' <<-X
	conn second
	    left=$2
	    leftsubnet=$3
	    right=$4
	    rightsubnet=$5
	    authby=secret
	    ikev2=yes
	    auto=add
	X
	on "$1" bash -c 'umask 077; cat >>/etc/ipsec.secrets' <<<"$2 $4 : PSK \"$PSK\""
}
tunnel left ours
second left $LEFT $LEFT_NET $RIGHT2 $RIGHT_NET
tunnel right libreswan
put right2 /etc/ipsec.conf <<<"config setup"
second right2 $RIGHT2 $RIGHT_NET $LEFT $LEFT_NET
start right libreswan
start right2 libreswan
start left ours

fault "two tunnels have the same networks, and the peer answers by the other one"
on rpc ip route add $LEFT_NET via 10.0.2.2 dev eth1
check "the second one is up" up left ours second
check "traffic passes" wait_for 5 ping_through 1
check "up" up left ours
refuses "traffic does not pass" ping_through 1
behind lpc ping -i 1 $RPC
verdict aws-dual-tunnel-asymmetry likely ipsec --json diagnose $CONN --through $RPC
exactly likely

# while that one is listened to
title "a tunnel takes all of IPv6"
NEXT=2001:db8:1::fe # left's way to the peer, on a wire
on left bash -c 'cat >>/etc/ipsec.conf' <<-X
	conn six
	    left=$LEFT6
	    right=$RIGHT6
	    rightsubnet=::/0
	    authby=secret
	    ikev2=yes
	    auto=add
X
on left bash -c 'cat >>/etc/ipsec.secrets' <<<"$LEFT6 $RIGHT6 : PSK \"$PSK\""
on right bash -c 'cat >>/etc/ipsec.conf' <<-X
	conn six
	    left=$RIGHT6
	    leftsubnet=::/0
	    right=$LEFT6
	    authby=secret
	    ikev2=yes
	    auto=add
X
on right bash -c 'cat >>/etc/ipsec.secrets' <<<"$LEFT6 $RIGHT6 : PSK \"$PSK\""
for h in left right; do on $h ipsec auto --rereadsecrets >/dev/null; run $h ipsec auto --add six; done
check "it is up" up left ours six
six() { run left ping -6 -q -c 2 -i 0.2 -W 3 -I $LEFT6 $RPC6; }
check "traffic passes" six
# as after some minutes, for both ends of the wire
for h in left router; do on $h ip -6 neigh flush all; done
check "and does when the neighbour has to be looked for" six
resolved() { on "$1" ip -6 neigh get "$2" dev "$3" | grep -qE 'REACHABLE|STALE|DELAY|PROBE'; }
check "it was found" resolved left $NEXT eth0
on left ip -6 neigh change $NEXT dev eth0 nud probe # asked for by its own address, from ours
sleep 2
check "it is confirmed" resolved left $NEXT eth0
run left ip -6 neigh
run left ip -6 xfrm policy
check "down" down left ours six

found_by_itself() { on left ipsec --json status | grep -q '"found_finding".*"conn":"vpn.example.com".*"aws-dual-tunnel-asymmetry"'; }
check "it is found by itself" wait_for 90 found_by_itself
run left ipsec status
apply
check "the second one has a device" on left ip link show ipsec2
up left ours
cured
run left ipsec trafficstatus
finish
