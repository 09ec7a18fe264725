#!/bin/bash
# Tunnels with an xfrm interface (ipsec-interface=), with Libreswan as the peer: made, shared and gone with
# the connections that name it, after a crash as well; addresses, routes, leases; what somebody else made
# is used or refused, and left. Needs tests/uml/run -q: User-Mode Linux has no such interfaces.
# shellcheck source=tests/netns/lab.sh
LAB_RIGHT=libreswan
. "$(dirname "$0")/../netns/lab.sh"
# shellcheck source=tests/uml/device.sh
. "$(dirname "$0")/device.sh"
lab_up
NAME=vpn.example.com

# no_device HOST: none of ours, and nothing else of ours that belongs to one
no_device() {
	local out
	out=$(on "$1" ip -o link show group 901664
		on "$1" ip route show table 220 2>/dev/null; on "$1" ip rule | grep 220
		on "$1" ip xfrm state | grep 'proto esp'; on "$1" ip xfrm policy | grep -E '^src [0-9]' | grep -v 'src 0.0.0.0/0 dst 0.0.0.0/0 $'
		on "$1" ip addr | grep -E 'inet (10\.99|100\.64)\.')
	[ -z "$out" ] || { printf '%s\n' "$out"; return 1; }
}
# anew HOST KIND [LINE...]: another configuration of tunnel(), loaded
anew() {
	on "$1" ipsec auto --delete $NAME >/dev/null 2>&1
	tunnel "$@"
	[ "$2" = libreswan ] || on "$1" chmod 600 /etc/ipsec.conf
	check "$1 loads it" run "$1" ipsec auto --add $NAME
}
gone_again() {
	check "deleted" run left ipsec auto --delete $NAME
	check "nothing is left" wait_for 8 no_device left
}

title "somebody else's"
check "an xfrm interface" on left ip link add ipsec9 type xfrm dev eth0 if_id 99
before=$(on left ip -d link show ipsec9)

title "a tunnel with a device"
tunnel left ours ipsec-interface=yes leftinterface-ip=10.99.0.1/24
tunnel right libreswan
start right libreswan
start left ours
refuses "none before it is needed" has_device left ipsec1
check "up" up left ours
check "a device of ours" has_device left ipsec1
run left ip -d link show ipsec1
says "with Libreswan's number" 'xfrm if_id 0x1'
run left ip addr show ipsec1
says "leftinterface-ip=" 'inet 10.99.0.1/24'
run left ip route show table 220
says "a route to it" '10.0.2.0/24 dev ipsec1'
run left ip xfrm state
says "SAs are of that device" 'if_id 0x1'
says "ESP goes past it" 'output-mark 0xdc220'
run left ip xfrm policy
says "policies are" 'if_id 0x1'
check "traffic through it" passes ipsec1 ping_through
show left ours
says "counted" 'inBytes=[1-9][0-9]*, outBytes=[1-9]'
run left ipsec connectionstatus
says "shown" 'interface: ipsec1;'
check "the child is rekeyed" rekey_child left ours
check "traffic through it" passes ipsec1 ping_through

title "the process that made it dies"
old=$(pids left ipsec-ike)
kill -9 "$old"
back() { [ -n "$(pids left ipsec-ike)" ] && [ "$(pids left ipsec-ike)" != "$old" ] && on left ipsec trafficstatus | grep -q inBytes; }
check "another takes over" wait_for 10 back
check "traffic through it" passes ipsec1 ping_through

title "ipsec restart"
check "a route" on left ip route add 10.55.0.0/24 dev ipsec1
before1=$(on left cat /sys/class/net/ipsec1/ifindex)
check "restarted" run left ipsec restart
check "traffic through it" wait_for 5 passes ipsec1 ping_through
check "the same device" test "$(on left cat /sys/class/net/ipsec1/ifindex)" = "$before1"
run left ip addr show ipsec1
says "leftinterface-ip=" 'inet 10.99.0.1/24'
run left ip route
says "people's route" '10.55.0.0/24 dev ipsec1'

title "somebody removes it"
check "removed" on left ip link del ipsec1
check "it is back" wait_for 5 has_device left ipsec1
check "traffic through it" wait_for 5 passes ipsec1 ping_through

title "routes of people outlive the tunnel"
check "a route" on left ip route add 10.55.0.0/24 dev ipsec1
check "down" down left ours
run left ip route
says "still there" '10.55.0.0/24 dev ipsec1'
check "up" up left ours
check "traffic through it" passes ipsec1 ping_through
gone_again

title "a packet brings it up"
anew left ours ipsec-interface=yes
check "routed" run left ipsec auto --route $NAME
check "a device of ours" has_device left ipsec1
on lpc ping -c 1 -W 1 $RPC >/dev/null
check "up" wait_for 10 is_up left ours
check "traffic through it" passes ipsec1 ping_through
gone_again

