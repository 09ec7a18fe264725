#!/bin/bash
# 59-explain-to.sh: two ends of ours, and what the one that is refused may know (explain-to=). Without it, and when it
# names somebody else, the refused end has the shortlist, and no octet on the wire says more; with it at both ends the
# verdict names the field that differs. Once both are authenticated the reason is told without being asked for, and certain.
. "$(dirname "$0")/lab.sh"
peer=ours
# shellcheck source=tests/netns/verdicts.sh
. "$(dirname "$0")/verdicts.sh"
lab_up

# told PATTERN: the cause at rank 1 has it
told() { check "it says: $1" grep -qE "\"event\":\"diag_finding\".*\"rank\":1.*$1" "$LAB/said"; }
# hinted: somebody named the reason, on the wire
hinted() { grep -q '"event":"peer_hints"' "$LAB/said"; }

tunnel left ours
tunnel right ours
start right ours
start left ours

for IKE in 2 1; do
	# whom our end names, whom the peer names; IKEv1 refuses thrice a minute and is silent then
	wishes=("%none %none" "%peer 192.0.2.9" "192.0.2.9 %peer" "%peer $LEFT/32")
	[ $IKE = 2 ] || wishes=("%peer 192.0.2.9" "%peer $LEFT/32")
	for named in "${wishes[@]}"; do
		fault "IKEv$IKE: the algorithms of ike= differ in one; explain-to= here and there: $named"
		fresh ike=aes128-sha2_512-modp3072 "explain-to=${named% *}"
		fresh_peer ike=aes256-sha2_512-modp3072 "explain-to=${named#* }"
		verdict ike-proposal-mismatch likely
		exactly likely
		if [ "$named" = "%peer $LEFT/32" ]; then
			check "the reason is heard" hinted
			told "they differ in ENCR; it has 'aes256-sha2_512-(dh15|modp3072)'"
		else
			refuses "no reason is heard" hinted
			refuses "no field is named" grep -q "differ in" "$LAB/said"
			check "it can also be another class" grep -q '"event":"diag_suspect"' "$LAB/said"
		fi
	done
	fresh
	fresh_peer
	cured

	fault "IKEv$IKE: the secrets differ; with explain-to="
	fresh explain-to=%peer
	fresh_peer explain-to=%peer
	put left /etc/ipsec.secrets <<<"$LEFT $RIGHT : PSK \"another secret than that of the other end\""
	reloaded left
	verdict psk-mismatch-v$IKE likely
	check "the reason is heard" hinted
	refuses "it says nothing of a secret or an identity" grep -qE '"event":"peer_hints".*"theirs":"[^"]' "$LAB/said"
	apply
	cured

	fault "IKEv$IKE: the networks differ; both are authenticated"
	fresh
	fresh_peer peerts=10.9.0.0/24
	verdict ts-mismatch-v$IKE certain
	exactly certain
	told "they differ in (TSi|IDci); it has '$RIGHT_NET', and for this end 10.9.0.0/24"
	fresh_peer
	cured
done

title "what was found"
cat "$LAB_ROWS"
finish
