#!/bin/bash
# 18-loss.sh PEER: the way loses 3 % and shuffles the rest. Tunnels come up, are rekeyed and end all the
# same, and TCP gets through.
. "$(dirname "$0")/lab.sh"
peer=${1:-strongswan}
lab_up
tunnel left ours
if [ "$peer" = ours ]; then tunnel right ours
else tunnel right strongswan "child:esp_proposals = aes256gcm16-curve25519, aes256gcm16"; fi
start right "$peer"
start left ours
loss 3
shuffle 20 10
for round in 1 2 3; do
	title "round $round"
	check "we begin" up left ours
	check "we rekey the Child SA" rekey_child left ours
	check "the peer rekeys the IKE SA" rekey_ike right "$peer"
	sleep 1
	# 3 % there and 3 % back are 5.9 % of the pings; with 500 of them chance seldom makes it 10
	run lpc ping -q -i 0.01 -c 500 -W 1 $RPC
	says "as many pings as the way loses are lost" ' [1-9](\.[0-9]+)?% packet loss'
	check "we end it" down left ours
	check "the peer knows" wait_for 15 is_down right "$peer"
done
title "a TCP stream"
check "the peer begins" up right "$peer"
behind rpc iperf3 -s -1
wait_for 5 on rpc bash -c 'ss -ltn | grep -q 5201'
check "a stream of 4 seconds" run lpc iperf3 -c $RPC -t 4
refuses "is not empty" grep -qE ' 0\.00 Bytes .*receiver' <<<"$OUT"
check "the tunnel is up" is_up left ours
finish