title "two tunnels, one device"
on rpc ip addr add 10.0.3.33/32 dev eth0
on right ip route add 10.0.3.33 dev lan0
on right ipsec auto --delete $NAME
tunnel right libreswan
on right sed -i 's,leftsubnet=.*,leftsubnets={10.0.2.0/24 10.0.3.33/32},' /etc/ipsec.conf
check "the peer loads them" run right ipsec auto --add $NAME
tunnel left ours ipsec-interface=3
on left sed -i 's,rightsubnet=.*,rightsubnets={10.0.2.0/24 10.0.3.33/32},' /etc/ipsec.conf
check "loaded" run left ipsec auto --add $NAME
check "both are up" up left ours
check "one" passes ipsec3 ping_through
check "the other" passes ipsec3 on lpc ping -q -c 2 -W 5 10.0.3.33
check "one goes" run left ipsec auto --delete $NAME/0x1
check "the other has the device" passes ipsec3 on lpc ping -q -c 2 -W 5 10.0.3.33
gone_again
run right ipsec auto --delete $NAME

title "host to host: ESP itself is not led into it"
tunnel left ours ipsec-interface=yes
tunnel right libreswan
for h in left right; do
	on $h sed -i '/subnet=/d' /etc/ipsec.conf
	on $h chmod 600 /etc/ipsec.conf
	check "$h loads it" run $h ipsec auto --add $NAME
done
check "up" up left ours
run left ip route get $RIGHT
says "led into it" 'dev ipsec1'
check "traffic through it" passes ipsec1 on left ping -q -c 2 -W 5 $RIGHT
check "the child is rekeyed" rekey_child left ours
gone_again

title "what is routed into it, whatever it is"
# without its next hop Libreswan takes us for its neighbour
anew right libreswan ts=0.0.0.0/0 peerts=0.0.0.0/0 ipsec-interface=yes leftnexthop=198.51.100.254
anew left ours ts=0.0.0.0/0 peerts=0.0.0.0/0 ipsec-interface=yes
check "up" up left ours
run left ip route show table 220
refuses "no routes of ours" grep -q ipsec1 <<<"$OUT"
check "a route" on left ip route add 10.0.2.0/24 dev ipsec1
check "at the peer, too" on right ip route add 10.0.1.0/24 dev ipsec1
check "traffic through it" passes ipsec1 ping_through
check "another way stays as it was" on left ping -q -c 1 -W 5 192.0.2.254
check "everything" on left ip route add default dev ipsec1 table 100
check "but ESP and IKE" on left ip rule add not fwmark 0xdc220 table 100
check "and what is near" on left ip rule add table main suppress_prefixlength 0
check "no route of its own" on left ip route del 10.0.2.0/24 dev ipsec1
check "traffic through it" passes ipsec1 ping_through
check "the IKE SA is rekeyed" rekey_ike left ours
on left ip rule del table main suppress_prefixlength 0
on left ip rule del not fwmark 0xdc220 table 100
gone_again

title "an address that the peer leases, and everything to it"
on right ipsec auto --delete $NAME
tunnel right libreswan ts=0.0.0.0/0 rightaddresspool=100.64.13.2-100.64.13.9 rightmodecfgclient=yes leftmodecfgserver=yes
on right sed -i '/rightsubnet=/d' /etc/ipsec.conf
check "the peer loads it" run right ipsec auto --add $NAME
tunnel left ours peerts=0.0.0.0/0 leftmodecfgclient=yes narrowing=yes ipsec-interface=yes
on left sed -i '/leftsubnet=/d' /etc/ipsec.conf
on left chmod 600 /etc/ipsec.conf
check "loaded" run left ipsec auto --add $NAME
check "up" up left ours
run left ip addr show ipsec1
says "it is on the device" 'inet 100.64.13.2/32'
on rpc ip route add 100.64.13.0/24 via 10.0.2.1
check "traffic through it" passes ipsec1 on left ping -q -c 2 -W 5 -I 100.64.13.2 $RPC
check "and unbound" passes ipsec1 on left ping -q -c 2 -W 5 $RPC

title "killed, all at once"
# shellcheck disable=SC2046 # ids
kill -9 $(pids left 'ipsec*')
all_gone() { [ -z "$(pids left 'ipsec*')" ]; }
check "gone" wait_for 10 all_gone
start left ours
check "ipsec stop" stop left ours
check "nothing is left" wait_for 8 no_device left
check "but what is not ours" test "$(on left ip -d link show ipsec9)" = "$before"

title "a device that is there"
start left ours
anew right libreswan
anew left ours ipsec-interface=9
refuses "for something else" up left ours
says "says so" 'ipsec9: it is no xfrm interface with if_id 9'
anew left ours setup:ipsec-interface-managed=no ipsec-interface=8 leftinterface-ip=10.99.0.1/24
refuses "not there" up left ours
says "says so" 'ipsec8: it is not there, and ipsec-interface-managed=no'
check "made" on left ip link add ipsec8 type xfrm dev eth0 if_id 8
refuses "down" up left ours
says "says so" 'ipsec8: it is not ours, and down'
check "set up" on left ip link set ipsec8 up
before8=$(on left ip -d link show ipsec8)
check "up" up left ours
refuses "none of ours" has_device left ipsec8
check "traffic through it" passes ipsec8 ping_through
check "ipsec stop" stop left ours
check "nothing is left" wait_for 8 no_device left
check "but what is not ours" test "$(on left ip -d link show ipsec8)" = "$before8"
check "with it" test "$(on left ip -d link show ipsec9)" = "$before"
finish
