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

says_file() { grep -q "ike= here is that of the system's crypto policy ($POLICY:2)" "$LAB/said"; }
# algorithms ENCR ESP: in IKEv$IKE, whose ike= is with AEAD or not
algorithms() {
	fault "IKEv$IKE: the system's policy has no IKE algorithms that the peer has"
	fresh_peer "proposals = aes128-sha256-modp2048"
	policy "ike=$1-sha2_512-dh20" "esp=$2"
	verdict crypto-policy-or-fips certain ipsec --json diagnose $CONN
	exactly certain
	check "file and line are named" says_file
	apply
	cured

	fault "IKEv$IKE: the same, and the peer begins"
	policy "ike=$1-sha2_512-dh20" "esp=$2"
	responder_verdict crypto-policy-or-fips certain
	apply
	cured

	fault "IKEv$IKE: it has no ESP algorithms that the peer has, who begins"
	down left ours
	fresh_peer "child:esp_proposals = aes128-sha1"
	policy ike=aes256-sha2_256-dh31,aes128-sha2_256-dh31,aes256-sha2_256-dh14,aes128-sha2_256-dh14 esp=aes_gcm256
	responder_verdict crypto-policy-or-fips certain
	apply
	cured
}

algorithms aes_gcm256 aes_gcm256
IKE=1 FRESH=(pfs=no)
down left ours
algorithms aes256 aes_gcm128
IKE=2 FRESH=()

# ---- OpenSSL ---------------------------------------------------------------------------------

# openssl PROVIDER LINE...: what left's programs have from now on
openssl() {
	stop left ours
	put left /etc/ssl/openssl.cnf <<-Y
	openssl_conf = openssl_init
	[openssl_init]
	providers = providers
	alg_section = evp
	[providers]
	only = $1
	[$1]
	$2
	activate = 1
	[evp]
	default_properties = fips=yes
	Y
	on left chmod 644 /etc/ssl/openssl.cnf
}
refused_by() { grep -q "goes without $1: OpenSSL does not do that here (/etc/ssl/openssl.cnf:11: default_properties = fips=yes)" <<<"$OUT"; }

fault "OpenSSL may do only what is validated, and the peer has something else"
down left ours
openssl lab "module = $LAB_BUILD/tests/netns/provider.so"
fresh_peer "proposals = chacha20poly1305-prfsha256-x25519" "child:esp_proposals = aes256gcm16"
tunnel left ours ike=chacha20_poly1305-sha2_256-dh31,aes256-sha2_256-dh20 esp=aes_gcm256
start left ours
run left ipsec replace $CONN
check "ipsec replace says what is missing, and where that stands" refused_by "CHACHA20_POLY1305, CURVE25519"
verdict crypto-policy-or-fips likely ipsec --json diagnose $CONN
verdict crypto-policy-or-fips likely
exactly likely
apply_peer
cured

fault "nothing of the list is left"
fresh ike=chacha20_poly1305-sha2_256-dh31
verdict crypto-policy-or-fips certain ipsec --json add $CONN
fresh
cured

title "the defaults go without what is missing"
run left ipsec --json replace $CONN
fresh_peer
check "it comes up" up left ours
says "without the group that would be first" "group=(MODP2048|ECP_|DH)"
check "traffic passes" ping_through 2

title "OpenSSL may do nothing at all: no provider has that property"
openssl default ""
refuses "the daemon does not start" run left ipsec start
says "and it is said why" "OpenSSL cannot work on this host: /etc/ssl/openssl.cnf:11 says default_properties = fips=yes"

title "what was found"
cat "$LAB_ROWS"
finish
