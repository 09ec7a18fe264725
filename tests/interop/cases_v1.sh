# shellcheck shell=bash disable=SC2034,SC2154 # names for those who source this, and of those
# The cases of IKEv1; sourced by cases.sh, whose steps they take. What is not here they have in common with
# IKEv2. Its tables are those of IKEv1 alone.

CASES[ikev1]="
plain            | network to network, Main Mode, PFS
no_pfs           | no \`ike=\`, no \`esp=\`, at either end, no PFS
aggressive       | Aggressive Mode
nat_initiator    | the end that begins is behind a NAT
nat_responder    | the other end is behind a NAT that lets IKE in
nat_aggressive   | Aggressive Mode, the end that begins is behind a NAT
ipv6             | IPv6 in IPv6
subnets          | two networks behind each end, four Phase 2 under one Phase 1
transport        | transport mode
l2tp             | transport mode for UDP 1701 alone, as L2TP has it
xauth            | XAUTH and Mode Config: the end that begins is a road warrior, asks for an address and is lent one
xauth_aggressive | the same in Aggressive Mode
xauth_push       | the same in Main Mode, the gateway says the address unasked (push)
rekey_child      | each end rekeys Phase 2, with PFS
rekey_ike        | each end rekeys Phase 1
delete_ours      | we end the tunnel, and it comes up again
delete_peer      | the peer ends the tunnel, and it comes up again
dpd              | the way is cut: both ends find out (RFC 3706); it is mended: the tunnel comes up again
fragments        | \`ike=aes256-sha2_512-dh18\`, its messages in fragments, those of IP being dropped
"
suites ikev1 "
aes128-sha1-dh5                aes128-sha1        aes128-sha1-modp1536          aes128-sha1-modp1536
3des-md5-dh15                  3des-md5           3des-md5-modp3072             3des-md5-modp3072
aes256-sha2_512-dh16           aes256-sha2_512    aes256-sha512-modp4096        aes256-sha512-modp4096
aes192-sha2_256-dh19           aes_gcm128         aes192-sha256-ecp256          aes128gcm16-ecp256
aes256-sha2_384-dh20           aes_gcm256         aes256-sha384-ecp384          aes256gcm16-ecp384
aes256-sha2_256-dh31           aes256-sha2_256    aes256-sha256-curve25519      aes256-sha256-curve25519
"

case_no_pfs() {
	pair pfs=no
	comes_up
	passes
	ends
}

# knows_v1 PEER CASE
knows_v1() { true; }

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
	local lines=() h
	for h in left right; do [ "${KIND[$h]}" != libreswan ] || lines+=($h:ikelifetime=16s $h:rekeymargin=8s $h:rekeyfuzz=0%); done
	pair "${lines[@]}"
	comes_up
	passes
	renews right ike
	renews left ike
	ends
}

# Main Mode and the defaults, and their words for strongSwan, are those of pair; this is what is different.
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
# The end that begins is a client of XAUTH and Mode Config, and knows its user's name.
is_lent() {
	local net=$RIGHT_NET host=$RPC swan="vips = 0.0.0.0
	local-xauth { auth = xauth
		xauth_id = $USER_NAME }"
	[ $A = right ] || swan="pools = lease
	remote-xauth { auth = xauth }"
	[ $A = left ] || net=$LEFT_NET host=$LPC
	pair rightupdown= "${A}id=@warrior.example.com" "${B}id=@gateway.example.com" "${B}subnet=$net" "${A}subnet=" \
		"$A:$A=%defaultroute" "$B:$A=%any" "${A}modecfgclient=yes" "${B}modecfgserver=yes" "${A}xauthclient=yes" \
		"${B}xauthserver=yes" "$B:xauthby=file" "$A:${A}username=$USER_NAME" "$B:${A}addresspool=100.64.13.5-100.64.13.99" \
		"swan:$swan" "more:pools { lease { addrs = 100.64.13.5-100.64.13.99 } }" "$@"
	comes_up
	passes $A -I 100.64.13.5 $host
	ends
}
