#!/bin/bash
# 57-diagnose-config.sh SUITE: "ipsec diagnose --config FILE CONN" on a host that runs SUITE (strongswan, libreswan): each
# form of its files, and the faults that a peer can have. Its daemon has ports 500 and 4500 and a tunnel, and keeps both;
# at most 40 packets are sent, all to the peer. (Libreswan's ESP is the kernel's, which may have none here: then it has its
# ports alone.)
suite=${1:-strongswan}
LAB_LEFT=$suite
. "$(dirname "$0")/lab.sh"
lab_up
OURS=$LAB/stage/usr/sbin/ipsec
ALIAS=192.0.2.77 NOBODY=198.51.100.99

# ---- the host that is looked at, and what it must keep -----------------------------------

case $suite in
strongswan) tunnel left strongswan "proposals = aes256-sha256-ecp256" child:"esp_proposals = aes256gcm16" ;;
libreswan) tunnel left libreswan ike=aes256-sha2_256-dh19 esp=aes_gcm256 setup:ikev1-policy=accept ;;
esac
tunnel right ours ike=aes256-sha2_256-dh19 esp=aes_gcm256
on left ip addr add $ALIAS/24 dev eth0
start right ours
start left "$suite"
# the same in the older form of strongSwan's files, which its daemon has not loaded
[ "$suite" = libreswan ] || put left /etc/ipsec.conf <<X
# strongSwan's
config setup
	charondebug="ike 1"
conn %default
	keyexchange=ikev2
	authby=secret
conn vpn
	ike=aes256-sha256-ecp256!
	esp=aes256gcm16!
	left=$LEFT
	leftsubnet=$LEFT_NET
	right=$RIGHT
	rightsubnet=$RIGHT_NET
X
daemon() { pids left "$([ "$suite" = strongswan ] && echo charon || echo pluto)"; }
sockets() { on left ss -Huanp | grep -oE '[^ ]+:(500|4500) .*pid=[0-9]+' | sort; }
# what it had before; the counters of a state move with traffic, and the kernel's own routes come when an address has
# been probed
kept() {
	daemon
	sockets
	ike_spi left "$suite"
	spis left "$suite"
	on left ip xfrm state | grep -v anti-replay
	on left ip xfrm policy
	on left ip route show table all | grep -v "proto kernel"
}
is_kept() { diff <(echo "$KEPT") <(kept); }
kernel_esp() {
	on left ip xfrm state add src $LEFT dst $RIGHT proto esp spi 0x1001 mode tunnel \
		aead "rfc4106(gcm(aes))" 0x00112233445566778899aabbccddeeff00112233 128 2>/dev/null && on left ip xfrm state flush
}

title "its own daemon has its ports, and its tunnel"
HAS_TUNNEL=
if [ "$suite" = strongswan ] || kernel_esp; then
	HAS_TUNNEL=1
	check "the tunnel comes up" up left "$suite"
	check "traffic passes" wait_for 5 ping_through 3
fi
# it has children for a while when it begins
is_steady() {
	KEPT=$(kept)
	sleep 0.3
	is_kept
}
check "it has begun" wait_for 10 is_steady
sockets
check "it has its ports" grep -q ":500 .*pid=$(daemon)" <<<"$KEPT"

# ---- a case --------------------------------------------------------------------------------

# the router counts what left sends to PEER, and what it sends to anybody else
count_packets() {
	on router nft -f - <<-X
	table inet lab_count
	delete table inet lab_count
	table inet lab_count {
		counter ike {}
		counter others {}
		chain pre { type filter hook prerouting priority -200;
			iifname left0 ip daddr $1 udp dport { 500, 4500 } counter name ike
			iifname left0 ip daddr != $1 counter name others
		}
	}
	X
}
counted() { on router nft -j list counter inet lab_count "$1" | jq '.nftables[] | select(.counter) | .counter.packets'; }
holds() { jq -en "$1" >/dev/null; }

