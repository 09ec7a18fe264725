#!/bin/bash
# 55-classes-ike.sh PEER: classes of failure in what IKE negotiates, beyond the requirement page's. Verdicts at rank 1,
# and fixes applied as they are printed.
. "$(dirname "$0")/lab.sh"
peer=${1:-strongswan}
# shellcheck source=tests/netns/verdicts.sh
. "$(dirname "$0")/verdicts.sh"
lab_up

both() {
	fresh_peer
	fresh "$@"
}

tunnel left ours
tunnel right "$peer"
start right "$peer"
start left ours

fault "the peer has a group only that is out of date"
fresh
fresh_peer "proposals = aes128-sha1-modp1024"
responder_verdict dh2-removed certain
apply_peer
cured

fault "the peer wants tunnel mode, we transport mode"
fresh type=transport ts= peerts=
fresh_peer ts=$RIGHT/32 peerts=$LEFT/32
responder_verdict transport-tunnel-mismatch certain
apply

fault "extended sequence numbers: must have here, none there"
fresh esn=yes
fresh_peer "child:esp_proposals = aes256gcm16-noesn"
responder_verdict esn-or-ipcomp-mismatch certain
apply
cured

fault "the peer asks for a network that holds ours"
fresh
fresh_peer "ts=10.0.2.0/23"
responder_verdict peer-widens-selector certain
apply
cured

fault "the peer has a range that is no network"
fresh
fresh_peer "ts=10.0.2.10-10.0.2.77"
# strongSwan's userspace ESP cannot have ranges, so it cannot be put right
responder_verdict non-cidr-selector certain

fault "several networks, of which the peer takes one pair"
fresh ts=$LEFT_NET,10.7.1.0/24
fresh_peer
on right sed -i 's|children { |&two {\nlocal_ts = 10.0.2.0/24\nremote_ts = 10.7.1.0/24\n}\n|' /etc/swanctl/swanctl.conf
reloaded right
verdict one-subnet-per-child certain
apply
cured

fault "PFS: the first Child SA has none, and its rekey is refused"
fresh esp=aes_gcm256-dh14
fresh_peer "child:esp_proposals = aes256gcm16-ecp256"
check "it comes up" up left ours
ROLE=initiator
noticed left pfs-mismatch-at-rekey certain rekey_child left ours
apply
cured

IKE=1 FRESH=(pfs=no)
fault "IKEv1: Aggressive Mode there, Main Mode here"
fresh
fresh_peer "aggressive = yes"
responder_verdict v1-mode-mismatch certain
apply_peer
cured

fault "IKEv1: ikev1-policy=drop"
fresh setup:ikev1-policy=drop
on left ipsec restart >/dev/null
fresh_peer
responder_verdict ikev1-disabled-by-default certain
apply
cured
IKE=2

title "what was found"
cat "$LAB_ROWS"
finish
