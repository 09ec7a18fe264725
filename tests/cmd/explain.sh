#!/bin/bash
# ipsec explain: each kind of word is found, what is unknown ends with 1 and the nearest word.
set -u
ipsec=$1
bad=0

# explains STATUS PATTERN WORD...
explains() {
	local want=$1 pattern=$2 said status
	shift 2
	said=$("$ipsec" explain "$@" 2>&1)
	status=$?
	[ "$status" = "$want" ] && grep -q -- "$pattern" <<<"$said" && return
	echo "ipsec explain $*: exit $status instead of $want, or no \"$pattern\" in:"
	echo "$said"
	bad=1
}

explains 0 'no answer, or none that is acceptable' 031
explains 0 '^code 010' 10
explains 0 'XfrmInNoStates' xfrminnostates
explains 0 '^event v2_timeout' v2_timeout
explains 0 'identity and proof of the secret are sent' STATE_MAIN_I3
explains 0 'remedy: ' ike-udp500-blocked
explains 0 '^class psk-mismatch-v2' \
	'002 "vpn" #1: IKE SA authentication request rejected by peer: AUTHENTICATION_FAILED'
explains 0 '^event v2_auth_rejected' \
	002 vpn '#1:' IKE SA authentication request rejected by peer: AUTHENTICATION_FAILED
explains 0 '^code 003' '003 "vpn" #1: a line of another program'
explains 0 '"code":"031"' 031 --json
explains 0 '"event":"request_done","exit":0' 031 --json
explains 1 'did you mean "ike-udp500-blocked"' ike-udp500-blcked
explains 1 'there is: v2_timeout' timeout
explains 1 'nothing is known of "999"' 999
explains 1 '"exit":1' --json nonsense
explains 2 'usage: '
exit $bad
