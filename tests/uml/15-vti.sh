#!/bin/bash
# Tunnels with a VTI device (vti-interface=), with Libreswan as the peer: made, shared and gone with the
# connections that name it, after a crash as well; what somebody else made is used or refused, and left.
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
		on "$1" ip xfrm state | grep 'proto esp'; on "$1" ip xfrm policy | grep -E '^src 10\.'
		on "$1" ip addr | grep -E 'inet 10\.99\.')
	[ -z "$out" ] || { printf '%s\n' "$out"; return 1; }
}
again() { # left reads its file anew
	on left chmod 600 /etc/ipsec.conf
	run left ipsec auto --replace $NAME
}

title "somebody else's"
check "a VTI to another peer" on left ip link add vti9 type vti local $LEFT remote 192.0.2.77 key 9
check "is up" on left ip link set vti9 up
before=$(on left ip -d link show vti9)

title "a tunnel with a device"
tunnel left ours mark=5/0xffffffff vti-interface=vti1 vti-routing=yes leftvti=10.99.0.1/30
tunnel right libreswan
start right libreswan
start left ours
refuses "none before it is needed" has_device left vti1
check "up" up left ours
check "a device of ours" has_device left vti1
run left ip -d link show vti1
says "with the mark as its key" 'vti remote 198.51.100.1 local 192.0.2.1 ikey 0.0.0.5 okey 0.0.0.5'
check "policies are asked once" test "$(on left cat /proc/sys/net/ipv4/conf/vti1/disable_policy)" = 1
run left ip addr show vti1
says "leftvti=" 'inet 10.99.0.1/30'
run left ip route show table 220
says "vti-routing=yes" '10.0.2.0/24 dev vti1'
check "traffic through it" passes vti1 ping_through
show left ours
says "counted" 'inBytes=[1-9][0-9]*, outBytes=[1-9]'
run left ipsec connectionstatus
says "shown" 'interface: vti1;'
says "shown" 'mark: 5/0xffffffff, 5/0xffffffff; vti-iface:vti1; vti-routing:yes; vti-shared:no;'
check "the child is rekeyed" rekey_child left ours
check "traffic through it" passes vti1 ping_through

title "somebody removes it"
check "removed" on left ip link del vti1
check "it is back" wait_for 5 has_device left vti1
check "traffic through it" wait_for 5 passes vti1 ping_through

title "routes of people outlive the tunnel"
check "a route" on left ip route add 10.55.0.0/24 dev vti1
check "down" down left ours
run left ip route
says "still there" '10.55.0.0/24 dev vti1'
check "up" up left ours
check "traffic through it" passes vti1 ping_through
check "deleted" run left ipsec auto --delete $NAME
check "nothing is left" wait_for 8 no_device left

title "two tunnels, one device"
on rpc ip addr add 10.0.3.33/32 dev eth0
on right ip route add 10.0.3.33 dev lan0
on right ipsec auto --delete $NAME
tunnel right libreswan
on right sed -i 's,leftsubnet=.*,leftsubnets={10.0.2.0/24 10.0.3.33/32},' /etc/ipsec.conf
check "the peer loads them" run right ipsec auto --add $NAME
tunnel left ours mark=5 vti-interface=vti1 vti-routing=yes vti-shared=yes
on left sed -i 's,rightsubnet=.*,rightsubnets={10.0.2.0/24 10.0.3.33/32},' /etc/ipsec.conf
check "loaded" again
check "both are up" up left ours
run left ip -d link show vti1
says "for any peer" 'vti remote any local 192.0.2.1'
check "one" passes vti1 ping_through
check "the other" passes vti1 on lpc ping -q -c 2 -W 5 10.0.3.33
check "one goes down" run left ipsec auto --down $NAME/0x1
check "the other has the device" passes vti1 on lpc ping -q -c 2 -W 5 10.0.3.33
check "deleted" run left ipsec auto --delete $NAME
check "nothing is left" wait_for 8 no_device left
run right ipsec auto --delete $NAME

