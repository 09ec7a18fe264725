#!/bin/bash
# 12-transport.sh [libreswan]: transport mode by the kernel's ESP, also through a NAT, where each end is
# known by another address than it knows; a device that is asked for and cannot. The other end is ours or
# Libreswan.
# shellcheck source=tests/netns/lab.sh
. "$(dirname "$0")/../netns/lab.sh"
PEER=${1:-ours}
[ "$PEER" = ours ] || LAB_RIGHT=$PEER
lab_up

# hosts HOST LEFT RIGHT LINE...: host to host; what each end is called does not change behind a NAT
hosts() {
	local host=$1
	put "$host" /etc/ipsec.conf <<-X
	config setup
	    logfile=/var/log/pluto.log

	conn vpn.example.com
	    left=$2
	    leftid=@left
	    right=$3
	    rightid=@right
	    authby=secret
	    auto=add
	$(printf '    %s\n' "${@:4}")
	X
	put "$host" /etc/ipsec.secrets <<<": PSK \"$PSK\""
}
# protected [ADDRESS]: it answers pings, which our SAs count
out_bytes() { on left ipsec trafficstatus | sed -n 's/.*outBytes=\([0-9]*\),.*/\1/p' | head -1; }
protected() {
	local before
	before=$(out_bytes)
	run left ping -c 2 -W 5 "${1:-$RIGHT}" && [ "$(out_bytes)" -gt "$before" ]
}

title "transport mode"
hosts left $LEFT $RIGHT type=transport nic-offload=crypto
hosts right $LEFT $RIGHT type=transport
start right $PEER
start left ours
check "up" up left ours
says "in transport mode" 'transport'
check "traffic" protected
run left ip xfrm state
says "SAs" 'mode transport'
run left cat /var/log/pluto.log
says "the device does without" 'does not do ESP for us'
check "child rekeyed" rekey_child left ours
check "traffic" protected
check "down" down left ours
wait_for 5 is_down right $PEER
check "up from there" up right $PEER
check "traffic" protected
check "rekeyed from there" rekey_child right $PEER
check "traffic" protected
check "down from there" down right $PEER
check "we know" wait_for 8 is_down left ours

title "disagreement"
stop left ours
hosts left $LEFT $RIGHT
start left ours
refuses "tunnel mode is not taken there" up left ours
says "and it is told" 'NO_PROPOSAL_CHOSEN|TS_UNACCEPTABLE'

title "transport mode through a NAT"
stop left ours
stop right $PEER
nat left
hosts left $LEFT $RIGHT type=transport
hosts right %any $RIGHT type=transport
start right $PEER
start left ours
check "up" up left ours
check "traffic" protected
run right ip xfrm policy
says "between the addresses that it sees" "src $RIGHT/32 dst 198.51.100.254/32"
check "child rekeyed" rekey_child left ours
check "traffic" protected
check "down" down left ours
no_nat
stop right $PEER
stop left ours
finish
