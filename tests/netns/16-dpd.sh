#!/bin/bash
# 16-dpd.sh PEER: a peer that is silent is found dead; one that comes back gets its tunnel back; one
# that is killed and starts again replaces what it had (INITIAL_CONTACT).
. "$(dirname "$0")/lab.sh"
peer=${1:-strongswan}
lab_up
tunnel left ours dpddelay=2s dpdaction=hold initial-contact=yes retransmit-timeout=8s
if [ "$peer" = ours ]; then tunnel right ours; else tunnel right strongswan; fi
start right "$peer"
start left ours
check "the tunnel comes up" up left ours
check "traffic passes" ping_through 3

title "liveness: while nothing is said, we ask"
behind left bash -c 'exec tcpdump -n -l -i eth0 "udp port 500 or udp port 4500" >/var/log/wire'
sleep 6
OUT=$(on left cat /var/log/wire)
says "an empty INFORMATIONAL goes out" 'IP 192\.0\.2\.1\.(4)?500 > '
says "and is answered" 'IP 198\.51\.100\.1\.(4)?500 > '
check "the tunnel stays" is_up left ours

title "the way is cut"
drop 'meta l4proto { udp, esp }'
check "we find out" wait_for 40 is_down left ours
no_drop
check "it comes up again" up left ours
check "traffic passes" ping_through 3
check "the peer has one tunnel" test "$(show right "$peer" | grep -cE 'INSTALLED|^006')" = 1

title "the peer is killed, and starts anew"
if [ "$peer" = strongswan ]; then stop_strongswan right KILL; on right ip link del ipsec0 2>/dev/null
else for p in $(pids right 'ipsec*'); do kill -9 "$p"; done; sleep 1; fi
start right "$peer"
check "it begins; ours gives way" up right "$peer"
check "traffic passes" wait_for 10 ping_through 3
check "we have one tunnel" test "$(on left ipsec trafficstatus | wc -l)" = 1

title "we are restarted"
was=$(ike_spi right "$peer")
check "restart ends 0" run left ipsec restart
check "the peer has the IKE SA that it had" test "$(ike_spi right "$peer")" = "$was"
check "stop" run left ipsec stop
check "the peer was told" wait_for 5 is_down right "$peer"
start left ours
check "the tunnel comes up" up left ours
check "traffic passes" ping_through 3
check "the peer has one tunnel" test "$(show right "$peer" | grep -cE 'INSTALLED|^006')" = 1
finish
