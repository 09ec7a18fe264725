#!/bin/bash
# 60-nat.sh: what NATs do to several clients, to flows that have begun, and to port 500. Two clients, right and second, are
# strongSwan; our end is their gateway, or a client itself. Verdicts at rank 1, fixes applied as they are printed.
LAB_HOSTS="lpc left router right rpc second"
# shellcheck source=tests/netns/lab.sh
. "$(dirname "$0")/lab.sh"
peer=strongswan
# shellcheck source=tests/netns/verdicts.sh
. "$(dirname "$0")/verdicts.sh"
lab_up
SECOND=203.0.113.1
wire second eth0 $SECOND/24 2001:db8:3::1/64 router second0 203.0.113.254/24 2001:db8:3::fe/64
gateway second 203.0.113.254 2001:db8:3::fe
own_view second
preloaded left
preloaded right

# server LINE...: our end takes two clients, right and second
# shellcheck disable=SC2120 # some have none
server() {
	tunnel left ours peer=%any "$@"
	reloaded left
}
# client HOST NAME LINE...
client() {
	local me=$RIGHT
	[ "$1" = right ] || me=$SECOND
	tunnel "$1" strongswan me=$me "id=$2.example.com" "${@:3}"
	client_reloaded "$1"
}
client_reloaded() {
	on "$1" swanctl --terminate --ike vpn --force >/dev/null 2>&1
	on "$1" swanctl --load-all >/dev/null
}
# as the first client has it, for the second
like_the_first() {
	on right cat /etc/swanctl/swanctl.conf | sed -e 's/first/second/' -e "s/$RIGHT/$SECOND/" |
		put second /etc/swanctl/swanctl.conf
	client_reloaded second
}
from() { run "$1" ping -q -c 3 -i 0.1 -W 1 "${@:2}" && grep -q ' 0% packet loss' <<<"$OUT"; }

tunnel left ours peer=%any
tunnel right strongswan id=first.example.com
tunnel second strongswan me=$SECOND id=second.example.com peer=$LEFT peerts=$LEFT_NET ts=$RIGHT_NET
start left ours
start right strongswan
start second strongswan
on second ip addr add 10.0.2.34/32 dev lo
nat right

fault "two clients behind one NAT have the same network"
server ""
client right first
client second second
check "the first comes up" up right strongswan
check "its traffic passes" from rpc $LPC
responder_verdict same-nat-multiple-clients likely up second strongswan
exactly likely
check "traffic of the second passes" from second -I 10.0.2.34 $LPC
refuses "that of the first does not" from rpc $LPC
apply
apply_peer
like_the_first
check "the first comes up" up right strongswan
check "the second comes up" up second strongswan
run left ipsec trafficstatus
check "each has an address" [ "$(grep -c 'lease=' <<<"$OUT")" = 2 ]
check "traffic of the first passes" from right $LPC
check "traffic of the second passes" from second $LPC
check "nothing is found any more" nothing_found
look_finds_nothing() { ! on left ipsec --json diagnose $CONN | grep '"found_finding"'; }
check "nor when this host is looked at, whose peers may be anywhere" look_finds_nothing
row_fix works


# ---- a router with "IPsec passthrough" ------------------------------------------------------

# passthrough FROM HIDES: the router gives what comes from port 500 of FROM its own address, statelessly; who began
# before has the answers, or nobody
passthrough() {
	on router nft -f - <<-X
	table ip alg {
		chain raw { type filter hook prerouting priority raw; ip saddr $1 udp sport 500 notrack; }
		chain post { type filter hook postrouting priority srcnat; ip saddr $1 udp sport 500 ip saddr set $2; }
	}
	X
}
no_passthrough() {
	on router nft delete table ip alg
	on router conntrack -F >/dev/null 2>&1
}
fault "a router with passthrough, and the second client behind it; we answer"
check "both end" eval 'down right strongswan && down second strongswan'
on router conntrack -F >/dev/null 2>&1
check "this time the second is first" up second strongswan
passthrough $RIGHT 192.0.2.254
repeats() {
	on right swanctl --initiate --child vpn --timeout 6 >/dev/null 2>&1 &
	sleep 2.8
	hours_pass left 31
	wait $!
}
responder_verdict nat-ipsec-alg likely repeats
exactly likely
apply_peer
check "it comes up" up right strongswan
check "traffic passes" from right $LPC
check "so does that of the second one" from second $LPC
check "nothing is found any more" wait_for 3 nothing_found
row_fix works
no_passthrough

