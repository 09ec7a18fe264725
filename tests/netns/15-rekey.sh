#!/bin/bash
# 15-rekey.sh PEER: both SAs are rekeyed from either side, again and again, while traffic passes: not
# one packet is lost.
. "$(dirname "$0")/lab.sh"
peer=${1:-strongswan}
lab_up
# PFS is our default, and not the default of strongSwan
tunnel left ours
if [ "$peer" = ours ]; then tunnel right ours
else tunnel right strongswan "child:esp_proposals = aes256gcm16-curve25519, aes256gcm16"; fi
start right "$peer"
start left ours
check "the tunnel comes up" up left ours

on lpc ping -n -i 0.01 -W 2 $RPC >"$LAB/ping" 2>&1 &
ping=$!
for round in 1 2 3; do
	title "round $round"
	before=$(spis left ours)
	check "we rekey the Child SA" rekey_child left ours
	sleep 0.5
	refuses "it has new SPIs" test "$before" = "$(spis left ours)"
	check "the peer rekeys the Child SA" rekey_child right "$peer"
	sleep 0.5
	before=$(ike_spi left ours)
	check "we rekey the IKE SA" rekey_ike left ours
	sleep 0.5
	refuses "it is another" test "$before" = "$(ike_spi left ours)"
	check "the peer rekeys the IKE SA" rekey_ike right "$peer"
	sleep 0.5
	check "there is one Child SA" test "$(on left ipsec trafficstatus | wc -l)" = 1
	check "there is one IKE SA" test "$(ike_spi left ours | wc -l)" = 1
done

title "PFS: rekeyed with a key exchange of its own"
show left ours
show right "$peer"

title "what the pings say"
for p in $(ip netns pids "${LAB_PREFIX}lpc"); do kill -INT "$p"; done
wait $ping
# no gap in what was answered: the last ones were on their way when it was ended
read -r last answered < <(sed -nE 's/.*icmp_seq=([0-9]+).*/\1/p' "$LAB/ping" | sort -un | awk 'END { print $1, NR }')
echo "up to $last, $answered were answered"
check "not one was lost" [ "$answered" = "$last" ]
check "they were sent all the time" [ "$last" -gt 300 ]
finish
