#!/bin/bash
# 60-plane.sh PEER: IKE is content, and the packets are not: what the data plane, policies and marks do to a tunnel.
# Verdicts at rank 1, and fixes applied as they are printed.
. "$(dirname "$0")/lab.sh"
peer=${1:-ours}
# shellcheck source=tests/netns/verdicts.sh
. "$(dirname "$0")/verdicts.sh"
lab_up

diagnosed() { verdict "$1" "$2" ipsec --json diagnose $CONN; }

tunnel left ours
tunnel right "$peer"
start right "$peer"
start left ours

# strongSwan's userspace ESP has no such ICV
if [ "$peer" = ours ]; then
	fault "the peer cuts HMAC-SHA2-256 to 96 bits"
	fresh_peer esp=aes128-sha2_256 sha2-truncbug=yes
	fresh esp=aes128-sha2_256
	check "it comes up" up left ours
	refuses "traffic does not pass" ping_through 1
	on rpc ping -i 0.2 $LPC >/dev/null & # what comes from there is what tells
	pings=$!
	diagnosed sha2-truncation certain
	exactly certain
	ended $pings
	apply
	cured
fi

# nor transport mode
if [ "$peer" = ours ]; then
	between() { on left ping -q -c 3 -i 0.1 -w 5 $RIGHT >/dev/null && on left ipsec trafficstatus | grep -qE 'inBytes=[1-9]'; }
	fault "this end wants tunnel mode, the peer transport mode"
	fresh_peer ts= peerts= type=transport
	fresh ts= peerts=
	verdict transport-tunnel-mismatch certain
	apply
	check "it comes up" up left ours
	if wait_for 5 between; then row_fix works; else row_fix FAILED; fi
	check "traffic passes through it" between
	check "nothing is found any more" wait_for 3 nothing_found
fi

fault "the SA may carry no more than a limit that is too small"
fresh_peer
fresh ipsec-max-bytes=1000
check "it comes up" up left ours
ROLE=initiator
noticed left sequence-or-byte-limit certain on lpc ping -q -c 1 -W 1 -s 1200 $RPC
exactly certain
apply
cured

# in_clear: packets of the tunnel that the router saw as they were
on router nft 'add table ip clear; add chain ip clear f { type filter hook prerouting priority 0; }; add counter ip clear seen
	add rule ip clear f ip saddr 10.0.1.0/24 ip daddr 10.0.2.0/24 counter name seen'
in_clear() { on router nft -j reset counter ip clear seen | jq '.nftables[] | select(.counter) | .counter.packets'; }

fault "the peer deletes the tunnel, and nothing holds its traffic back"
fresh_peer
fresh
check "it comes up" up left ours
in_clear >/dev/null
ROLE=initiator
noticed left plaintext-leak likely down right "$peer"
exactly likely
refuses "nobody answers" ping_through 1
check "the packets are on the wire" [ "$(in_clear)" -gt 0 ]
apply
check "what goes there brings the tunnel up" wait_for 8 ping_through 1
cured
title "and with that fix, the peer deletes it again"
down right "$peer"
check "it is gone" wait_for 3 is_down left ours
check "the tunnel comes up when there is traffic" wait_for 8 ping_through 1
check "by itself" is_up left ours
check "no packet was in the clear" [ "$(in_clear)" = 0 ]

fault "what goes there does not bring the on-demand tunnel up"
fresh_peer
fresh auto=ondemand
on left ipsec route $CONN >/dev/null
on left ip route del $RIGHT_NET table 220
diagnosed trap-or-hold-stuck likely
exactly likely
apply
check "what goes there brings the tunnel up" wait_for 8 ping_through 1
cured
down left ours
title "and when it does, nothing is found"
run left ipsec diagnose $CONN
says "nothing is" "nothing is wrong with it"

title "what was found"
cat "$LAB_ROWS"
finish
