#!/bin/bash
# 25-children.sh: strongSwan makes two Child SAs with selectors of their own under one connection of ours
# that allows both nets. They live side by side, each is rekeyed, one ends without the other.
. "$(dirname "$0")/lab.sh"
SECOND_NET=10.0.4.0/24 SECOND=10.0.4.33
lab_up
ip -n "${LAB_PREFIX}right" addr add 10.0.4.1/24 dev lan0
ip -n "${LAB_PREFIX}rpc" addr add $SECOND/24 dev eth0
tunnel left ours "peerts=$RIGHT_NET,$SECOND_NET" narrowing=yes
# PFS is our default, and not the default of strongSwan
esp="child:esp_proposals = aes256gcm16-curve25519, aes256gcm16"
tunnel right strongswan "$esp" "child:} second {" "child:local_ts = $SECOND_NET" "child:remote_ts = $LEFT_NET" "$esp"
start right strongswan
start left ours

second_through() { run lpc ping -q -c 3 -i 0.05 -W 2 $SECOND && grep -q ' 0% packet loss' <<<"$OUT"; }
children() { test "$(on left ipsec trafficstatus | wc -l)" = "$1"; }
both_through() {
	check "the first net answers" wait_for 5 ping_through
	check "the second net answers" wait_for 5 second_through
}

title "the peer makes one, and another one"
check "the first comes up" up right strongswan vpn
check "traffic passes" wait_for 5 ping_through
check "the second comes up" up right strongswan second
check "there are two Child SAs" children 2
check "under one IKE SA" test "$(ike_spi left ours | wc -l)" = 1
both_through
run left ip route show table 220
says "a route to the first net" "^$RIGHT_NET dev ipsec0"
says "a route to the second net" "^$SECOND_NET dev ipsec0"

title "both are rekeyed"
for child in vpn second; do
	before=$(spis left ours)
	check "the peer rekeys $child" run right swanctl --rekey --child $child
	sleep 1
	refuses "it has new SPIs" test "$before" = "$(spis left ours)"
	check "there are two Child SAs" children 2
	both_through
done
check "we rekey the newest" rekey_child left ours
sleep 1
both_through
check "we rekey the IKE SA" rekey_ike left ours
sleep 1
both_through

title "one ends, the other one stays"
check "the peer ends the first" run right swanctl --terminate --child vpn
check "there is one Child SA" wait_for 5 children 1
check "the second net answers" wait_for 5 second_through
run left ip route show table 220
refuses "no route to the first net" grep -q "^$RIGHT_NET dev" <<<"$OUT"
check "we end it" down left ours
run left ip route show table 220
check "no route is left" test -z "$OUT"

title "subnets= makes several connections of one section, and takes the place of what it was before"
conns() { run left ipsec status && test "$(grep -c 'eroute owner' <<<"$OUT")" = "$1"; }
check "it comes up" up left ours
on left sed -i "s,rightsubnet=.*,rightsubnets={$RIGHT_NET $SECOND_NET}," /etc/ipsec.conf
check "it is loaded" run left ipsec auto --add vpn.example.com
says "the former one is gone" 'deleted connection description "vpn.example.com"'
check "there are two" conns 2
check "and no Child SA" children 0
check "they come up" up left ours
check "there are two Child SAs" children 2
both_through
check "both are deleted by the section's name" run left ipsec auto --delete vpn.example.com
check "there is none" conns 0
finish
