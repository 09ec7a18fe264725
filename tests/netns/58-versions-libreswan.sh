#!/bin/bash
# 58-versions-libreswan.sh: Libreswan has the other version of IKE than our end, which begins: "ipsec diagnose" asks it in
# both and says so, and with the fix as it is printed IKE comes up. (Its ESP is the kernel's, which may have none here:
# tests/uml has the rest.)
LAB_RIGHT=libreswan
. "$(dirname "$0")/lab.sh"
peer=libreswan
# shellcheck source=tests/netns/verdicts.sh
. "$(dirname "$0")/verdicts.sh"
lab_up

tunnel left ours
tunnel right libreswan setup:ikev1-policy=accept
start right libreswan
start left ours

for IKE in 2 1; do
	fault "IKEv$IKE here, IKEv$((3 - IKE)) there"
	IKE=$((3 - IKE)) tunnel right libreswan setup:ikev1-policy=accept
	check "the peer loads it" on right ipsec auto --replace $CONN
	fresh
	verdict ike-version-mismatch certain ipsec --json diagnose $CONN
	apply
	on left timeout 8 ipsec --json up $CONN >"$LAB/said" 2>&1
	if grep -q "\"event\":\"v$((3 - IKE))_ike_established\"" "$LAB/said"; then
		ok "IKEv$((3 - IKE)) comes up"
		row_fix works
	else
		bad "IKEv$((3 - IKE)) comes up"
		row_fix FAILED
	fi
done

title "what was found"
cat "$LAB_ROWS"
finish
