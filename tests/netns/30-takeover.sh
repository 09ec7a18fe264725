#!/bin/bash
# 30-takeover.sh PEER: ipsec-ike is killed ten times while a ping every 10 ms and a TCP stream go through the
# tunnel; the next one takes over its IKE SA each time. No packet is lost, the peer notices nothing, and what
# comes later (rekeys from both ends, liveness, another tunnel, the end) works.
# shellcheck source=tests/netns/lab.sh
. "$(dirname "$0")/lab.sh"
peer=${1:-strongswan}
lab_up

taken() { grep -c 'took over 1 tunnels' "$LAB/left/log/pluto.log"; }
taken_is() { [ "$(taken)" -ge "$1" ]; }
ike() { pids left ipsec-ike; }

title "a tunnel with $peer"
tunnel left ours dpddelay=3s retransmit-timeout=10s
if [ "$peer" != strongswan ]; then tunnel right "$peer"
else tunnel right strongswan "child:esp_proposals = aes256gcm16-curve25519, aes256gcm16"; fi
start right "$peer"
start left ours
check "the tunnel comes up" up left ours
check "traffic passes" ping_through 5
spis=$(spis left ours) peer_spis=$(spis right "$peer") peer_ike=$(ike_spi right "$peer")

title "ten times kill -9 of ipsec-ike"
stream
# so many and no time: each has its answer awaited
on lpc ping -q -i 0.01 -c $((1400 * ${LAB_SLOW:-1})) -W 5 $RPC >"$LAB/ping" 2>&1 &
pinger=$!
for i in 1 2 3 4 5 6 7 8 9 10; do
	kill -9 "$(ike)"
	wait_for 5 taken_is "$i" || bad "it is not taken over the ${i}th time"
	sleep 0.6
done
wait $pinger
touch "$LAB/enough"
wait $STREAM_FROM $STREAM_TO
cat "$LAB/ping"
check "no ping was lost" grep -q ' 0% packet loss' "$LAB/ping"
check "every octet of the stream arrived ($(cat "$LAB/sent"))" [ "$(cat "$LAB/sent")" = "$(cat "$LAB/arrived")" ]
check "ten take-overs" [ "$(taken)" = 10 ]
check "the Child SA is the same" [ "$(spis left ours)" = "$spis" ]
check "the peer's, too" [ "$(spis right "$peer")" = "$peer_spis" ]
check "the peer's IKE SA, too" [ "$(ike_spi right "$peer")" = "$peer_ike" ]
run left ipsec status
says "status shows the tunnel" 'STATE_V2_ESTABLISHED_CHILD_SA.*established Child SA'

title "life goes on"
check "we rekey the Child SA" rekey_child left ours
check "the peer does" rekey_child right "$peer"
check "we rekey the IKE SA" rekey_ike left ours
check "the peer does" rekey_ike right "$peer"
sleep 1
check "traffic passes" ping_through 20
kill -9 "$(ike)"
wait_for 5 taken_is 11 || bad "it is not taken over"
check "traffic passes" ping_through 20
refuses "liveness finds nothing wrong" grep -q 'timeout exceeded' "$LAB/left/log/pluto.log"

title "who asks in the middle is served, or told to try again"
kill -9 "$(ike)"
rekey_child left ours || says "told to" 'try again'
check "then it is served" wait_for 5 rekey_child left ours
wait_for 5 taken_is 12 || bad "it is not taken over"
check "down" down left ours
wait_for 5 is_down right "$peer" || bad "the peer still has it"
check "up" up left ours
check "traffic passes" ping_through 5

# what we put into the system: rules, devices, the kernel's SAs
leftovers() {
	on left ip rule | grep -E 'lookup 220|0xdc220'
	on left ip link show ipsec0 2>/dev/null
	on left ip xfrm state 2>/dev/null
}
title "the end"
stop left ours
wait_for 5 is_down right "$peer" || bad "the peer still has it"
check "nothing of ours is left" [ -z "$(leftovers)" ]
finish
