# shellcheck shell=bash disable=SC2034 # names for those who source this
# The cases of the matrix; sourced by tests/interop/lane. Each runs twice: once we begin, once the peer
# does. $A is the end that begins, $B the other one. Those of IKEv1 are in cases_v1.sh.

LONG=$(printf 'a-very-long-label-in-a-very-long-name-%02d.' 1 2 3 4 5)example.com
LONG_LEFT=left.$LONG LONG_RIGHT=right.$LONG

# ---- steps ---------------------------------------------------------------------

# comes_up [COUNT]: so many Child SAs. That both ends have it, passes or renews finds, which begin with that.
comes_up() {
	must "it comes up" begin $A
	[ $# = 0 ] || must "both ends have it" wait_for 5 both "$1"
}
both() { has left "$1" && has right "$1"; }
# passes [HOST [OPTION...] ADDRESS]: pings, all answered and counted by both ends; by default from what is
# behind the end that begins. What was pinged once is pinged again by other steps.
passes() {
	[ $# = 0 ] || PINGS=("$@")
	must "pings pass" answered "${PINGS[@]}"
	must "we have one and have counted them" wait_for 5 counted left
	must "the peer has one and has counted them" wait_for 5 counted right
}
# Until three answers are here: with -W alone ping waits for two round trips of those before.
answered() { run "$1" ping -q -c 3 -i 0.1 -w $((5 * ${LAB_SLOW:-1})) "${@:2}"; }
# Three times 64 octets of ICMP; in tunnel mode there is an IP header more.
counted() { has "$1" 1 && [ $IN -ge 192 ] && [ $SENT -ge 192 ]; }
ends() { # the end that began ends it (but for Libreswan where it was told to rekey IKEv1), the other one hears of it
	must "it ends" end "${HAS_ITS_WAY:-$A}"
	HAS_ITS_WAY=
	must "both ends know" wait_for 10 both 0
}
# loses HOST: that end ends it; the end that began may begin again by itself, as Libreswan does
loses() {
	local old_left old_right
	keys left child
	old_left=$KEYS
	keys right child
	old_right=$KEYS
	must "$1 ends it" end "$1"
	must "we do not have it any more" wait_for 10 not_that left "$old_left"
	must "the peer does not have it any more" wait_for 10 not_that right "$old_right"
}
not_that() { keys "$1" child && [ "$KEYS" != "$2" ]; }
renews() { # renews HOST child|ike
	local old_left old_right
	keys left "$2"
	old_left=$KEYS
	keys right "$2"
	old_right=$KEYS
	must "we have one" test -n "$old_left"
	must "the peer has one" test -n "$old_right"
	must "$1 rekeys the $2 SA" rekey "$1" "$2"
	must "we have another one" wait_for 10 changed left "$2" "$old_left"
	must "the peer has another one" wait_for 10 changed right "$2" "$old_right"
	# IKEv1 has no word for that the old one goes: either end may keep it to its end
	[ "$VERSION" = ikev1 ] || must "there is one" wait_for 10 both 1
	must "pings pass, afterwards" answered "${PINGS[@]}"
}
changed() { keys "$1" "$2" && [ -n "$KEYS" ] && [ "$KEYS" != "$3" ]; }

# ---- what lies between ------------------------------------------------------------

# behind_nat HOST: the router hides it; forwarded HOST: and has a way in for IKE, at its address on the
# other side ($FORWARD)
behind_nat() {
	NATTED=$1
	nat "$1"
}
forwarded() {
	behind_nat "$1"
	local in=left0 at=192.0.2.254 to=$RIGHT
	[ "$1" = right ] || in=right0 at=198.51.100.254 to=$LEFT
	FORWARD=$at
	if legacy; then on router iptables-legacy -t nat -A PREROUTING -i $in -p udp -d $at -j DNAT --to-destination $to
	else on router nft add chain inet lab_nat pre "{ type nat hook prerouting priority dstnat; }" \; \
		add rule inet lab_nat pre iifname $in ip daddr $at meta l4proto udp dnat ip to $to; fi
}
NATTED='' CUT=''
unfix() {
	[ -z "$NATTED" ] || { no_nat; ask router conntrack -F; }
	[ -z "$CUT" ] || mend
	NATTED='' CUT=''
}

# ---- the cases -----------------------------------------------------------------------

# name | what the page says of it
declare -A CASES
CASES[ikev2]="
plain            | network to network
defaults         | no \`ike=\`, no \`esp=\`, at either end; each end rekeys both SAs
nat_initiator    | the end that begins is behind a NAT
nat_responder    | the other end is behind a NAT that lets IKE in
ipv6             | IPv6 in IPv6
ipv4_in_ipv6     | IPv4 in IPv6
ipv6_in_ipv4     | IPv6 in IPv4
lease            | the end that begins is a road warrior and is lent an address
subnets          | two networks behind each end, four Child SAs
transport        | transport mode
rekey_child_ours | we rekey the Child SA, with PFS
rekey_child_peer | the peer rekeys the Child SA, with PFS
rekey_ike_ours   | we rekey the IKE SA
rekey_ike_peer   | the peer rekeys the IKE SA
delete_ours      | we end the tunnel, and it comes up again
delete_peer      | the peer ends the tunnel, and it comes up again
dpd              | the way is cut: both ends find out; it is mended: the tunnel comes up again
mobike           | the peer offers MOBIKE (RFC 4555), which we do not speak
fragments        | IKE in fragments (RFC 7383), those of IP being dropped
"

case_plain() {
	pair rightupdown=
	comes_up
	passes
	ends
}

# No ike= or esp= at either end, as in plain; rekeyed by both ends, which takes the defaults once more.
case_defaults() {
	pair
	comes_up
	passes
	renews left child
	renews right child
	renews left ike
	renews right ike
	ends
}

# The end that begins is behind a NAT, or the other one is, whose NAT lets IKE in.
case_nat_initiator() {
	behind_nat $A
	pair "$B:$A=%any"
	comes_up
	passes
	must "pings pass the other way, too" answered_back
	renews $A child
	ends
}
case_nat_responder() {
	forwarded $B
	pair "$A:$B=$FORWARD"
	comes_up
	passes
	renews $B child
	ends
}
answered_back() { if [ $A = left ]; then answered rpc $LPC; else answered lpc $RPC; fi; }

case_ipv6() {
	in6 outer inner
	passes6
	ends
}
case_ipv4_in_ipv6() {
	in6 outer
	passes
	ends
}
case_ipv6_in_ipv4() {
	in6 inner
	passes6
	ends
}
in6() { # in6 WHAT...: the outer addresses, the networks are those of IPv6
	local lines=()
	[[ "$*" != *outer* ]] || lines+=(left=$LEFT6 leftid=$LEFT6 right=$RIGHT6 rightid=$RIGHT6)
	[[ "$*" != *inner* ]] || lines+=(leftsubnet=$LEFT_NET6 rightsubnet=$RIGHT_NET6)
	pair "${lines[@]}"
	comes_up
}
passes6() { if [ $A = left ]; then passes lpc -6 $RPC6; else passes rpc -6 $LPC6; fi; }

# The end that begins is a road warrior and is lent an address.
case_lease() {
	local net=$RIGHT_NET host=$RPC
	[ $A = left ] || net=$LEFT_NET host=$LPC
	pair rightupdown= "${A}id=@warrior.example.com" "${B}id=@gateway.example.com" narrowing=yes "${B}subnet=$net" \
		"$A:$A=%defaultroute" "$B:$A=%any" "$A:${A}subnet=0.0.0.0/0" "$B:${A}subnet=" "${A}modecfgclient=yes" \
		"$B:${B}modecfgserver=yes" "$B:${A}addresspool=100.64.13.5-100.64.13.99" \
		"swan:$([ $A = right ] && echo "vips = 0.0.0.0" || echo "pools = lease")" \
		"more:pools { lease { addrs = 100.64.13.5-100.64.13.99 } }"
	comes_up
	passes $A -I 100.64.13.5 $host
	renews $A ike
	ends
}

# Two networks behind each end: four Child SAs under one IKE SA.
case_subnets() {
	local l r
	ask lpc ip addr replace 10.0.3.33/24 dev eth0
	ask left ip addr replace 10.0.3.1/24 dev lan0
	ask rpc ip addr replace 10.0.4.33/24 dev eth0
	ask right ip addr replace 10.0.4.1/24 dev lan0
	# the others had this name, these have it as an alias
	for l in left right; do unload $l; done
	pair leftsubnet= rightsubnet= "leftsubnets={$LEFT_NET 10.0.3.0/24}" "rightsubnets={$RIGHT_NET 10.0.4.0/24}"
	comes_up 4
	for l in $LPC 10.0.3.33; do
		for r in $RPC 10.0.4.33; do
			must "pings pass from $l to $r" answered lpc -I $l $r
		done
	done
	ends
}

case_transport() {
	local peer=$RIGHT
	[ $A = left ] || peer=$LEFT
	pair type=transport leftsubnet= rightsubnet=
	comes_up
	passes $A $peer
	ends
}

case_rekey_child_ours() { rekeyed left child; }
case_rekey_child_peer() { rekeyed right child; }
case_rekey_ike_ours() { rekeyed left ike; }
case_rekey_ike_peer() { rekeyed right ike; }
rekeyed() {
	pair
	comes_up
	renews "$@"
	renews "$@"
	ends
}

case_delete_ours() { deleted left; }
case_delete_peer() { deleted right; }
deleted() {
	pair
	comes_up
	passes
	loses "$1"
	# Libreswan may be at it again: what it has half made when it is stopped it tells nobody
	end $A
	end $B
	must "nothing is left" wait_for 10 both 0
	comes_up
	passes
	ends
}

# The way is cut: each end finds out. It is mended: the tunnel comes up again; Libreswan, where it has begun,
# is at it already.
case_dpd() {
	[ "$VERSION" = ikev2 ] || set -- dpddelay=1s dpdtimeout=4s dpdaction=clear "swan:dpd_delay = 1s" "swan:dpd_timeout = 4s"
	pair dpddelay=2s retransmit-timeout=5s "swan:dpd_delay = 2s" "$@"
	comes_up
	passes
	sever
	CUT=1
	must "both ends find out" wait_for 60 both 0
	unfix
	must "it comes up again" comes_back
	passes
	ends
}

comes_back() { [ "${KIND[$A]}" = libreswan ] && wait_for 3 both 1 || { begin $A && wait_for 5 both 1; }; }

# The peer offers MOBIKE, which we do not speak: no word of it to the peer, and all is as without.
case_mobike() {
	pair mobike=yes "swan:mobike = yes"
	comes_up
	[ $A = left ] || must "we have seen the offer" logged left "the peer offers MOBIKE"
	passes
	ends
}
logged() { [[ $(tail -n 20 "$LAB/$1"/log/*.log) == *"$2"* ]]; }

# IKE in fragments (RFC 7383): long identities, and the router drops what IP has fragmented.
case_fragments() {
	pair "leftid=@$LONG_LEFT" "rightid=@$LONG_RIGHT" fragmentation=force "swan:fragmentation = force" \
		esp=aes_gcm256,aes_gcm128,aes256-sha2_512,aes256-sha2_256,aes128-sha2_512,aes128-sha2_256,aes256-sha1,aes128-sha1
	sniff_fragments 53
	comes_up
	must "we send fragments" wait_for 5 fragment "IP $LEFT."
	# its responses are short
	[ $A = left ] || must "the peer sends fragments" wait_for 5 fragment "IP $RIGHT."
	kill "$SNIFFER"
	passes
	ends
}
# sniff_fragments PAYLOAD: those that have this one after the header of IKE; 53: Encrypted Fragment
sniff_fragments() {
	tell router "rm -f $LAB/router/said.fragments; tcpdump -lnni left0 'udp and (udp[24] = $1 or udp[28] = $1)' >$LAB/router/said.fragments 2>&1 & echo \$!"
	SNIFFER=${OUT%%[!0-9]*}
	must "we look at what passes" wait_for 5 fragment listening
}
fragment() { [ -e "$LAB/router/said.fragments" ] && [[ $(<"$LAB/router/said.fragments") == *"$1"* ]]; }

declare -A SWAN
# ike= and esp=, and strongSwan's words for them; what Libreswan does not know, or only in ESP, is last.
SUITES="
aes128-sha2_256-dh19           aes128-sha2_256    aes128-sha256-ecp256          aes128-sha256-ecp256
aes192-sha2_384-dh20           aes192-sha2_384    aes192-sha384-ecp384          aes192-sha384-ecp384
aes256-sha2_512-dh21           aes256-sha2_512    aes256-sha512-ecp521          aes256-sha512-ecp521
aes256-sha1-dh5                aes256-sha1        aes256-sha1-modp1536          aes256-sha1-modp1536
aes256-aes_xcbc-dh14           aes256-aes_xcbc    aes256-aesxcbc-modp2048       aes256-aesxcbc-modp2048
3des-md5-dh15                  3des-md5           3des-md5-modp3072             3des-md5-modp3072
camellia256-sha2_512-dh16      camellia256-sha1   camellia256-sha512-modp4096   camellia256-sha1-modp4096
aes_ctr256-sha2_256-dh17       aes_ctr256-sha2_256 aes256ctr-sha256-modp6144    aes256ctr-sha256-modp6144
aes_gcm256-sha2_512-dh31       aes_gcm256         aes256gcm16-prfsha512-curve25519 aes256gcm16-curve25519
aes_gcm192-sha2_384-dh14       aes_gcm192         aes192gcm16-prfsha384-modp2048 aes192gcm16-modp2048
aes_gcm128-sha1-dh18           aes_gcm128         aes128gcm16-prfsha1-modp8192  aes128gcm16-modp8192
aes_gcm_b256-sha2_256-dh31     aes_gcm_b256       aes256gcm12-prfsha256-curve25519 aes256gcm12-curve25519
aes_gcm_a128-sha2_256-dh31     aes_gcm_a128       aes128gcm8-prfsha256-curve25519 aes128gcm8-curve25519
chacha20_poly1305-sha2_256-dh31 chacha20_poly1305 chacha20poly1305-prfsha256-curve25519 chacha20poly1305-curve25519
aes256-sha2_256-dh31           aes_ccm256         aes256-sha256-curve25519      aes256ccm16-curve25519
aes256-sha2_256-dh31           aes_ccm_b192       aes256-sha256-curve25519      aes192ccm12-curve25519
aes256-sha2_256-dh31           aes_ccm_a128       aes256-sha256-curve25519      aes128ccm8-curve25519
aes256-sha2_256-dh31           aes256-aes_cmac    aes256-sha256-curve25519      aes256-aescmac-curve25519
aes256-sha2_256-dh31           null-sha2_256      aes256-sha256-curve25519      null-sha256-curve25519
aes_ccm256-sha2_256-dh32       aes_gcm256         aes256ccm16-prfsha256-curve448 aes256gcm16-curve448
aes_ccm_b128-sha2_256-dh28     aes_gcm256         aes128ccm12-prfsha256-ecp256bp aes256gcm16-ecp256bp
aes_ccm_a192-sha2_384-dh29     aes_gcm256         aes192ccm8-prfsha384-ecp384bp aes256gcm16-ecp384bp
aes128-aes_cmac-dh30           aes_gcm256         aes128-aescmac-ecp512bp       aes256gcm16-ecp512bp
aes256-sha2_256-dh27           aes_gcm256         aes256-sha256-ecp224bp        aes256gcm16-ecp224bp
aes256-sha2_256-dh2            aes_gcm256         aes256-sha256-modp1024        aes256gcm16-modp1024
"
suites() { # suites VERSION TABLE
	local ike esp swan_ike swan_esp
	while read -r ike esp swan_ike swan_esp; do
		[[ -n $ike ]] || continue
		CASES[$1]+="suite $ike $esp | \`ike=$ike\` \`esp=$esp\`"$'\n'
		SWAN[$ike $esp]="$swan_ike $swan_esp"
	done <<<"$2"
}
suites ikev2 "$SUITES"

# instead VERSION PEER PLANE CASE: what the page has instead, in INSTEAD, where a case is not run: Libreswan does not
# know some algorithms ("-"); what is IKEv1's alone is run with our own ESP ("=")
instead() {
	INSTEAD=
	case $1 in
	ikev1) [[ $3 = user || $IKE_ALONE != *" ${4%% *} "* ]] || INSTEAD='=' ;;
	ikev2) [[ $2 != libreswan || ! $4 =~ ^suite\ (aes_ccm|aes128-aes_cmac|.*-dh(2|27)\ ) ]] || INSTEAD='-' ;;
	esac
}

# A suite by its name.
case_suite() {
	local words
	read -r -a words <<<"${SWAN[$1 $2]}"
	pair "ike=$1" "esp=$2" "swan:proposals = ${words[0]}" "child:esp_proposals = ${words[1]}"
	comes_up
	passes
	ends
}

# shellcheck source=tests/interop/cases_v1.sh
. "$(dirname "${BASH_SOURCE[0]}")/cases_v1.sh"
