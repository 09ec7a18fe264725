#!/bin/bash
# 55-classes-plane.sh PEER: the tunnel is up, and traffic does not pass, or it ends after a time. Verdicts at rank 1, and
# fixes applied as they are printed.
. "$(dirname "$0")/lab.sh"
peer=${1:-strongswan}
# shellcheck source=tests/netns/verdicts.sh
. "$(dirname "$0")/verdicts.sh"
lab_up

tunnel left ours
tunnel right "$peer"
start right "$peer"
start left ours
# our end anew, and up
up_again() {
	fresh_peer
	fresh "$@"
	check "it comes up" up left ours
}

fault "forwarding is off"
up_again
on left sysctl -qw net.ipv4.ip_forward=0
verdict forwarding-disabled certain ipsec --json diagnose $CONN
apply
cured

fault "the packet filter drops what is forwarded"
on left nft 'add table inet own; add chain inet own through { type filter hook forward priority 0; policy drop; }'
verdict local-firewall-drops-inner certain ipsec --json diagnose $CONN
apply
cured
on left nft delete table inet own

fault "the route into the tunnel is gone"
up_again
on left ip route del $RIGHT_NET table 220
refuses "traffic does not pass" ping_through 1
verdict no-route-to-remote-subnet certain ipsec --json diagnose $CONN
apply
cured

fault "the other network is here, too"
up_again
on left ip addr add 10.0.2.9/24 dev lan0
verdict overlapping-subnets certain ipsec --json diagnose $CONN
on left ip addr del 10.0.2.9/24 dev lan0

fault "another daemon has left its policies in the kernel, and the tunnel is in user space"
for way in "dir out src $LEFT_NET dst $RIGHT_NET" "dir fwd src $RIGHT_NET dst $LEFT_NET" "dir in src $RIGHT_NET dst $LEFT_NET"; do
	# shellcheck disable=SC2086 # words
	on left ip xfrm policy add $way priority 1757393 tmpl src $LEFT dst $RIGHT proto esp reqid 16389 mode tunnel
done
up_again
refuses "traffic does not pass" ping_through 1
verdict policy-shadowed certain ipsec --json diagnose $CONN
apply
cured

fault "rekey=no, and the lifetime is over"
fresh_peer
fresh rekey=no salifetime=5s
check "it comes up" up left ours
ROLE=initiator
noticed left rekey-no-expiry certain sleep 9
apply
cured

fault "the peer is gone, and nothing brings the tunnel back"
up_again dpddelay=1 retransmit-timeout=2s
sever
ROLE=initiator
noticed left dpd-no-recovery certain sleep 8
mend
apply
# what is left is possible: a NAT's mapping may have been forgotten, for all that we know
if wait_for 5 ping_through 3; then row_fix works; else row_fix FAILED; fi
check "it is up again" ping_through 3

for IKE in 1 2; do
	fault "IKEv$IKE: the peer's daemon has ended under a tunnel that is up"
	[ $IKE = 2 ] || fresh_peer
	up_again dpddelay=1 dpdtimeout=30 "pfs=$([ $IKE = 2 ] && echo yes || echo no)"
	ROLE=initiator
	noticed left peer-not-listening-icmp likely stop_strongswan right KILL
	verdict peer-not-listening-icmp certain ipsec --json diagnose $CONN
	exactly certain
	refuses "nothing else is found" grep -q '"rank":2' "$LAB/said"
	start right strongswan # which systemctl does there
	apply
	cured
done

fault "the peer was killed and has begun anew: it has forgotten a tunnel that is up here"
up_again
stop_strongswan right KILL
start right strongswan
ROLE=initiator
verdict peer-silent-unknown possible ipsec --json diagnose $CONN
check "it was asked in the IKE SA" grep -q '"event":"ike_not_alive"' "$LAB/said"
apply
cured

fault "UDP port 4500 is filtered"
fresh_peer
fresh
drop udp dport 4500
verdict udp4500-blocked likely
by_hand router "let UDP port 4500 through" nft delete table inet lab_drop
cured

title "what was found"
cat "$LAB_ROWS"
finish