fault "a router with passthrough; we begin"
check "the second ends" down second strongswan
client right first peer=%any peerid=$LEFT
tunnel left ours peerid=@first.example.com
reloaded left
no_nat
nat left
passthrough $LEFT 198.51.100.254
on router nft add chain ip alg drops '{ type filter hook prerouting priority -310; iifname "right0" udp sport 500 udp dport 500 drop; }'
JUDGE=left BEGAN=initiator
verdict nat-ipsec-alg likely ipsec --json diagnose $CONN
exactly likely
apply
cured
check "it ends" down left ours
no_passthrough

fault "the same with IKEv1, whose first message tells of no NAT"
IKE=1
client right first peer=%any peerid=$LEFT
tunnel left ours peerid=@first.example.com pfs=no
reloaded left
drop udp sport 500 udp dport 500
shortlist nat-ipsec-alg ike-udp500-blocked likely ipsec --json diagnose $CONN
apply
cured
check "it ends" down left ours
no_drop
IKE=2

# ---- flows that have begun ----------------------------------------------------------------

# from behind left to behind right, at once and without end; what was answered is in $LAB/flow
flow_begins() {
	on lpc ping -i 0.2 $RPC >"$LAB/flow" 2>&1 </dev/null &
	FLOW=$!
}
flow_ends() { ended $FLOW; }
flow_passes() {
	local before
	before=$(grep -c 'bytes from' "$LAB/flow")
	sleep 0.7
	[ "$(grep -c 'bytes from' "$LAB/flow")" -gt "$before" ]
}
fault "a flow has begun before its exemption from NAT"
client right first
tunnel left ours peer=%any nat-exempt=no
on left sed -i 's/^    right=%any$/    right=198.51.100.1/' /etc/ipsec.conf
reloaded left
no_nat
on left nft -f - <<X
table ip own { chain post { type nat hook postrouting priority srcnat; ip saddr $LEFT_NET snat to $LEFT; }; }
X
check "it comes up" up right strongswan
flow_begins
refuses "its packets get another source" flow_passes
healthy() { ! on left ipsec --json diagnose $CONN | grep conntrack-stale-nat; }
check "while a rule makes such entries, they are not what is wrong" healthy
on left nft insert rule ip own post ip saddr $LEFT_NET ip daddr $RIGHT_NET accept
check "a new flow passes" ping_through 3
refuses "the old one does not" flow_passes
BEGAN=responder
verdict conntrack-stale-nat certain ipsec --json diagnose $CONN
exactly certain
apply
check "it passes as well" wait_for 3 flow_passes
check "nothing is found any more" healthy
flow_ends
row_fix works

title "where translation is wanted nothing is found"
on left nft -f - <<X
delete table ip own
table ip own { chain post { type nat hook postrouting priority srcnat; ip saddr $LPC ip daddr $RIGHT_NET snat to 10.0.1.99; }; }
X
on left ip addr add 10.0.1.99/32 dev lan0
flow_begins
check "a translated flow passes" wait_for 3 flow_passes
run left conntrack -L -s $LPC -d $RPC
says "it is translated" 'dst=10\.0\.1\.99'
on left nft delete table ip own
check "nothing is found of it" healthy
flow_ends


title "what was found"
cat "$LAB_ROWS"
finish
