#!/bin/bash
# 14-ipv6.sh PEER: IPv6 within IPv4, IPv4 within IPv6, IPv6 within IPv6.
. "$(dirname "$0")/lab.sh"
peer=${1:-strongswan}
lab_up

both() { # both LINE...: for left and right; "outer6", "inner6"
	local l=() r=() w
	for w in "$@"; do
		case $w in
		outer6) l+=(me=$LEFT6 peer=$RIGHT6) r+=(me=$RIGHT6 peer=$LEFT6) ;;
		inner6) l+=(ts=$LEFT_NET6 peerts=$RIGHT_NET6) r+=(ts=$RIGHT_NET6 peerts=$LEFT_NET6) ;;
		esac
	done
	tunnel left ours "${l[@]}"
	tunnel right "$peer" "${r[@]}"
	start right "$peer"
	start left ours
}
again() {
	stop left ours
	stop right "$peer"
}

title "IPv6 within IPv4"
both inner6
check "the tunnel comes up" up left ours
check "traffic passes" ping6_through 5
# no router fragments IPv6: each end learns the path's MTU with a packet that is lost
run lpc ping -6 -q -c 3 -i 0.2 -W 1 -s 3000 $RPC6
check "big pings pass" ping6_through 3 -s 3000
check "down" down left ours
check "the peer begins" up right "$peer"
check "traffic passes" wait_for 5 ping6_through 5
again

title "IPv4 within IPv6"
both outer6
check "the tunnel comes up" up left ours
check "traffic passes" ping_through 5
check "big pings pass" ping_through 3 -s 3000
check "down" down left ours
check "the peer begins" up right "$peer"
check "traffic passes" wait_for 5 ping_through 5
again

title "IPv6 within IPv6"
both outer6 inner6
check "the tunnel comes up" up left ours
check "traffic passes" ping6_through 5
finish
