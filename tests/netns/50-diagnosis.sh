#!/bin/bash
# 50-diagnosis.sh PEER: the cases of the requirement page, with our end as initiator: what goes wrong gets the right
# verdict, at the first rank, in time; and the fix, applied as it is printed, brings the tunnel up with traffic.
. "$(dirname "$0")/lab.sh"
peer=${1:-strongswan}
. "$(dirname "$0")/verdicts.sh"
lab_up

tunnel left ours
tunnel right "$peer"
start right "$peer"
start left ours

title "healthy: no finding"
check "it comes up" up left ours
run left ipsec status
refuses "nothing is found" grep -q diagnosis: <<<"$OUT"
check "ipsec diagnose finds nothing either" run left ipsec diagnose $CONN

fault "IKEv2: the secrets differ"
fresh
put left /etc/ipsec.secrets <<<"$LEFT $RIGHT : PSK \"another secret than that of the other end\""
reloaded left
verdict psk-mismatch-v2 likely
apply
cured

fault "IKEv2: a packet filter on the way drops IKE"
fresh
drop udp dport 500
verdict ike-udp500-blocked possible
no_drop
cured

fault "IKEv2: no algorithm of ike= in common"
fresh ike=aes128-sha2_512-modp3072
fresh_peer "proposals = aes256-sha256-modp2048"
verdict ike-proposal-mismatch likely
apply_peer
cured

fault "IKEv2: no algorithm of esp= in common"
fresh esp=aes128-sha2_512
fresh_peer "child:esp_proposals = aes256gcm16"
verdict esp-proposal-mismatch likely
apply_peer
cured

fault "IKEv2: the networks differ"
fresh peerts=10.9.0.0/24
fresh_peer
verdict ts-mismatch-v2 likely
fresh
cured

fault "nobody listens there"
fresh
stop right "$peer"
verdict peer-not-listening-icmp certain
start right "$peer"
cured

fault "no secret here"
fresh
put left /etc/ipsec.secrets <<<"10.9.9.9 : PSK \"of somebody else, and long enough\""
reloaded left
verdict psk-not-found-locally certain
apply
cured

title "what was found"
cat "$LAB_ROWS"
finish
