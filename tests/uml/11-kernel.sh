#!/bin/bash
# The kernel as our data plane: chosen because it was tried; its SAs and policies are there and go, ours
# alone; traps, NAT, rekeys, a virtual address; whoever flushes does not stop us.
# shellcheck source=tests/netns/lab.sh
. "$(dirname "$0")/../netns/lab.sh"
lab_up

# none_left HOST: nothing of ours is in its kernel
none_left() {
	local out
	out=$(on "$1" ip xfrm state | grep 'proto esp' | grep -v 'reqid 4242'
		on "$1" ip xfrm policy | grep -E '^src' | grep -v -e 10.9.9 -e 'src ::/0 dst ::/0' -e 'src 0.0.0.0/0 dst 0.0.0.0/0'
		on "$1" ip route show table 220 2>/dev/null; on "$1" ip rule | grep 220
		on "$1" ip addr show lo | grep -E 'inet 10\.')
	[ -z "$out" ] || { printf '%s\n' "$out"; return 1; }
}
foreign_is_there() {
	[ "$(on left ip xfrm state | grep -c 'spi 0x00000999')" = 1 ] &&
		[ "$(on left ip xfrm policy | grep -c 'src 10.9.9.0/24')" = 1 ]
}

all_gone() { [ -z "$(pids "$1" 'ipsec*')" ]; }

title "somebody else's"
check "an SA" on left ip xfrm state add src 192.0.2.1 dst 192.0.2.77 proto esp spi 0x999 reqid 4242 mode tunnel \
	aead 'rfc4106(gcm(aes))' 0x0102030405060708090a0b0c0d0e0f1011121314 128
check "a policy" on left ip xfrm policy add src 10.9.9.0/24 dst 10.9.8.0/24 dir out priority 9 action block

title "ESP by the kernel"
tunnel left ours rekeyfuzz=0%
tunnel right ours rekeyfuzz=0%
start left ours
start right ours
run left ipsec status
says "status says so" 'using kernel interface: xfrm \(dataplane=auto: the kernel has ESP and every algorithm\)'
check "no process for ESP" test -z "$(pids left ipsec-esp)"
check "up" up left ours
check "traffic" ping_through
run left ip xfrm state
says "SAs" 'aead rfc4106'
run left ip xfrm policy
says "policies" 'src 10.0.1.0/24 dst 10.0.2.0/24'
says "of Libreswan's priority" 'priority 1757393'
show left ours
says "counted" 'inBytes=252, outBytes=252'
check "the child is rekeyed" rekey_child left ours
check "traffic" ping_through
check "the IKE SA is rekeyed" rekey_ike left ours
check "traffic" ping_through

title "others take ours out"
on left ip xfrm policy flush
check "policies are back" wait_for 5 on left bash -c 'ip xfrm policy | grep -q "src 10.0.1.0/24 dst 10.0.2.0/24"'
check "traffic" ping_through
on left ip xfrm policy add src 10.9.9.0/24 dst 10.9.8.0/24 dir out priority 9 action block
on left ip xfrm state flush
on left ip xfrm state add src 192.0.2.1 dst 192.0.2.77 proto esp spi 0x999 reqid 4242 mode tunnel \
	aead 'rfc4106(gcm(aes))' 0x0102030405060708090a0b0c0d0e0f1011121314 128
run left cat /var/log/pluto.log
says "the log tells" 'somebody took our SAs out of the kernel'
check "down" down left ours
check "nothing is left" wait_for 8 none_left left
check "but what is not ours" foreign_is_there

title "a packet brings it up"
check "routed" run left ipsec auto --route vpn.example.com
run left ip xfrm policy
says "a trap" 'src 10.0.1.0/24 dst 10.0.2.0/24'
on lpc ping -c 1 -W 1 $RPC >/dev/null
check "up" wait_for 10 is_up left ours
check "traffic" ping_through
check "down" down left ours
check "unrouted" run left ipsec auto --unroute vpn.example.com
check "nothing is left" wait_for 8 none_left left

title "killed, all at once"
check "up" up left ours
# shellcheck disable=SC2046 # ids
kill -9 $(pids left 'ipsec*')
check "gone" wait_for 10 all_gone left
start left ours
check "ipsec stop" stop left ours
check "nothing is left" wait_for 8 none_left left
check "but what is not ours" foreign_is_there
check "stop" stop right ours

title "behind a NAT"
nat left
tunnel left ours leftid=@left rightid=@right
tunnel right ours left=%any leftid=@left right=$RIGHT rightid=@right rightsubnet=$RIGHT_NET leftsubnet=$LEFT_NET
for h in left right; do put $h /etc/ipsec.secrets <<<": PSK \"$PSK\""; done
start right ours
start left ours
check "up" up left ours
check "traffic" ping_through
run left ip xfrm state
says "ESP in UDP" 'encap type espinudp sport 4500 dport 4500'
check "child rekeyed" rekey_child left ours
check "traffic" ping_through
check "down" down left ours
check "nothing is left" wait_for 8 none_left left
finish
