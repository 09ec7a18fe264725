# shellcheck shell=bash disable=SC2034,SC2154 # names for those who source this, and of those
# The cases of IKEv1; sourced by cases.sh, whose steps they take. What is not here they have in common with
# IKEv2.

CASES[ikev1]="
main             | network to network, Main Mode, PFS; the other end ends it, and it comes up again
aggressive       | Aggressive Mode
nat_initiator    | the end that begins is behind a NAT
nat_responder    | the other end is behind a NAT that lets IKE in
nat_aggressive   | Aggressive Mode, the end that begins is behind a NAT
ipv6             | IPv6 in IPv6
subnets          | two networks behind each end, four Phase 2 under one Phase 1
l2tp             | transport mode for UDP 1701 alone, as L2TP has it
xauth            | XAUTH and Mode Config: the end that begins is a road warrior, asks for an address and is lent one
xauth_aggressive | the same in Aggressive Mode
xauth_push       | the same in Main Mode, the gateway says the address unasked (push)
rekey_child      | each end rekeys Phase 2, with PFS
rekey_ike        | each end rekeys Phase 1; no \`ike=\`, no \`esp=\`, no PFS
dpd              | the way is cut: both ends find out (RFC 3706); it is mended: the tunnel comes up again
in_fragments     | IKE in fragments (Cisco's): \`ike=aes256-sha2_512-dh16\` \`esp=aes256-sha2_512\`
"
suites ikev1 "
aes128-sha1-dh5                aes128-sha1        aes128-sha1-modp1536          aes128-sha1-modp1536
3des-md5-dh15                  3des-md5           3des-md5-modp3072             3des-md5-modp3072
aes192-sha2_256-dh19           aes_gcm128         aes192-sha256-ecp256          aes128gcm16-ecp256
aes256-sha2_384-dh20           aes_gcm256         aes256-sha384-ecp384          aes256gcm16-ecp384
aes256-sha2_256-dh31           aes256-sha2_256    aes256-sha256-curve25519      aes256-sha256-curve25519
"
IKE_ALONE=" nat_aggressive ipv6 subnets xauth_aggressive xauth_push rekey_ike dpd in_fragments suite "

# Main Mode and the defaults, and their words for strongSwan, are those of pair.
case_main() {
	deleted $B
}

# This is what is different.
AGGRESSIVE=(aggressive=yes ike=aes256-sha2_256-dh14 "swan:aggressive = yes" "swan:proposals = aes256-sha256-modp2048")
case_aggressive() {
	pair "${AGGRESSIVE[@]}"
	comes_up
	passes
	ends
}
case_nat_aggressive() {
	behind_nat $A
	pair "${AGGRESSIVE[@]}" "$B:$A=%any"
	comes_up
	passes
	must "pings pass the other way, too" answered_back
	ends
}

# L2TP's shape: one protocol and port of each end. What is sent are datagrams from that port to that port.
case_l2tp() {
	local a=$LEFT b=$RIGHT
	[ $A = left ] || a=$RIGHT b=$LEFT
	pair type=transport leftsubnet= rightsubnet= leftprotoport=udp/1701 rightprotoport=udp/1701
	comes_up
	tell $A "'$STATUS' udp $b 1701 >/dev/null 2>&1 & :"
	must "datagrams pass" run $B "$STATUS" udp $a 1701
	must "we have one and have counted them" wait_for 5 counted left
	must "the peer has one and has counted them" wait_for 5 counted right
	ends
}

case_xauth() { is_lent modecfgpull=yes; }
case_xauth_aggressive() { is_lent modecfgpull=yes "${AGGRESSIVE[@]}"; }
case_xauth_push() { is_lent modecfgpull=no "swan:pull = no"; }
# The end that begins is a client of XAUTH and Mode Config, and knows its user's name. Addresses are not those of
# IKEv2's road warrior, for whom one is kept. Who lends needs no updown script.
is_lent() {
	[ $A = left ] || set -- rightupdown= "$@"
	local net=$RIGHT_NET host=$RPC swan="vips = 0.0.0.0
	local-xauth { auth = xauth
		xauth_id = $USER_NAME }"
	[ $A = right ] || swan="pools = road
	remote-xauth { auth = xauth }"
	[ $A = left ] || net=$LEFT_NET host=$LPC
	pair "${A}id=@warrior.example.com" "${B}id=@gateway.example.com" "${B}subnet=$net" "${A}subnet=" \
		"$A:$A=%defaultroute" "$B:$A=%any" "${A}modecfgclient=yes" "${B}modecfgserver=yes" "${A}xauthclient=yes" \
		"${B}xauthserver=yes" "$B:xauthby=file" "$A:${A}username=$USER_NAME" "$B:${A}addresspool=100.64.14.5-100.64.14.99" \
		"swan:$swan" "more:pools { road { addrs = 100.64.14.5-100.64.14.99 } }" "$@"
	comes_up
	passes $A -I 100.64.14.5 $host
	ends
}

case_rekey_child() {
	pair
	comes_up
	passes
	renews left child
	renews right child
	ends
}
# Libreswan does it only when time is over; it goes first, since that time runs.
case_rekey_ike() {
	pair pfs=no "libreswan:ikelifetime=16s" "libreswan:rekeymargin=8s" "libreswan:rekeyfuzz=0%"
	comes_up
	passes
	renews right ike
	renews left ike
	ends
}

# IKE in fragments: what has a public key is longer than one may be.
case_in_fragments() {
	pair fragmentation=force "swan:fragmentation = force" ike=aes256-sha2_512-dh16 esp=aes256-sha2_512 \
		"swan:proposals = aes256-sha512-modp4096" "child:esp_proposals = aes256-sha512-modp4096"
	sniff_fragments 132
	comes_up
	must "we send fragments" wait_for 5 fragment "IP $LEFT."
	must "the peer sends fragments" wait_for 5 fragment "IP $RIGHT."
	kill "$SNIFFER"
	passes
	ends
}