has_lost() { [ -z "$(ike_spi left "$suite")" ]; }
# diagnosed STATUS CLASS CERTAINTY [SED...]: what our program says of the file, with that fault in it; CLASS "": nothing
TO=$RIGHT
diagnosed() {
	local want=$1 class=$2 certainty=$3 with=$FILE got from took sent said
	shift 3
	if [ $# -gt 0 ]; then
		with=${FILE%/*}/fault.conf
		on left sed -E "$@" "$FILE" >"$LAB/fault"
		refuses "the fault is in the file" on left cmp -s "$FILE" - <"$LAB/fault"
		put left "$with" <"$LAB/fault"
	fi
	count_packets "$TO"
	printf 'left# ipsec diagnose --config %s %s\n' "$with" "$NAME"
	from=${EPOCHREALTIME/./}
	on left timeout 40 "$OURS" --json diagnose --config "$with" "$NAME" >"$LAB/said" 2>&1 </dev/null
	got=$?
	took=$(((${EPOCHREALTIME/./} - from) / 1000))
	jq -r 'select(.line) | .line' "$LAB/said" || cat "$LAB/said"
	said=$(jq -rs 'map(select(.event == "found_finding" and .rank == 1)) | .[0] | if . then "\(.class) \(.certainty)" else "nothing" end' "$LAB/said")
	check "at rank 1 is ${class:-nothing}: $said" [ "$said" = "${class:-nothing}${certainty:+ $certainty}" ]
	check "it ends with $want: $got" [ "$got" = "$want" ]
	check "within 15 s: $took ms" [ "$took" -lt $((15000 * ${LAB_SLOW:-1})) ]
	sent=$(counted ike)
	check "it asked the peer, with $sent packets, 40 are allowed" [ "$sent" -ge 1 -a "$sent" -le 40 ]
	check "none went to anybody else" [ "$(counted others)" = 0 ]
	check "its daemon has what it had" is_kept
}
# fix PATTERN: the fix for this host is in its own words
fix() {
	local here
	here=$(jq -r 'select(.event == "found_fix" and .where == "here") | .text' "$LAB/said")
	check "the fix here: $1" grep -qE -- "$1" <<<"$here"
}

# ---- each form of its files -------------------------------------------------------------------

case $suite in
strongswan) forms="/etc/swanctl/swanctl.conf /etc/ipsec.conf" NAME=vpn ;;
libreswan) forms=/etc/ipsec.conf NAME=vpn.example.com ;;
esac
for FILE in $forms; do
	case $suite$FILE in
	*swanctl.conf) offer='s/sha256-ecp256/sha256-modp2048/' ike='s/aes256-sha256-ecp256/aes128-sha512-modp3072/' fixed='proposals = aes256-sha256-ecp256'
		version='s/version = 2/version = 1/' v2='version = 2' from="s/_addrs = $LEFT/_addrs = $ALIAS/" to="s/_addrs = $RIGHT/_addrs = $NOBODY/"
		port='local_port = 4500' ;;
	strongswan*) offer='s/sha256-ecp256/sha256-modp2048/' ike='s/aes256-sha256-ecp256/aes128-sha512-modp3072/' fixed='ike=aes256-sha256-ecp256'
		version='s/keyexchange=ikev2/keyexchange=ikev1/' v2=keyexchange=ikev2 from="s/left=$LEFT/left=$ALIAS/" to="s/right=$RIGHT/right=$NOBODY/"
		port=leftikeport=4500 ;;
	libreswan*) offer='s/sha2_256-dh19/sha2_256-dh14/' ike='s/ike=aes256-sha2_256-dh19/ike=aes128-sha2_512-dh15/' fixed='ike=aes256-sha2_256-dh19'
		version='s/ikev2=yes/ikev2=no/' v2=keyexchange=ikev2 from="s/left=$LEFT/left=$ALIAS/" to="s/right=$RIGHT/right=$NOBODY/"
		port=leftikeport=4500 ;;
	esac

	title "$FILE as it is: all is well"
	diagnosed 0 "" ""
	title "$FILE: other algorithms than the peer's"
	diagnosed 5 ike-proposal-mismatch certain "$ike"
	fix "$fixed"
	title "$FILE: the other version"
	diagnosed 5 ike-version-mismatch certain "$version"
	fix "$v2"
	title "$FILE: the peer has no connection for this address"
	diagnosed 5 conn-not-loaded-or-daemon-down likely "$from"
done

title "the peer's name has no address: nobody is asked"
on left sed -E "${to/$NOBODY/nobody.invalid}" "$FILE" | put left "${FILE%/*}/fault.conf"
run left timeout 20 "$OURS" diagnose --config "${FILE%/*}/fault.conf" $NAME
check "it ends with 5" [ $? = 5 ]
says "it is the name" "nobody.invalid.*dns-name-unresolvable"

if [ "$suite" = libreswan ]; then
	title "a connection that its daemon does not load by itself"
	diagnosed 0 "" "" 's/auto=add//'
fi

title "a filter on the way drops UDP port 500"
drop udp dport 500
diagnosed 5 ike-udp500-blocked certain
fix "$port"
no_drop

title "nobody is at that address"
TO=$NOBODY
diagnosed 5 peer-not-listening-icmp likely "$to"
TO=$RIGHT

title "a filter drops all of UDP to the peer"
drop ip daddr $RIGHT meta l4proto udp
diagnosed 5 ike-udp500-blocked possible
no_drop

title "no such connection"
run left "$OURS" diagnose --config "$FILE" none
check "it ends with 21" [ $? = 21 ]
if [ "$suite" = strongswan ]; then
	run left "$OURS" diagnose --config "$FILE" vpm
	says "the nearest name is said" 'did you mean "vpn"'
	run left "$OURS" diagnose --config /etc/nowhere.conf vpn
	check "it ends with 21" [ $? = 21 ]
	says "a file that is not there is said to be none" '/etc/nowhere.conf: No such file'
fi

title "its own daemon has not noticed"
check "the same process, SAs, sockets and routes" is_kept
if [ "$HAS_TUNNEL" ]; then check "its tunnel carries traffic" ping_through 3; fi

title "IKEv1 at both ends, in the file at hand"
IKE=1 tunnel right ours setup:ikev1-policy=accept ike=aes256-sha2_256-modp2048
on right ipsec restart >/dev/null
on right ipsec replace vpn.example.com >/dev/null
wait_for 5 has_lost
wait_for 10 is_steady
v1="$version; $offer"
diagnosed 0 "" "" "$v1"
title "IKEv1, other algorithms than the peer's"
diagnosed 5 ike-proposal-mismatch certain "$v1; s/modp2048/modp3072/; s/dh14/dh15/"

title "the peer's daemon is gone"
stop right ours
wait_for 5 has_lost
wait_for 10 is_steady
diagnosed 5 peer-not-listening-icmp certain

if [ "$suite" = strongswan ]; then
	title "and this host's own is, too: its file is still known as what it is"
	stop_strongswan left TERM
	run left timeout 20 "$OURS" diagnose --config "$FILE" $NAME
	check "it ends with 5" [ $? = 5 ]
	says "the daemon is not running" 'the daemon is not running.*conn-not-loaded-or-daemon-down'
fi
finish
