#!/bin/bash
# 10-psk.sh PEER: both ends on their default algorithms, either of them beginning, either ending it.
. "$(dirname "$0")/lab.sh"
peer=${1:-strongswan}
lab_up
tunnel left ours
tunnel right "$peer"
start right "$peer"
start left ours

title "left: what is loaded, and that nothing is up yet"
check "add says so" run left ipsec auto --add vpn.example.com
says "in the words of Libreswan" '^002 added connection description "vpn.example.com"$'
check "trafficstatus ends 0" run left ipsec trafficstatus
check "and is empty: no tunnel" test -z "$OUT"

title "we begin"
check "up ends 0" up left ours
says "initiating" '^181 "vpn.example.com" #[0-9]+: initiating IKEv2 IKE SA'
says "I1" '^181 "vpn.example.com" #[0-9]+: STATE_PARENT_I1: sent v2I1, expected v2R1'
says "I2" '^182 "vpn.example.com" #[0-9]+: STATE_PARENT_I2: sent v2I2, expected v2R2 \{auth=IKEv2 cipher='
says "established" '^004 "vpn.example.com" #[0-9]+:'
check "traffic passes" ping_through 5
check "trafficstatus ends 0" run left ipsec trafficstatus
says "the line of the requirement page" "^006 #[0-9]+: \"vpn.example.com\", type=ESP, add_time=[0-9]+, inBytes=420, outBytes=420, .*id='198.51.100.1'"
check "the other end has it too" is_up right "$peer"
check "big pings pass, in fragments" ping_through 3 -s 4000
check "up again is not an error" up left ours
check "down ends 0" down left ours
check "nothing is up on the left" is_down left ours
check "nothing is up on the right" wait_for 5 is_down right "$peer"
refuses "no traffic passes" run lpc ping -q -c 1 -W 1 $RPC

title "the peer begins"
check "it comes up" up right "$peer"
check "traffic passes" wait_for 5 ping_through 5
show left ours
says "one tunnel" '^006 #[0-9]+: "vpn.example.com", type=ESP'
check "the peer ends it" down right "$peer"
check "nothing is up on the left" wait_for 5 is_down left ours

if [ "$peer" = ours ]; then # strongSwan's userspace ESP wants an address of its own in a tunnel
	title "one host behind each end"
	tunnel left ours ts=$LPC/32 peerts=$RPC/32
	tunnel right ours ts=$RPC/32 peerts=$LPC/32
	check "replace" run left ipsec auto --replace vpn.example.com
	check "replace" run right ipsec auto --replace vpn.example.com
	check "it comes up" up left ours
	check "traffic passes" ping_through 3
	check "down" down left ours
fi

title "what a day leaves behind"
check "stop ends 0" stop left ours
run left ip route show table 220
check "no route is left" test -z "$OUT"
run left ip rule show
refuses "no rule is left" grep -q 220 <<<"$OUT"
refuses "no device is left" run left ip link show ipsec0
check "no process is left" test -z "$(pids left 'ipsec*')"
finish
