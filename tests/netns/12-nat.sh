#!/bin/bash
# 12-nat.sh PEER: the left end is behind a NAT. IKE finds out, moves to port 4500, and ESP goes in UDP.
. "$(dirname "$0")/lab.sh"
peer=${1:-strongswan}
lab_up
nat left
tunnel left ours
if [ "$peer" = ours ]; then tunnel right ours peer=%any peerid=$LEFT
else tunnel right strongswan peer=%any peerid=$LEFT "child:esp_proposals = aes256gcm16-curve25519, aes256gcm16"; fi
start right "$peer"
start left ours
behind right bash -c 'exec tcpdump -n -l -i eth0 >/var/log/wire'
wait_for 5 on right test -e /var/log/wire
sleep 0.5

title "we begin, from behind the NAT"
check "the tunnel comes up" up left ours
says "ESP goes in UDP" 'NATD='
check "traffic passes" ping_through 5
check "big pings pass" ping_through 3 -s 3000
OUT=$(on right cat /var/log/wire)
says "on the wire: IKE from the router's address" 'IP 198\.51\.100\.254\.[0-9]+ > 198\.51\.100\.1\.500:'
says "then port 4500" 'IP 198\.51\.100\.254\.[0-9]+ > 198\.51\.100\.1\.4500: UDP-encap: ESP'
refuses "never plain ESP" grep -q ' ESP(' <<<"$(grep -v UDP-encap <<<"$OUT")"

title "the peer sends through the hole that we keep open"
check "pings from right to left pass" run rpc ping -q -c 3 -W 2 $LPC
check "the peer rekeys the Child SA" rekey_child right "$peer"
check "traffic passes" ping_through 5
check "we rekey the IKE SA" rekey_ike left ours
check "traffic passes" ping_through 5

title "the NAT forgets, and gives us another port"
no_nat
on router nft -f - <<-'X'
table inet lab_nat {
	chain post { type nat hook postrouting priority srcnat; oifname "right0" meta l4proto udp masquerade to :20000-21000; oifname "right0" masquerade; }
}
X
check "the router forgets" run router conntrack -F
: >"$LAB/right/log/wire"
# strongSwan's userspace ESP does not follow the port by itself: IKE tells it
[ "$peer" = ours ] || check "we rekey the Child SA" rekey_child left ours
run lpc ping -q -c 3 -i 0.2 -W 1 $RPC
check "traffic passes" ping_through 5
OUT=$(on right cat /var/log/wire)
says "from another port" 'IP 198\.51\.100\.254\.20[0-9]{3} > 198\.51\.100\.1\.4500: UDP-encap: ESP'
says "and back to it" 'IP 198\.51\.100\.1\.4500 > 198\.51\.100\.254\.20[0-9]{3}: UDP-encap: ESP'
finish
