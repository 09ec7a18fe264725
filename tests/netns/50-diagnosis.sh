#!/bin/bash
# 50-diagnosis.sh PEER: the cases of the requirement page, with our end as initiator and as responder, IKEv2 and IKEv1:
# what goes wrong gets the right verdict, at the first rank, in time; and the fix, applied as it is printed, brings the
# tunnel up with traffic. (A kernel whose SAs are lost needs one that has ESP: tests/uml.)
. "$(dirname "$0")/lab.sh"
peer=${1:-strongswan}
# shellcheck source=tests/netns/verdicts.sh
. "$(dirname "$0")/verdicts.sh"
lab_up

# both [LINE...]: both ends anew, the lines are ours
both() {
	fresh_peer
	fresh "$@"
}
# theirs WORD VALUE: a line for the peer's file, in its words
theirs() {
	case $peer,$1 in
	strongswan,ike) echo "proposals = $(swan_alg "$2")" ;;
	strongswan,esp) echo "child:esp_proposals = $(swan_alg "$2")" ;;
	*) echo "$1=$2" ;;
	esac
}
# a peer of ours that is authenticated says why it refuses
TOLD=likely
[ "$peer" != ours ] || TOLD=certain
swan_alg() { sed 's/sha2_/sha/g; s/aes_gcm256/aes256gcm16/' <<<"$1"; }

tunnel left ours
tunnel right "$peer"
start right "$peer"
start left ours

title "healthy: no finding"
check "it comes up" up left ours
check "ipsec diagnose finds nothing" run left ipsec diagnose $CONN
check "ipsec status neither" nothing_found
check "nor without a name, since there is one connection" run left ipsec diagnose
says "which it looked at" "^configuration: .* has the connection"
on left bash -c 'printf "conn other\n    also=%s\n    rightsubnet=10.9.9.0/24\n    auto=add\n" '$CONN' >>/etc/ipsec.conf'
on left ipsec add other >/dev/null
run left ipsec diagnose
check "of several it says which are down, and that one is to be named" [ $? = 7 ]
says "which they are" "^connections: up: 1; down: 1 \"other\"$"
on left ipsec delete other >/dev/null

for IKE in 2 1; do
	# strongSwan has no PFS by default
	[ $IKE = 2 ] || FRESH=(pfs=no)
	fault "IKEv$IKE: the secrets differ; as initiator"
	both
	put left /etc/ipsec.secrets <<<"$LEFT $RIGHT : PSK \"another secret than that of the other end\""
	reloaded left
	verdict psk-mismatch-v$IKE likely
	apply
	cured

	fault "IKEv$IKE: the secrets differ; as responder"
	both
	put left /etc/ipsec.secrets <<<"$LEFT $RIGHT : PSK \"another secret than that of the other end\""
	reloaded left
	[ "$peer" != ours ] || fresh_peer
	responder_verdict psk-mismatch-v$IKE certain
	if [ "$peer" = ours ]; then apply_peer; else apply; fi
	cured

	fault "IKEv$IKE: no algorithm of ike= in common; as initiator"
	fresh ike=aes128-sha2_512-modp3072
	fresh_peer "$(theirs ike aes256-sha2_256-modp2048)"
	verdict ike-proposal-mismatch likely
	apply_peer
	cured

	fault "IKEv$IKE: no algorithm of ike= in common; as responder"
	fresh ike=aes128-sha2_512-modp3072
	fresh_peer "$(theirs ike aes256-sha2_256-modp2048)"
	responder_verdict ike-proposal-mismatch certain
	apply
	cured

	fault "IKEv$IKE: no algorithm of esp= in common; as initiator"
	fresh esp=aes128-sha2_512
	fresh_peer "$(theirs esp aes_gcm256)"
	verdict esp-proposal-mismatch $TOLD
	apply_peer
	cured

	fault "IKEv$IKE: no algorithm of esp= in common; as responder"
	fresh esp=aes128-sha2_512
	fresh_peer "$(theirs esp aes_gcm256)"
	responder_verdict esp-proposal-mismatch certain
	apply
	cured

	fault "IKEv$IKE: the networks differ; as initiator"
	both peerts=10.9.0.0/24
	verdict ts-mismatch-v$IKE $TOLD
	fresh
	cured

	fault "IKEv$IKE: the networks differ; as responder"
	if [ "$peer" = ours ]; then
		fresh
		fresh_peer ts=10.9.0.0/24
	else
		both peerts=10.9.0.0/24
	fi
	responder_verdict ts-mismatch-v$IKE certain
	apply
	cured

	fault "IKEv$IKE: the peer speaks the other version; as responder"
	both
	if [ "$peer" = ours ]; then IKE=$((3 - IKE)) fresh; else IKE=$((3 - IKE)) fresh_peer; fi
	responder_verdict ike-version-mismatch certain
	apply
	cured

	fault "IKEv$IKE: a packet filter on the way drops IKE"
	both
	drop udp dport 500
	verdict ike-udp500-blocked possible
	no_drop
	cured

	fault "IKEv$IKE: a packet filter on the way rejects IKE, and says so"
	both
	drop 'udp dport 500 reject with icmpx admin-prohibited; udp dport 9'
	verdict ike-udp500-blocked likely
	by_hand router "let UDP ports 500 and 4500" nft delete table inet lab_drop
	cured

	fault "IKEv$IKE: the peer's own packet filter does, as firewalld"
	both
	on right nft 'add table inet lab_in { chain input { type filter hook input priority filter;
		udp dport 500 reject with icmpx admin-prohibited; }; }'
	verdict ike-udp500-blocked certain
	by_hand right "let UDP ports 500 and 4500" nft delete table inet lab_in
	cured

	fault "IKEv$IKE: nobody listens there"
	stop right "$peer"
	verdict peer-not-listening-icmp certain
	start right "$peer"
	cured

	fault "IKEv$IKE: no secret here"
	both
	put left /etc/ipsec.secrets <<<"10.9.9.9 : PSK \"of somebody else, and long enough\""
	reloaded left
	verdict psk-not-found-locally certain
	apply
	cured
done

fault "the connection is in the file only"
both
on left ipsec delete $CONN >/dev/null
verdict conn-not-loaded-or-daemon-down certain
apply
cured

IKE=2 FRESH=()
fault "the connection is in the file only; the peer begins"
both
on "$(responder)" ipsec delete $CONN >/dev/null
responder_verdict conn-not-loaded-or-daemon-down certain
on "$(responder)" ipsec add $CONN >/dev/null # its words
cured

fault "the daemon does not run"
stop left ours
verdict conn-not-loaded-or-daemon-down certain ipsec --json diagnose $CONN
apply
cured

title "what was found"
cat "$LAB_ROWS"
finish