title "what is routed into it, whatever it is"
tunnel right libreswan ts=0.0.0.0/0 peerts=0.0.0.0/0 mark=6/0xffffffff vti-interface=vti0 vti-routing=no
check "the peer loads it" run right ipsec auto --add $NAME
tunnel left ours ts=0.0.0.0/0 peerts=0.0.0.0/0 mark=5/0xffffffff vti-interface=vti1 leftvti=10.99.0.1/30
check "loaded" again
check "up" up left ours
run left ip route show table 220
refuses "no routes of ours" grep -q vti1 <<<"$OUT"
check "a route" on left ip route add 10.0.2.0/24 dev vti1
check "at the peer, too" on right ip route add 10.0.1.0/24 dev vti0
check "traffic through it" passes vti1 ping_through
check "another way stays as it was" on left ping -q -c 1 -W 5 192.0.2.254

title "killed, all at once"
# shellcheck disable=SC2046 # ids
kill -9 $(pids left 'ipsec*')
all_gone() { [ -z "$(pids left 'ipsec*')" ]; }
check "gone" wait_for 10 all_gone
start left ours
check "ipsec stop" stop left ours
check "nothing is left" wait_for 8 no_device left
check "but what is not ours" test "$(on left ip -d link show vti9)" = "$before"

title "a device that is there"
start left ours
tunnel right libreswan
run right ipsec auto --replace $NAME
tunnel left ours mark=9 vti-interface=vti9
check "loaded" again
refuses "for another peer" up left ours
says "says so" 'vti9: it is no VTI with ikey 9 okey 9 192.0.2.1 198.51.100.1'
check "vti8" on left ip link add vti8 type vti local $LEFT remote $RIGHT key 8
check "is up" on left ip link set vti8 up
tunnel left ours mark=8 vti-interface=vti8 vti-routing=yes leftvti=10.99.0.1/30
check "loaded" again
before8=$(on left ip -d link show vti8)
check "up" up left ours
refuses "none of ours" has_device left vti8
check "traffic through it" passes vti8 ping_through
check "ipsec stop" stop left ours
check "nothing is left" wait_for 8 no_device left
check "but what is not ours" test "$(on left ip -d link show vti8)" = "$before8"
check "with it" test "$(on left ip -d link show vti9)" = "$before"

title "over IPv6"
on left ip link del vti8
tunnel left ours me=$LEFT6 peer=$RIGHT6 mark=7 vti-interface=vti6-lyon vti-routing=yes
tunnel right libreswan me=$RIGHT6 peer=$LEFT6
put right /etc/ipsec.secrets <<<": PSK \"$PSK\""
run right ipsec auto --rereadsecrets
run right ipsec auto --replace $NAME
start left ours
check "up" up left ours
run left ip -d link show vti6-lyon
says "a VTI of that kind" 'vti6 remote 2001:db8:2::1 local 2001:db8:1::1'
check "traffic through it" passes vti6-lyon ping_through
check "ipsec stop" stop left ours
check "nothing is left" wait_for 8 no_device left

title "a kernel without xfrm interfaces"
start left ours
tunnel left ours ipsec-interface=yes
on left chmod 600 /etc/ipsec.conf
refuses "refused" run left ipsec auto --add $NAME
says "with its place and what to do" '/etc/ipsec.conf:[0-9]+: cannot load connection "vpn.example.com": ipsec-interface= needs xfrm interfaces, which this kernel does not make .*: modprobe xfrm_interface, or write vti-interface='
stop left ours

title "without the kernel's ESP"
tunnel left ours setup:dataplane=user mark=5 vti-interface=vti1
start left ours
refuses "refused" run left ipsec auto --add $NAME
says "with its place and why" "/etc/ipsec.conf:[0-9]+: cannot load connection.*needs the kernel's ESP, but userspace ESP is used: dataplane=user"
stop left ours
finish
