#!/bin/bash
# 20-gold.sh PEER: what was recorded from Libreswan 4.10 to another Libreswan (libreswan) and to strongSwan
# 5.9 (strongswan), with us in the initiator's place and its two files unchanged: every line that a script
# could parse is the same in form. What differs by the peer, RECORDED knows. Numbers that differ from run
# to run are N, SPIs 0xX; the lines of progress (18.) are compared by their beginning; repeats (010) and
# wrong guesses of the group come and go. Left out, because the page that people read has it otherwise:
# maxBytes= in trafficstatus; and what is said of aliases and instances in passing.
# shellcheck source=tests/uml/gold.sh
. "$(dirname "$0")/gold.sh"

FORM_MORE='/INVALID_KE_PAYLOAD/d; s/^(18[0-9] "[^"]*"[^#]* #)[0-9]+:.*/\1N/' RECORDED=''
# It has no ESN by default, and lends the first address of its pool.
[ "${KIND[right]}" = libreswan ] || RECORDED='s#ESP/ESN=#ESP=#; s/af-unspec esn/af-unspec/; s/100\.64\.13\.2/100.64.13.1/g'
goes_up() {
	expect left ipsec auto --up $NAME <<-'X'
		181 "vpn.example.com" #1
		182 "vpn.example.com" #1
		003 "vpn.example.com" #1: initiator established IKE SA; authenticated peer using authby=secret and ID_IPV4_ADDR '198.51.100.1'
		004 "vpn.example.com" #2: initiator established Child SA using #1; IPsec tunnel [10.0.1.0-10.0.1.255:0-65535 0] -> [10.0.2.0-10.0.2.255:0-65535 0] {ESP/ESN=>0xa638319a <0x3ac67359 xfrm=AES_GCM_16_256-NONE DPD=passive}
		exit 0
	X
}

lab_up
agents
both ikev2=yes
start right "${KIND[right]}"
start left ours

title "healthy-v2"
goes_up
three_pings lpc $RPC
counted left 198.51.100.1
counted right 192.0.2.1
expect left ip xfrm state list nokeys src 198.51.100.1 <<'X'
src 198.51.100.1 dst 192.0.2.1
	proto esp spi 0x3ac67359 reqid 16389 mode tunnel
	replay-window 0 flag af-unspec esn
	aead rfc4106(gcm(aes)) <<Keys hidden>> 128
	anti-replay esn context:
	 seq-hi 0x0, seq 0x3, oseq-hi 0x0, oseq 0x0
	 replay_window 128, bitmap-length 4
	 00000000 00000000 00000000 00000007
exit 0
X
expect left ip xfrm state list nokeys src 192.0.2.1 <<'X'
src 192.0.2.1 dst 198.51.100.1
	proto esp spi 0xa638319a reqid 16389 mode tunnel
	replay-window 0 flag af-unspec esn
	aead rfc4106(gcm(aes)) <<Keys hidden>> 128
	anti-replay esn context:
	 seq-hi 0x0, seq 0x0, oseq-hi 0x0, oseq 0x3
	 replay_window 128, bitmap-length 4
	 00000000 00000000 00000000 00000000
exit 0
X
expect left ip xfrm policy list dir out src 10.0.1.0/24 <<'X'
src 10.0.1.0/24 dst 10.0.2.0/24
	dir out priority 1757393 ptype main
	tmpl src 192.0.2.1 dst 198.51.100.1
		proto esp reqid 16389 mode tunnel
exit 0
X
for dir in fwd in; do
	expect left ip xfrm policy list dir $dir src 10.0.2.0/24 <<-X
		src 10.0.2.0/24 dst 10.0.1.0/24
		dir $dir priority 1757393 ptype main
		tmpl src 198.51.100.1 dst 192.0.2.1
		proto esp reqid 16389 mode tunnel
		exit 0
	X
done
expect left ipsec auto --down $NAME <<'X'
002 "vpn.example.com": terminating SAs using this connection
002 "vpn.example.com" #1: deleting state (STATE_V2_ESTABLISHED_IKE_SA) aged 8.142607s and sending notification
005 "vpn.example.com" #2: ESP traffic information: in=252B out=252B
exit 0
X
for h in left right; do
	check "$h knows" wait_for 10 has $h 0
	[ "${KIND[$h]}" = strongswan ] || expect $h ipsec trafficstatus <<<"exit 0"
done
expect left ipsec auto --up nosuch.example.com <<'X'
000 initiating all conns with alias='nosuch.example.com'
021 no connection named "nosuch.example.com"
exit 21
X

title "healthy-lease"
lease=(narrowing=yes right=198.51.100.1 rightid=@vpn.example.com rightsubnet=10.0.2.0/24 authby=secret ikev2=yes auto=add)
ids="@vpn.example.com @roadwarrior.example.com"
conf left "$ids" left=192.0.2.1 leftid=@roadwarrior.example.com leftmodecfgclient=yes leftsubnet=0.0.0.0/0 "${lease[@]}"
conf right "$ids" left=%any leftid=@roadwarrior.example.com leftaddresspool=100.64.13.2-100.64.13.254 leftmodecfgclient=yes \
	rightmodecfgserver=yes "${lease[@]}"
