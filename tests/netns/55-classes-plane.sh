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

fault "forwarding is off, for what comes out of the tunnel"
up_again
on left sysctl -qw net.ipv4.conf.ipsec0.forwarding=0
verdict forwarding-disabled certain ipsec --json diagnose $CONN
apply
cured

fault "the packet filter drops what is forwarded"
on left nft 'add table inet own; add chain inet own through { type filter hook forward priority 0; policy drop; }'
verdict local-firewall-drops-inner certain ipsec --json diagnose $CONN
apply
cured
on left nft delete table inet own

fault "the same, but for answers: nothing can begin"
on left nft 'add table inet own; add chain inet own through { type filter hook forward priority 0; policy drop; }; add rule inet own through ct state established,related accept'
verdict local-firewall-drops-inner certain ipsec --json diagnose $CONN
apply
cured
on left nft delete table inet own

fault "the packet filter drops what hosts here send, before it is routed"
on left iptables-nft -t mangle -A PREROUTING -i lan0 -d $RIGHT_NET -j DROP
verdict local-firewall-drops-inner likely ipsec --json diagnose $CONN
apply
cured
on left iptables-nft -t mangle -F

fault "a rule gives it another destination"
on left nft "table ip own { chain in { type nat hook prerouting priority dstnat; ip daddr $RIGHT_NET dnat to 10.0.1.99; }; }"
refuses "traffic does not pass" ping_through 1
verdict nat-before-ipsec likely ipsec --json diagnose $CONN
apply
cured
on left nft 'delete table ip own; delete table ip keep'

fault "one device is left out of forwarding"
on left sysctl -qw net.ipv4.conf.lan0.forwarding=0
verdict forwarding-disabled likely ipsec --json diagnose $CONN
apply
cured

fault "the device of the hosts here is down"
on left ip link set lan0 down
verdict return-path-missing-on-lan likely ipsec --json diagnose $CONN
apply
cured

fault "a program has banned the peer, by a route"
on left ipsec down $CONN >/dev/null
on left ip route add unreachable $RIGHT
verdict no-route-to-peer certain ipsec --json diagnose $CONN
apply
cured

fault "the packet filter here drops UDP port 4500 alone"
on left ipsec down $CONN >/dev/null
on left nft 'add table inet own; add chain inet own output { type filter hook output priority 0; }; add rule inet own output udp dport 4500 drop'
verdict udp4500-blocked certain ipsec --json diagnose $CONN
apply
cured
on left nft delete table inet own

fault "the tunnel's device is down"
on left ip link set ipsec0 down
verdict no-route-to-remote-subnet certain ipsec --json diagnose $CONN
apply
cured

fault "it is down when the tunnel is to come up"
on left ipsec down $CONN >/dev/null
on left ip link set ipsec0 down
verdict no-route-to-remote-subnet certain
apply
cured

fault "a rule leads elsewhere before the tunnel's"
on left ip rule add from $LEFT_NET lookup 100 priority 100
on left ip route add default via 192.0.2.254 table 100
verdict no-route-to-remote-subnet certain ipsec --json diagnose $CONN
apply
cured
on left ip rule del priority 1
on left ip rule del priority 100
on left ip route flush table 100

fault "the route into the tunnel is gone"
up_again
on left ip route del $RIGHT_NET table 220
refuses "traffic does not pass" ping_through 1
verdict no-route-to-remote-subnet certain ipsec --json diagnose $CONN
apply
cured

# from_to HOST ADDRESS: all answered
from_to() { run "$1" ping -q -c 2 -i 0.05 -W 2 "$2" && grep -q ' 0% packet loss' <<<"$OUT"; }
# seen_as THEIRS OURS: under these addresses hosts behind each end reach those behind the other, and nothing is found any more
seen_as() {
	local before=$FAILED
	check "the tunnel comes up" carries
	check "from behind this end the other's host is $1" from_to lpc "$1"
	check "from behind the other end this one's is $2" from_to rpc "$2"
	check "nothing is found any more" on left ipsec diagnose $CONN >/dev/null
	run left ipsec verify
	refuses "ipsec verify has no word against it" grep -qE "^(WARN|FAIL)" <<<"$OUT"
	if [ $FAILED = "$before" ]; then row_fix works; else row_fix FAILED; fi
	on right iptables -t nat -F
	on right ip addr flush dev lo scope global
}
# right_lan NETWORK: behind the other end, with the hosts that it always has
right_lan() {
	on right ip -4 addr flush dev lan0
	on right ip addr add "$1.1/24" dev lan0
	on rpc ip -4 addr flush dev eth0
	on rpc ip addr add "$1.33/24" dev eth0
	on rpc ip route add default via "$1.1"
}

fault "a bridge here has the other network, too"
up_again
on left ip link add docker0 type bridge
on left ip addr add 10.0.2.9/24 dev docker0
on left ip link set docker0 up
check "nobody is there: nothing is found" on left ipsec diagnose $CONN >/dev/null
on left ip link add port0 type veth peer name guest0
on left ip link set port0 master docker0 up
on left ip link set guest0 up
verdict overlapping-subnets possible ipsec --json diagnose $CONN
# strongSwan's userspace ESP wants an address of its own in what it sends from; the kernel's does not
on right ip addr add 10.99.0.254/32 dev lo
apply
apply_peer
seen_as 10.99.0.33 $LPC
on left ip link del docker0
on left ip link del port0

fault "both ends have the same network"
right_lan 10.0.1
fresh_peer ts=$LEFT_NET
fresh peerts=$LEFT_NET
check "it comes up" up left ours
verdict overlapping-subnets certain ipsec --json diagnose $CONN
exactly certain
on right ip addr add 10.99.1.254/32 dev lo
apply
apply_peer
seen_as 10.99.1.33 10.99.0.33
on left nft delete table ip stand_in
on left ip rule del from $LEFT_NET to 10.99.1.0/24 lookup 220
right_lan 10.0.2

fault "hosts here have a netmask that takes in the other network"
fresh_peer
up_again
on lpc ip addr del $LPC/24 dev eth0
on lpc ip addr add $LPC/16 dev eth0
on lpc ip route add default via 10.0.1.1
on left ip addr add 10.0.1.1/16 dev lan0
on left ip addr del 10.0.1.1/24 dev lan0
verdict overlapping-subnets possible ipsec --json diagnose $CONN
apply
check "nothing is found any more" on left ipsec diagnose $CONN >/dev/null
cured
on left sysctl -qw net.ipv4.conf.lan0.proxy_arp=0
on left ip addr add 10.0.1.1/24 dev lan0
on left ip addr del 10.0.1.1/16 dev lan0
on lpc ip addr del $LPC/16 dev eth0
on lpc ip addr add $LPC/24 dev eth0
on lpc ip route replace default via 10.0.1.1

title "the other end is a hub, with all of 10.0.0.0/8: that is in order"
fresh_peer ts=10.0.0.0/8
fresh peerts=10.0.0.0/8
check "it comes up" up left ours
check "nothing is found" on left ipsec diagnose $CONN >/dev/null
fresh_peer

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
	up_again "pfs=$([ $IKE = 2 ] && echo yes || echo no)"
	ROLE=initiator
	stop_strongswan right KILL
	refuses "it does not answer" run left ipsec alive $CONN
	# likely: strongSwan's ESP in user space is in UDP, where a NAT may say the same
	verdict peer-not-listening-icmp likely ipsec --json status
	exactly likely
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
