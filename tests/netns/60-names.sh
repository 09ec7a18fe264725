#!/bin/bash
# 60-names.sh PEER: names and addresses that change while a tunnel is to be there: the peer's name gets another address, and
# what the daemon does about it by itself; it starts before the network, or before its connections are written. Verdicts at rank 1, and fixes applied as they are printed.
. "$(dirname "$0")/lab.sh"
peer=${1:-strongswan}
# shellcheck source=tests/netns/verdicts.sh
. "$(dirname "$0")/verdicts.sh"
lab_up

OTHER=198.51.100.7 AT=$RIGHT
# named ADDRESS...: what the peer's name has, as left sees it
named() { on left bash -c 'sed -i "/vpn.example.com/d" /etc/hosts; for a; do echo "$a vpn.example.com" >>/etc/hosts; done' named "$@"; }
# moves ADDRESS: the peer vanishes without a word, and is there again
moves() {
	stop_strongswan right KILL
	on right ip addr add "$1/24" dev eth0
	on right ip addr del "$AT/24" dev eth0
	AT=$1
	start right strongswan
}
FRESH=(peer=vpn.example.com peerid=@vpn.example.com)
race_is_found() { on left ipsec --json status | grep -q '"class":"orchestrator-race-at-boot"'; }
our_log() { on left grep -qE "$1" /var/log/pluto.log; }

on right sysctl -qw net.ipv4.conf.all.promote_secondaries=1 net.ipv4.conf.eth0.promote_secondaries=1
tunnel left ours "${FRESH[@]}"
tunnel right "$peer" id=@vpn.example.com
on right sed -i 's/local_addrs = .*/local_addrs = %any/' /etc/swanctl/swanctl.conf
start right "$peer"
start left ours

fault "a tunnel is up, and its peer has moved: the name has another address"
check "it comes up" up left ours
moves $OTHER
named $OTHER
verdict dyndns-stale-address certain ipsec --json diagnose $CONN --through $RPC
exactly certain
apply
cured

title "of several addresses the one in use stays, in whatever order they come"
before=$(spis left ours)
named $RIGHT $OTHER
check "ipsec up" up left ours
check "nothing was changed" [ "$(spis left ours)" = "$before" ]

title "ipsec up looks the name up"
down left ours
moves $RIGHT
named $RIGHT
check "it comes up" up left ours
says "it says why it goes there" "\"vpn.example.com\" is at $RIGHT now, no longer at $OTHER"
check "traffic passes" ping_through 2

fault "the name changes while an attempt is under way"
down left ours
drop ip daddr $RIGHT udp dport 500
printf 'left# ipsec up %s\n' $CONN
on left ipsec --json up $CONN >"$LAB/said" 2>&1 </dev/null &
up_there=$!
wait_for 5 grep -q v2_init_sent "$LAB/said"
named $OTHER
moves $OTHER
wait_for 20 grep -q found_finding "$LAB/said"
sleep 0.3
ended $up_there
sed -i '/"event":"diag_/d' "$LAB/said" # silence alone said something else before
judged dyndns-stale-address certain
apply
cured
no_drop

title "the peer with the name begins, from another address: it is looked for"
down left ours
moves $RIGHT
named $RIGHT
refuses "the first time nobody knows it" up right strongswan
check "it is looked up, and then it may" wait_for 20 up right strongswan
check "traffic passes" ping_through 2

title "auto=start: the daemon follows the name by itself, as soon as the peer is found dead"
fresh auto=start dpddelay=1 retransmit-timeout=3s
on left ipsec auto --start $CONN >/dev/null
check "it is up" wait_for 5 is_up left ours
times_moved() { on left grep -c "is at $OTHER now, no longer at $RIGHT" /var/log/pluto.log; }
before=$(times_moved)
moved_again() { [ "$(times_moved)" -gt "$before" ]; }
named $OTHER
moves $OTHER
check "it is up again, at the other address" wait_for 20 moved_again
check "traffic passes" wait_for 10 ping_through 2
check "nothing is found" nothing_found

fault "the daemon starts before the network"
FRESH=()
stop left ours
moves $RIGHT
on left ip addr del $LEFT/24 dev eth0
tunnel left ours rightid=@vpn.example.com auto=start
start left ours
wait_for 5 race_is_found
verdict orchestrator-race-at-boot likely ipsec --json status
by_hand left "give this host its address of the two" ip addr add $LEFT/24 dev eth0
by_hand left "After=network-online.target" ip route add default via 192.0.2.254
check "it comes up by itself" wait_for 10 is_up left ours
check "the log says that it was late" our_log "$LEFT is an address of this host now: connection .* begins, [0-9]+ s after it was loaded"
cured

title "the same with the address of the default route"
stop left ours
on left ip route del default
tunnel left ours me=%defaultroute id=$LEFT rightid=@vpn.example.com auto=start
start left ours
refuses "it cannot be up" is_up left ours
on left ip route add default via 192.0.2.254
check "it comes up by itself" wait_for 10 is_up left ours
check "traffic passes" ping_through 2

fault "the name server swallows what it is asked, and so does the packet filter's program"
stop left ours
drop ip daddr $OTHER
on left bash -c "echo nameserver $OTHER >/etc/resolv.conf"
put left /run/hangs <<<$'#!/bin/sh\nsleep 60'
on left chmod 755 /run/hangs
on left mount --bind /run/hangs /usr/sbin/nft
tunnel left ours peer=gw.example.net peerid=$RIGHT
begun=$SECONDS
verdict conn-not-loaded-or-daemon-down certain ipsec --json diagnose $CONN
check "it is said who was given up" [ "$(grep -cE 'given up: (the resolver about gw.example.net|nft): no answer' "$LAB/said")" = 2 ]
check "each had less than three seconds" [ $((SECONDS - begun)) -le $((7 * ${LAB_SLOW:-1})) ]
on left umount /usr/sbin/nft
on left bash -c "echo >/etc/resolv.conf"
no_drop

