#!/bin/bash
# 21-takeover.sh PEER [TIMES]: with the kernel's ESP a ping every 10 ms and a TCP stream go through the tunnel while
# "ipsec restart" is said ten (or TIMES) times and ipsec-ike is killed as often: not one packet is lost, and the peer has the
# SAs that it had. Then life goes on; what others have in the kernel is as it was. A kill of ipsec-kernel loses nothing either.
# shellcheck source=tests/netns/lab.sh
peer=${1:-ours} times=${2:-10}
[ "$peer" != libreswan ] || export LAB_RIGHT=libreswan
. "$(dirname "$0")/../netns/lab.sh"
lab_up

# pings: one run after the other until $LAB/enough is there, each with its answers awaited
pings() {
	until [ -e "$LAB/enough" ]; do on lpc ping -q -i 0.01 -c 400 -W 5 $RPC; done >"$LAB/pings" 2>&1
}
retransmitted() { on lpc cat /proc/net/netstat /proc/net/snmp | awk '/^Tcp:/ && $2 + 0 == $2 { print $13 }'; }
others() { on left ip xfrm state | grep -A3 'spi 0x00000999'; on left ip xfrm policy | grep -A1 10.9.9.0; }
filter() { if legacy; then on left iptables-legacy-save | grep -- '^-A clearswan'; else on left nft list table inet clearswan; fi 2>/dev/null; }
ike() { pids left ipsec-ike; }
taken() { [ "$(on left grep -c 'took over 1 tunnels of the process before this one; 0 had' /var/log/pluto.log)" -ge "$1" ]; }

title "a tunnel with $peer, and something that is somebody else's"
# shellcheck disable=SC2016 # the script's
put left /etc/updown.sh <<<'echo "$PLUTO_VERB" >>/var/log/updown'
tunnel left ours mss=1300 nat-exempt=yes retransmit-timeout=20s 'leftupdown="sh /etc/updown.sh"'
if [ "$peer" = libreswan ]; then tunnel right libreswan 'esp=aes_gcm256-null;dh19'
else tunnel right "$peer"; fi
on left ip xfrm state add src 192.0.2.1 dst 192.0.2.77 proto esp spi 0x999 reqid 4242 mode tunnel \
	aead 'rfc4106(gcm(aes))' 0x0102030405060708090a0b0c0d0e0f1011121314 128
on left ip xfrm policy add src 10.9.9.0/24 dst 10.9.8.0/24 dir out priority 9 action block
start right "$peer"
start left ours
check "the tunnel comes up" up left ours
[ "$FAILED" = 0 ] || finish
check "traffic passes" ping_through 3
spis=$(spis left ours) peer_spis=$(spis right "$peer") peer_ike=$(ike_spi right "$peer")
theirs=$(others) rules=$(filter) calls=$(on left cat /var/log/updown) sent=$(retransmitted)
check "it has rules in the packet filter" test -n "$rules"

title "$times times ipsec restart, and $times times kill -9 of ipsec-ike"
stream
pings &
pinger=$!
for ((i = 1; i <= times; i++)); do
	run left ipsec restart || bad "restart ends with $?"
	says "the tunnel stays" '^002 restarted: 1 tunnels kept, 0 are set up anew'
	check "so do the rules in the packet filter" test "$(filter)" = "$rules"
	kill -9 "$(ike)"
	wait_for 5 taken $((2 * i)) || bad "it is not taken over the ${i}th time"
done
kill -9 "$(pids left ipsec-kernel)"
check "kill -9 of ipsec-kernel" wait_for 10 taken $((2 * times + 1))
touch "$LAB/enough"
wait $pinger $STREAM_FROM $STREAM_TO
read -r transmitted received <<<"$(awk '/packets transmitted/ { t += $1; r += $4 } END { print t + 0, r + 0 }' "$LAB/pings")"
check "of $transmitted pings $received were answered" test "$transmitted" = "$received"
check "every octet of the stream arrived ($(cat "$LAB/sent"))" test "$(cat "$LAB/sent")" = "$(cat "$LAB/arrived")"
echo "TCP segments sent twice: $(($(retransmitted) - sent))"
check "the Child SA is the same" test "$(spis left ours)" = "$spis"
check "the peer's, too" test "$(spis right "$peer")" = "$peer_spis"
check "the peer's IKE SA, too" test "$(ike_spi right "$peer")" = "$peer_ike"
check "what is somebody else's is as it was" test "$(others)" = "$theirs"
check "no updown script was called" test "$(on left cat /var/log/updown)" = "$calls"

title "life goes on"
check "we rekey the Child SA" rekey_child left ours
check "the peer does" rekey_child right "$peer"
check "we rekey the IKE SA" rekey_ike left ours
check "the peer does" rekey_ike right "$peer"
check "traffic passes" ping_through 20
check "restart" run left ipsec restart
says "keeps what was rekeyed" '1 tunnels kept'
check "traffic passes" ping_through 20
check "down" down left ours
check "up" up left ours
check "traffic passes" ping_through 3

title "the end"
stop left ours
left_over() {
	on left ip xfrm state | grep 'reqid [0-9]' | grep -v 'reqid 4242'
	on left ip xfrm policy | grep -E '^src' | grep -v -e 10.9.9 -e 'src ::/0 dst ::/0' -e 'src 0.0.0.0/0 dst 0.0.0.0/0'
	on left ip route show table 220 2>/dev/null
	on left ip rule | grep 220
	filter
}
check "nothing of ours is left" test -z "$(left_over)"
check "what is somebody else's is as it was" test "$(others)" = "$theirs"
finish
