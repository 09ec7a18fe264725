#!/bin/bash
# 60-plane.sh PEER: IKE is content, and the packets are not: what the data plane, policies and marks do to a tunnel.
# Verdicts at rank 1, and fixes applied as they are printed.
. "$(dirname "$0")/lab.sh"
peer=${1:-ours}
# shellcheck source=tests/netns/verdicts.sh
. "$(dirname "$0")/verdicts.sh"
lab_up

diagnosed() { verdict "$1" "$2" ipsec --json diagnose $CONN; }

tunnel left ours
tunnel right "$peer"
start right "$peer"
start left ours

# strongSwan's userspace ESP has no such ICV
if [ "$peer" = ours ]; then
	fault "the peer cuts HMAC-SHA2-256 to 96 bits"
	fresh_peer esp=aes128-sha2_256 sha2-truncbug=yes
	fresh esp=aes128-sha2_256
	check "it comes up" up left ours
	refuses "traffic does not pass" ping_through 1
	behind rpc ping -i 0.2 $LPC # what comes from there is what tells
	diagnosed sha2-truncation certain
	exactly certain
	apply
	cured
fi

fault "the SA may carry no more than a limit that is too small"
fresh_peer
fresh ipsec-max-bytes=1000
check "it comes up" up left ours
ROLE=initiator
noticed left sequence-or-byte-limit certain on lpc ping -q -c 1 -W 1 -s 1200 $RPC
exactly certain
apply
cured

title "what was found"
cat "$LAB_ROWS"
finish
