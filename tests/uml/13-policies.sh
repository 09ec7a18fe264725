#!/bin/bash
# Marks and shunts in the kernel: only packets with the mark go into the tunnel; type=drop and passthrough
# are policies without a peer.
# shellcheck source=tests/netns/lab.sh
. "$(dirname "$0")/../netns/lab.sh"
lab_up

out_bytes() { on left ipsec trafficstatus | sed -n 's/.*outBytes=\([0-9]*\),.*/\1/p' | head -1; }

title "marks"
tunnel left ours mark=5/0xff
tunnel right ours
start right ours
start left ours
check "up" up left ours
run left ip xfrm policy
says "policies have it" 'mark 0x5/0xff'
before=$(out_bytes)
run left ping -c 1 -W 2 -I "$(on left ip -o -4 addr | grep -oE '10\.0\.1\.[0-9]+' | head -1)" -m 5 $RPC
check "with the mark: through the tunnel" test "$(out_bytes)" -gt "$before"
before=$(out_bytes)
on lpc ping -c 1 -W 2 $RPC >/dev/null
check "without: not" test "$(out_bytes)" = "$before"
check "down" down left ours
stop left ours

title "shunts"
put left /etc/ipsec.conf <<-X
	config setup
	    logfile=/var/log/pluto.log
	conn no
	    left=127.0.0.1
	    leftsubnet=$LEFT_NET
	    right=0.0.0.0
	    rightsubnet=$RIGHT_NET
	    type=drop
	    auto=add
	conn yes
	    left=127.0.0.1
	    leftsubnet=$LEFT_NET
	    right=0.0.0.0
	    rightsubnet=$RPC/32
	    type=passthrough
	    authby=never
	    auto=ondemand
X
start left ours
run left ip xfrm policy
says "it may pass" "src $LEFT_NET dst $RPC/32"
# shellcheck disable=SC2153 # lab.sh's
check "a wider tunnel's route does not take it along" grep -q "^throw $RPC " <<<"$(on left ip route show table 220)"
refuses "a block is not there yet" grep -q 'action block' <<<"$OUT"
check "routed" run left ipsec auto --route no
run left ip xfrm policy
says "dropped" 'action block'
run left ipsec status
says "shown" '"yes":   policy: AUTH_NEVER\+ROUTE\+PASS\+NEVER_NEGOTIATE'
run left ipsec shuntstatus
says "shown" '=> %drop "no"'
refuses "no tunnel" up left ours yes
check "stop" stop left ours
run left ip xfrm policy
refuses "nothing is left" grep -q "$LEFT_NET" <<<"$OUT$(on left ip route show table 220 2>/dev/null)$(on left ip rule)"
finish
