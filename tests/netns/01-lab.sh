#!/bin/bash
# The lab itself, with strongSwan at both ends: what it promises to the other tests.
. "$(dirname "$0")/lab.sh"
lab_up

title "before any tunnel: the ends reach one another, the hosts behind them do not"
check "left reaches right" run left ping -q -c 1 -W 1 $RIGHT
check "left reaches right, IPv6" run left ping -6 -q -c 1 -W 1 $RIGHT6
refuses "lpc does not reach rpc" run lpc ping -q -c 1 -W 1 $RPC

title "strongSwan to strongSwan"
tunnel left strongswan
tunnel right strongswan peer=%any peerid=$LEFT
start right strongswan
start left strongswan
check "the tunnel comes up" up left strongswan
check "traffic passes" ping_through 5

title "one packet in two is late: some overtake others, none is lost"
shuffle 50 20
check "all of 20 pings come back" run lpc ping -c 20 -i 0.002 $RPC
seen=$(grep -oE 'icmp_seq=[0-9]+' <<<"$OUT" | cut -d= -f2)
says "none was lost" " 0% packet loss"
refuses "but not in order" test "$seen" = "$(sort -n <<<"$seen")"

title "the router loses 30 %: pings are lost"
loss 30
refuses "not all of 60 pings come back" ping_through 60 -i 0.01
no_loss
no_shuffle

title "the router hides left behind its own address"
nat left
check "left reaches right" run left ping -q -c 1 -W 1 $RIGHT
check "the tunnel ends" down left strongswan
behind right bash -c 'tcpdump -n -i eth0 -c 1 udp port 500 >/var/log/wire'
sleep 0.5
check "and comes up again through the NAT" up left strongswan
wait_for 3 on right grep -q '500 >' /var/log/wire
OUT=$(on right cat /var/log/wire)
says "right sees the router's address" 'IP 198\.51\.100\.254\.[0-9]+ > 198\.51\.100\.1\.500'
check "traffic passes" ping_through 5
finish
