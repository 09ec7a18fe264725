#!/bin/bash
# 55-classes-vendors.sh PEER: a peer that behaves, and says what it is, as products of some vendors do, and its timers: the
# clocks of our end are put forward. Verdicts at rank 1, and fixes applied as they are printed.
. "$(dirname "$0")/lab.sh"
peer=${1:-strongswan}
# shellcheck source=tests/netns/verdicts.sh
. "$(dirname "$0")/verdicts.sh"
lab_up
preloaded left
preloaded right

tunnel left ours
tunnel right "$peer"
start left ours
vendor 1e2b516905991c7d7c96fcbfb587e46100000009

fault "Windows as it comes: MODP1024 alone"
fresh
fresh_peer "proposals = aes256-sha1-modp1024"
responder_verdict windows-weak-default certain
by_hand right NegotiateDH2048_AES256 sed -i 's/proposals = .*/proposals = aes256-sha256-modp2048/' /etc/swanctl/swanctl.conf
reloaded right
cured

fault "a gateway in Azure wants everything to everything"
fresh
fresh_peer ts=0.0.0.0/0 peerts=0.0.0.0/0
responder_verdict azure-wide-selectors certain
apply
cured

vendor 699369228741c6d4ca094c93e242c9de19e7b7c600000005
fault "an SRX has a group of its own for each rekey; as initiator"
fresh esp=aes_gcm256-dh14
fresh_peer "child:esp_proposals = aes256gcm16-ecp384"
check "it comes up" up left ours
ROLE=initiator
noticed left juniper-srx-rekey-or-proxy-id certain rekey_child left ours

fault "an SRX has a group of its own for each rekey; as responder"
fresh esp=aes_gcm256-dh14
fresh_peer "child:esp_proposals = aes256gcm16-ecp384"
check "it comes up" up left ours
ROLE=responder
noticed left juniper-srx-rekey-or-proxy-id certain on right swanctl --rekey --child vpn
apply
cured
rekeyed() { [ "$(spis right strongswan)" != "$before" ] && ping_through 1; }
before=$(spis right strongswan)
on right swanctl --rekey --child vpn >/dev/null
check "it is rekeyed" wait_for 5 rekeyed

fault "an SRX has one pair of networks for each tunnel"
fresh ts=$LEFT_NET,10.7.1.0/24
fresh_peer
on right sed -i 's|children { |&two {\nlocal_ts = 10.0.2.0/24\nremote_ts = 10.7.1.0/24\n}\n|' /etc/swanctl/swanctl.conf
reloaded right
verdict juniper-srx-rekey-or-proxy-id certain
apply
cured

fault "an iPhone without a profile rekeys after 24 minutes, without PFS"
fresh esp=aes_gcm256-dh14
fresh_peer "child:esp_proposals = aes256gcm16"
check "it comes up" up right "$peer"
hours_pass left 1440
ROLE=responder
noticed left apple-rekey-pfs certain on right swanctl --rekey --child vpn
apply
cured

fault "the peer authenticates again instead of rekeying"
fresh
fresh_peer
check "it comes up" up right "$peer"
again() {
	for _ in 1 2; do
		hours_pass left 3600
		on right swanctl --rekey --reauth --ike vpn
		sleep 1
	done
}
ROLE=responder
noticed left reauth-gap certain again
by_hand right "reauth_time = 0 and rekey_time = 4h" sed -i 's/remote_addrs = .*/&\nreauth_time = 0\nrekey_time = 4h/' /etc/swanctl/swanctl.conf
reloaded right
fresh # what was is over with another conn
cured

fault "the peer takes down what is idle"
fresh
fresh_peer "child:inactivity = 4s"
idles() {
	for _ in 1 2; do
		up left ours
		hours_pass left 1800
		wait_for 10 is_down left ours
		sleep 0.5
	done
}
ROLE=initiator
noticed left peer-idle-or-lifetime-delete certain idles
apply_peer
apply
check "it comes up" carries
sleep 6
# the finding stays for a day: it has been so
if is_up left ours && ping_through 3; then
	ok "it stays, and traffic passes"
	row_fix works
else
	bad "it stays, and traffic passes"
	row_fix FAILED
fi

title "what was found"
cat "$LAB_ROWS"
finish
