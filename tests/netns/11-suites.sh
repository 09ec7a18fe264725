#!/bin/bash
# 11-suites.sh PEER: suites by name, each side beginning in turn; traffic through each.
. "$(dirname "$0")/lab.sh"
peer=${1:-strongswan}
lab_up

# ours ike= | ours esp= | strongSwan's proposals | strongSwan's esp_proposals
suites="
aes128-sha2_256-dh19    | aes128-sha2_256          | aes128-sha256-ecp256           | aes128-sha256
aes192-sha2_384-dh20    | aes192-sha2_384          | aes192-sha384-ecp384           | aes192-sha384
aes256-sha2_512-dh21    | aes256-sha2_512          | aes256-sha512-ecp521           | aes256-sha512
aes_gcm256-sha2_512-dh31 | aes_gcm256              | aes256gcm16-prfsha512-curve25519 | aes256gcm16
aes_gcm128-sha2_256-dh14 | aes_gcm128              | aes128gcm16-prfsha256-modp2048 | aes128gcm16
aes_gcm_8_256-sha2_256-dh15 | aes_gcm_8_256        | aes256gcm8-prfsha256-modp3072  | aes256gcm8
aes_gcm_12_256-sha2_256-dh16 | aes_gcm_12_256      | aes256gcm12-prfsha256-modp4096 | aes256gcm12
chacha20_poly1305-sha2_256-dh31 | chacha20_poly1305 | chacha20poly1305-prfsha256-curve25519 | chacha20poly1305
aes_ccm256-sha2_256-dh19 | aes_ccm256              | aes256ccm16-prfsha256-ecp256   | aes256ccm16
aes_ctr256-sha2_256-dh19 | aes_ctr256-sha2_256     | aes256ctr-sha256-ecp256        | aes256ctr-sha256
aes256-aes_xcbc-dh19    | aes256-aes_xcbc          | aes256-aesxcbc-ecp256          | aes256-aesxcbc
aes128-aes_cmac-dh19    | aes128-aes_cmac          | aes128-aescmac-ecp256          | aes128-aescmac
aes256-sha1-dh5         | aes256-sha1              | aes256-sha1-modp1536           | aes256-sha1
aes256-sha2_256-dh18    | aes256-sha2_256          | aes256-sha256-modp8192         | aes256-sha256
aes_gcm256-sha2_256-dh28 | aes_gcm256              | aes256gcm16-prfsha256-ecp256bp | aes256gcm16
aes_gcm256-sha2_512-dh30 | aes_gcm256              | aes256gcm16-prfsha512-ecp512bp | aes256gcm16
"
[ "$peer" = ours ] || suites+="
aes_gcm256-sha2_512-dh32 | aes_gcm256              | aes256gcm16-prfsha512-curve448 | aes256gcm16
"

n=0
while IFS='|' read -r ike esp theirs_ike theirs_esp; do
	ike=${ike// /} esp=${esp// /} theirs_ike=${theirs_ike// /} theirs_esp=${theirs_esp// /}
	[ -n "$ike" ] || continue
	title "ike=$ike esp=$esp"
	tunnel left ours "ike=$ike" "esp=$esp"
	if [ "$peer" = ours ]; then tunnel right ours "ike=$ike" "esp=$esp"
	else tunnel right strongswan "proposals = $theirs_ike" "child:esp_proposals = $theirs_esp"; fi
	if [ $n = 0 ]; then QUIET=1 start right "$peer"; QUIET=1 start left ours
	else
		on left ipsec auto --replace vpn.example.com >/dev/null || bad "replace"
		if [ "$peer" = ours ]; then on right ipsec auto --replace vpn.example.com >/dev/null
		else on right swanctl --load-all >/dev/null 2>&1 || bad "the peer refuses it"; fi
	fi
	check "we begin" up left ours
	check "traffic passes" ping_through 3
	down left ours >/dev/null
	wait_for 5 is_down right "$peer" || bad "it does not end"
	check "the peer begins" up right "$peer"
	check "traffic passes" wait_for 5 ping_through 3
	down right "$peer" >/dev/null
	wait_for 5 is_down left ours || bad "it does not end"
	n=$((n + 1))
done <<<"$suites"
check "$n suites, each both ways; 12 are asked for" test $n -ge 12
finish