swan vpn.example.com %any roadwarrior.example.com dynamic "pools = lease"
again
expect left ipsec auto --up $NAME <<'X'
181 "vpn.example.com"[1] 198.51.100.1 #1
182 "vpn.example.com"[1] 198.51.100.1 #1
003 "vpn.example.com"[1] 198.51.100.1 #1: initiator established IKE SA; authenticated peer using authby=secret and ID_FQDN '@vpn.example.com'
002 "vpn.example.com"[1] 198.51.100.1 #2: received INTERNAL_IP4_ADDRESS 100.64.13.2
004 "vpn.example.com"[1] 198.51.100.1 #2: initiator established Child SA using #1; IPsec tunnel [100.64.13.2-100.64.13.2:0-65535 0] -> [10.0.2.0-10.0.2.255:0-65535 0] {ESP/ESN=>0xdeec78f9 <0x33d49d82 xfrm=AES_GCM_16_256-NONE DPD=passive}
exit 0
X
three_pings left $RPC
expect left ipsec trafficstatus <<'X'
006 #2: "vpn.example.com"[1] 198.51.100.1, type=ESP, add_time=1795422132, inBytes=252, outBytes=252, maxBytes=2^63B, id='@vpn.example.com', lease=100.64.13.2/32
exit 0
X
run left ip -br addr
says "the lease is an address of this host, as recorded" "^lo .*$(sed -E -e "$RECORDED" -e 's/\./\\./g' <<<100.64.13.2)/32"
expect left ipsec auto --down $NAME <<'X'
002 "vpn.example.com"[1] 198.51.100.1: terminating SAs using this connection
002 "vpn.example.com"[1] 198.51.100.1 #1: deleting state (STATE_V2_ESTABLISHED_IKE_SA) aged 8.755304s and sending notification
005 "vpn.example.com"[1] 198.51.100.1 #2: ESP traffic information: in=252B out=252B
002 "vpn.example.com"[1] 198.51.100.1: deleting connection instance with peer 198.51.100.1 {isakmp=#0/ipsec=#0}
exit 0
X

title "nat-exempt"
both ikev2=yes
run left iptables-legacy -t nat -I POSTROUTING -o eth0 -j MASQUERADE
run left iptables-legacy -t nat -I POSTROUTING -s $LEFT_NET -d $RIGHT_NET -j RETURN
again
goes_up
three_pings lpc $RPC
counted left 198.51.100.1
counted right 192.0.2.1
run left iptables-legacy -t nat -L POSTROUTING -n -v
says "the tunnel's packets are let alone" '^ *1 +84 RETURN +(0|all) +-- +\* +\* +10\.0\.1\.0/24 +10\.0\.2\.0/24'
run left conntrack -L -p icmp
says "and not translated" 'src=10\.0\.1\.33 dst=10\.0\.2\.33 .* src=10\.0\.2\.33 dst=10\.0\.1\.33'
ask left iptables-legacy -t nat -F POSTROUTING

# The router passes on at most 1400 octets; somebody filters the ICMP that would say so, and fragments.
title "a black hole"
run router ip route replace 192.0.2.0/24 dev left0 mtu lock 1400
run router ip route replace 198.51.100.0/24 dev right0 mtu lock 1400
run router iptables-legacy -A OUTPUT -p icmp --icmp-type fragmentation-needed -j DROP
for h in left right; do run $h iptables-legacy -t raw -A PREROUTING -i eth0 -f -j DROP; done
BUSYBOX=$("$TOP/tools/peers" kernel)/usr/bin/busybox
for h in lpc rpc; do
	mkdir "$LAB/$h/www"
	head -c 200000 /dev/zero >"$LAB/$h/www/big"
	behind $h "$BUSYBOX" httpd -f -p 8000 -h "$LAB/$h/www"
	check "$h serves" wait_for 10 ask $h sh -c 'ss -tln | grep -q :8000'
done
pings_of() { run lpc ping -c 2 -i 0.3 -W 1 -M "$1" -s "$2" $RPC; [[ $OUT == *" $3 received"* ]]; }
gets() { run "$1" curl -s -o /dev/null -m "${3:-48}" -w '%{size_download}\n' "http://$2:8000/big" && [ "$OUT" = 200000$'\n' ]; }
small_passes() {
	check "pings of 56 pass" pings_of dont 56 2
	check "pings of 1300 pass" pings_of dont 1300 2
	check "pings of 1400 do not" pings_of dont 1400 0
}

title "mtu-option"
both ikev2=yes mtu=1300
again
goes_up
run left ip route show table all dev eth0
says "the route" '^10\.0\.2\.0/24 .*mtu 1300'
small_passes
run lpc ping -c 2 -i 0.3 -W 1 -M "do" -s 1400 $RPC
says "as recorded" 'From 10\.0\.1\.1 icmp_seq=1 Frag needed and DF set \(mtu = 1300\)'
check "TCP from right to left passes" gets lpc $RPC
check "TCP from left to right passes" gets rpc $LPC

title "mtu-mss-clamp"
both ikev2=yes
again
for h in left right; do run $h iptables-legacy -I FORWARD -p tcp --tcp-flags SYN,RST SYN -j TCPMSS --set-mss 1240; done
goes_up
small_passes
check "TCP from right to left passes" gets lpc $RPC
check "TCP from left to right passes" gets rpc $LPC

title "mtu-mss-pmtu: no cure, as recorded"
for h in left right; do
	ask $h iptables-legacy -F FORWARD
	run $h iptables-legacy -I FORWARD -p tcp --tcp-flags SYN,RST SYN -j TCPMSS --clamp-mss-to-pmtu
done
again
goes_up
small_passes
# it takes a second where it passes
refuses "TCP from right to left does not pass" gets lpc $RPC 10
refuses "TCP from left to right does not pass" gets rpc $LPC 10
finish
