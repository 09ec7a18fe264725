#!/bin/bash
# 55-classes-pairs.sh PEER: two faults at once, in other networks than those of the other tests. The first that stands in
# the way is named first; when it is mended as printed, the next is.
. "$(dirname "$0")/lab.sh"
peer=${1:-strongswan}
# shellcheck source=tests/netns/verdicts.sh
. "$(dirname "$0")/verdicts.sh"
lab_up

tunnel left ours
tunnel right "$peer"
start right "$peer"
start left ours

fault "the secrets differ, and then the networks"
fresh_peer
fresh peerts=172.20.8.0/22
put left /etc/ipsec.secrets <<<"$LEFT $RIGHT : PSK \"another secret than that of the other end\""
reloaded left
responder_verdict psk-mismatch-v2 certain
apply
responder_verdict ts-mismatch-v2 certain
apply
cured

fault "the algorithms of ike= differ, and then those of esp="
fresh ike=aes128-sha2_512-modp3072 esp=aes128-sha2_512
fresh_peer "proposals = aes256-sha384-ecp384" "child:esp_proposals = aes256gcm16"
responder_verdict ike-proposal-mismatch certain
apply
responder_verdict esp-proposal-mismatch certain
apply
cured

fault "this host's packet filter drops IKE, and the secret is missing"
fresh_peer
fresh
put left /etc/ipsec.secrets <<<"10.9.9.9 : PSK \"of somebody else, and long enough\""
reloaded left
on left nft 'add table inet own; add chain inet own out { type filter hook output priority 0; policy accept; }'
on left nft 'add rule inet own out udp dport 500 drop'
verdict ike-udp500-blocked certain ipsec --json diagnose $CONN
apply
verdict psk-not-found-locally certain
apply
cured
on left nft delete table inet own

fault "IKEv1 there, and the name is another one"
fresh_peer
fresh
IKE=1 fresh_peer "child:esp_proposals = aes256-sha256-modp2048"
on right sed -i '0,/id = /s/id = .*/id = gate.example.org }/; /id-1 = /d' /etc/swanctl/swanctl.conf
reloaded right
responder_verdict ike-version-mismatch certain
apply
put left /etc/ipsec.secrets <<<"%any : PSK \"$PSK\""
on left ipsec rereadsecrets >/dev/null
responder_verdict id-mismatch certain
apply
cured

title "what was found"
cat "$LAB_ROWS"
finish