fault "whoever writes the connections is slower than the daemon"
put left /etc/ipsec.conf <<<"config setup"
start left ours
tunnel left ours rightid=@vpn.example.com auto=start
on left touch -d "@$(($(on left stat -c %Y /run/pluto/pluto.ctl) + 3))" /etc/ipsec.conf
verdict orchestrator-race-at-boot likely ipsec --json diagnose $CONN
apply
check "it comes up by itself" wait_for 5 is_up left ours
cured

# ---- DNS in the tunnel ---------------------------------------------------------------------

DNS=10.9.0.53 LEASE=100.64.13.5
ping_through() { run left ping -q -c "${1:-3}" -i 0.05 -W 2 -I $LEASE $RPC && grep -q ' 0% packet loss' <<<"$OUT"; }
# names_at HOST ADDRESS: somebody answers questions there, with nothing in the answer
names_at() {
	behind "$1" python3 -c 'import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind((sys.argv[1], 53))
while True:
	q, who = s.recvfrom(1500)
	s.sendto(q[:2] + b"\x81\x85" + q[4:], who)' "$2"
	wait_for 5 on "$1" bash -c "ss -Huln | grep -q '$2:53 '"
}
# pool_names DNS: what the peer names to those whom it lends an address
pool_names() {
	tunnel right "$peer" id=@vpn.example.com peerid=@left "pools = lease" peerts=dynamic
	on right bash -c 'sed -i "s/local_addrs = .*/local_addrs = %any/; s/remote_addrs = .*/remote_addrs = %any/" /etc/swanctl/swanctl.conf
		printf "pools { lease { addrs = %s\n\tdns = %s } }\n" "$@" >>/etc/swanctl/swanctl.conf' pool $LEASE-100.64.13.9 "$1"
	reloaded right
}

fault "the DNS server that the peer names is not in the networks of the tunnel"
on right ip addr add $DNS/32 dev lo
names_at right $DNS
pool_names $DNS
FRESH=()
fresh ts=0.0.0.0/0 id=@left peerid=@vpn.example.com leftmodecfgclient=yes narrowing=yes
check "it comes up" up left ours
check "addresses work" ping_through 2
verdict dns-through-tunnel likely ipsec --json diagnose $CONN
apply_peer
apply
cured run left ipsec diagnose $CONN
says "it says who does not ask it" "$DNS that the peer named answers, and /etc/resolv.conf does not name it"
by_resolver() { on left bash -c "echo nameserver $DNS >/etc/resolv.conf" && run left ipsec diagnose $CONN && ! grep -q resolv.conf <<<"$OUT"; }
check "or who does" by_resolver

fault "it is in them, and nothing listens there"
pool_names $RPC
down left ours
check "it comes up" up left ours
verdict dns-through-tunnel likely ipsec --json diagnose $CONN
names_at rpc $RPC
by_hand right "let the DNS server $RPC answer $LEASE: start it" true
cured on left ipsec diagnose $CONN

# ---- IPv6 -------------------------------------------------------------------------------

# lan_has PREFIX: left's own network and the host in it; was: the one before
lan_has() {
	local was=${LAN:-}
	LAN=$1
	on left ip addr add "${LAN}1/64" dev lan0 nodad
	on lpc ip addr add "${LAN}33/64" dev eth0 nodad
	[ -z "$was" ] || { on left ip addr del "${was}1/64" dev lan0; on lpc ip addr del "${was}33/64" dev eth0; }
}
ping_through() { ping6_through "${1:-3}" -I "${LAN}33"; }

fault "the provider has given another prefix: the network behind this end is the old one"
lan_has 2001:db8:a1::
FRESH=(ts="${LAN}/64" peerts=$RIGHT_NET6)
fresh
fresh_peer ts=$RIGHT_NET6 peerts="${LAN}/64"
check "it comes up" up left ours
check "traffic passes" ping_through 2
lan_has 2001:db8:b1::
verdict ipv6-prefix-change certain ipsec --json diagnose $CONN
apply_peer
apply
cured

fault "this end's own address has another prefix, too"
FRESH=(me=$LEFT6 peer=$RIGHT6 ts="${LAN}/64" peerts=$RIGHT_NET6)
fresh leftid=@left rightid=@right
put left /etc/ipsec.secrets <<<"@left @right : PSK \"$PSK\""
fresh_peer me=$RIGHT6 peer=$LEFT6 id=@right peerid=@left ts=$RIGHT_NET6 peerts="${LAN}/64"
on left ipsec rereadsecrets >/dev/null
check "it comes up" up left ours
lan_has 2001:db8:c1::
on left ip addr add 2001:db8:1:7::1/64 dev eth0 nodad
on router ip addr add 2001:db8:1:7::fe/64 dev left0 nodad
on left ip addr del $LEFT6/64 dev eth0
on left ip -6 route replace default via 2001:db8:1:7::fe
down left ours
verdict ipv6-prefix-change certain # it was ours when it was loaded
reloaded left
verdict ipv6-prefix-change certain
verdict ipv6-prefix-change certain ipsec --json diagnose $CONN
apply_peer
apply
cured

title "what was found"
cat "$LAB_ROWS"
finish
