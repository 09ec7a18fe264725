#!/bin/bash
# 60-policy.sh PEER: what the system allows is not what the conn wants or the peer has: a crypto policy as Fedora and RHEL
# have it, which ipsec.conf includes. Verdicts at rank 1, and fixes applied as they are printed.
. "$(dirname "$0")/lab.sh"
peer=${1:-strongswan}
# shellcheck source=tests/netns/verdicts.sh
. "$(dirname "$0")/verdicts.sh"
lab_up

POLICY=/etc/crypto-policies/back-ends/libreswan.config
# policy LINE...: of the system, before all others
policy() {
	printf 'conn %%default\n' | put left $POLICY
	printf '    %s\n' "$@" | on left bash -c "cat >>$POLICY"
	fresh
	on left sed -i "1i include $POLICY" /etc/ipsec.conf
	reloaded left
}

tunnel left ours
tunnel right "$peer"
start right "$peer"
start left ours

fault "the system's policy has no IKE algorithms that the peer has"
fresh_peer "proposals = aes128-sha256-modp2048"
policy ike=aes_gcm256-sha2_512-dh20 esp=aes_gcm256
verdict crypto-policy-or-fips certain ipsec --json diagnose $CONN
exactly certain
says_file() { grep -q "ike= here is that of the system's crypto policy ($POLICY:2)" "$LAB/said"; }
check "file and line are named" says_file
apply
cured

fault "the same, and the peer begins"
policy ike=aes_gcm256-sha2_512-dh20 esp=aes_gcm256
responder_verdict crypto-policy-or-fips certain
apply
cured

fault "it has no ESP algorithms that the peer has, who begins"
down left ours
fresh_peer "child:esp_proposals = aes128-sha1"
policy ike=aes256-sha2_256-dh31,aes128-sha2_256-dh31 esp=aes_gcm256
responder_verdict crypto-policy-or-fips certain
apply
cured

title "what was found"
cat "$LAB_ROWS"
finish
