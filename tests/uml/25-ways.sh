#!/bin/bash
# 25-ways.sh: the kernel's ESP between us (left) and Libreswan (right, and right2 with the same network behind it): two
# tunnels with the same networks, where answers come by the other one.
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
found_by_itself() { on left ipsec --json status | grep -q '"found_finding".*"conn":"vpn.example.com".*"aws-dual-tunnel-asymmetry"'; }
check "it is found by itself" wait_for 90 found_by_itself
run left ipsec status
apply
check "the second one has a device" on left ip link show ipsec2
up left ours
cured
run left ipsec trafficstatus
finish
