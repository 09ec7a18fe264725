#!/bin/bash
# 40-ikev1.sh PEER: IKEv1 in both roles: what comes up, what does not come up and what is said then.
. "$(dirname "$0")/lab.sh"
peer=${1:-strongswan}
lab_up
IKE=1
# What strongSwan takes without PFS is not what it takes with it: it has none where no group is named.
SWAN=("proposals = aes256-sha256-modp2048" "child:esp_proposals = aes128-sha1-modp2048")

# with_left LINE..., with_right LINE...: another file there, loaded. strongSwan is right, and has "swan:LINE" only
with_left() {
	tunnel left ours "$@"
	on left ipsec auto --replace vpn.example.com >"$LAB/out" 2>&1 || { cat "$LAB/out"; bad "left loads it"; }
}
right_file() {
	local l lines=()
	[ "$peer" = ours ] || lines=("${SWAN[@]}")
	for l in "$@"; do
		case $peer,$l in
		strongswan,swan:* | *,ts=* | *,peerts=* | *,id=* | *,peerid=*) lines+=("${l#swan:}") ;;
		ours,swan:* | strongswan,*) ;;
		*) lines+=("$l") ;;
		esac
	done
	tunnel right "$peer" "${lines[@]}"
}
with_right() {
	right_file "$@"
	if [ "$peer" = ours ]; then on right ipsec auto --replace vpn.example.com
	else on right swanctl --load-all; fi >"$LAB/out" 2>&1 || { cat "$LAB/out"; bad "right loads it"; }
}
# fails WHAT SECONDS STATUS PATTERN: up on the left ends like this, within that time
fails() {
	local status from=$SECONDS
	up left ours
	status=$?
	check "$1: exit status $3, not $status" test "$status" = "$3"
	check "$1: within $2 s ($((SECONDS - from)))" test $((SECONDS - from)) -le "$2"
	says "$1: says so" "$4"
}
nothing_left() {
	down left ours >/dev/null
	check "nothing is up on the left" wait_for 5 is_down left ours
	check "nothing is up on the right" wait_for 10 is_down right "$peer"
}

tunnel left ours
right_file
start right "$peer"
start left ours

title "Main Mode, we begin"
check "up ends 0" up left ours
says "initiating" '^002 "vpn.example.com" #[0-9]+: initiating Main Mode$'
says "I1" '^102 "vpn.example.com" #[0-9]+: STATE_MAIN_I1: sent MI1, expecting MR1$'
says "I2" '^104 "vpn.example.com" #[0-9]+: STATE_MAIN_I2: sent MI2, expecting MR2$'
says "I3" '^106 "vpn.example.com" #[0-9]+: STATE_MAIN_I3: sent MI3, expecting MR3$'
says "Phase 1" '^004 "vpn.example.com" #[0-9]+: IKE SA established \{auth=PRESHARED_KEY cipher=AES_CBC_256 integ=HMAC_SHA2_256 group=MODP2048\}$'
says "Quick Mode" '^115 "vpn.example.com" #[0-9]+: STATE_QUICK_I1: sent QI1, expecting QR1$'
says "Phase 2" '^004 "vpn.example.com" #[0-9]+: IPsec SA established tunnel mode \{ESP'
check "traffic passes" ping_through 5
run left ipsec trafficstatus
says "the line of the requirement page" "^006 #[0-9]+: \"vpn.example.com\", type=ESP, add_time=[0-9]+, inBytes=420, outBytes=420, .*id='198.51.100.1'"
run left ipsec showstates
says "Phase 1" 'STATE_MAIN_I4 \(IKE SA established\)'
says "Phase 2" 'STATE_QUICK_I2 \(IPsec SA established\)'
check "up again is not an error" up left ours
check "there is one" test "$(on left ipsec trafficstatus | wc -l)" = 1
check "down ends 0" down left ours
check "nothing is up on the left" is_down left ours
check "the peer was told" wait_for 5 is_down right "$peer"

title "Main Mode, the peer begins, and ends it"
check "it comes up" up right "$peer"
# the last message of Quick Mode is still on its way
check "it is up here, too" wait_for 5 is_up left ours
check "traffic passes" wait_for 5 ping_through 3
run left ipsec showstates
says "Phase 1" 'STATE_MAIN_R3 \(IKE SA established\)'
says "Phase 2" 'STATE_QUICK_R2 \(IPsec SA established\)'
check "the peer ends it" down right "$peer"
check "nothing is up on the left" wait_for 5 is_down left ours

title "Aggressive Mode is refused by default"
with_right aggressive=yes "swan:aggressive = yes"
before=$(on left grep -c 'responding to Aggressive Mode' /var/log/pluto.log)
if [ "$peer" = ours ]; then
	behind right ipsec auto --up vpn.example.com
else behind right swanctl --initiate --child vpn --timeout 3; fi
sleep 2
check "nothing comes up" is_down left ours
check "nobody responds" test "$(on left grep -c 'responding to Aggressive Mode' /var/log/pluto.log)" = "$before"
run right bash -c "$([ "$peer" = ours ] && echo 'ipsec auto --down vpn.example.com' || echo 'swanctl --terminate --ike vpn --force')" >/dev/null

title "Aggressive Mode"
with_left aggressive=yes
check "we begin" up left ours
says "the warning" "^003 \"vpn.example.com\" #[0-9]+: IKEv1 Aggressive Mode with PSK is vulnerable to dictionary attacks"
says "I1" '^110 "vpn.example.com" #[0-9]+: STATE_AGGR_I1: sent AI1, expecting AR1$'
check "traffic passes" wait_for 5 ping_through 3
nothing_left
check "the peer begins" up right "$peer"
check "traffic passes" wait_for 5 ping_through 3
run left ipsec showstates
says "Phase 1" 'STATE_AGGR_R2 \(IKE SA established\)'
nothing_left

title "another secret than the peer's"
secret() { put left /etc/ipsec.secrets <<<"$LEFT $RIGHT : PSK \"$1\""; on left ipsec rereadsecrets >/dev/null; }
secret "quite another secret than the other end has"
fails "Aggressive Mode" 5 36 '^003 "vpn.example.com" #[0-9]+: received Hash Payload does not match computed value'
says "and tells the peer" '^223 "vpn.example.com" #[0-9]+: sending notification INVALID_HASH_INFORMATION to 198.51.100.1:500'
with_left
secret "quite another secret than the other end has"
with_right
fails "Main Mode" 10 31 '^031 "vpn.example.com" #[0-9]+: STATE_MAIN_I3: .*Possible authentication failure: no acceptable response to our first encrypted message'
down left ours >/dev/null
if [ "$peer" = ours ]; then
	OUT=$(on right cat /var/log/pluto.log)
	says "the responder says it, too" 'probable authentication failure \(mismatch of preshared secrets\?\)'
fi
secret "$PSK"

title "no proposal, of Phase 1 and of Phase 2"
with_left ike=aes128-sha1-dh5
with_right ike=aes256-sha2_256-dh14
fails "Phase 1" 10 31 '^031 "vpn.example.com" #[0-9]+: STATE_MAIN_I1: .*NO_PROPOSAL_CHOSEN'
down left ours >/dev/null
with_left esp=aes256-sha2_512
with_right esp=aes128-sha1
fails "Phase 2" 5 31 '^031 "vpn.example.com" #[0-9]+: STATE_QUICK_I1: .*NO_PROPOSAL_CHOSEN.*perhaps peer likes no proposal'
down left ours >/dev/null

title "other networks than the peer's"
with_left peerts=10.9.9.0/24
with_right
fails "Quick Mode" 5 31 '^031 "vpn.example.com" #[0-9]+: STATE_QUICK_I1: .*INVALID_ID_INFORMATION'
down left ours >/dev/null
with_left
if [ "$peer" = ours ]; then # who is asked for a network that it has not
	with_right peerts=10.9.9.0/24
	up right ours >/dev/null
	check "we refuse as responder, too" is_down left ours
	OUT=$(on left cat /var/log/pluto.log)
	says "and say which" 'cannot respond to IPsec SA request because no connection is known for 10.9.9.0/24'
	down right ours >/dev/null
	with_right
fi

title "the peer knows the other version only"
IKE=2 with_right
if [ "$peer" = ours ]; then
	with_left retransmit-timeout=2s
	fails "ours IKEv1, theirs IKEv2" 15 31 '^031 "vpn.example.com" #[0-9]+: STATE_MAIN_I1: '
	OUT=$(on right cat /var/log/pluto.log)
	says "the responder says which version came" 'ignoring IKEv1 packet|initial Main Mode message received but no connection'
else
	fails "ours IKEv1, theirs IKEv2" 15 31 '^031 "vpn.example.com" #[0-9]+: STATE_MAIN_I1: .*NO_PROPOSAL_CHOSEN'
fi
down left ours >/dev/null
IKE=2 with_left retransmit-timeout=2s
with_right
run left ipsec auto --up vpn.example.com
refuses "ours IKEv2, theirs IKEv1: not 0" test $? = 0
says "and says why" 'NO_PROPOSAL_CHOSEN|INVALID_MAJOR_VERSION|no response'
down left ours >/dev/null
title "and asks us in that"
with_left
IKE=2 with_right
if [ "$peer" = ours ]; then behind right ipsec auto --up vpn.example.com; else behind right swanctl --initiate --child vpn --timeout 3; fi
seen() { grep -q "$1" "$LAB/left/log/pluto.log"; }
check "our IKEv1 to their IKEv2: the log says so" wait_for 5 seen 'no suitable connection found with IKEv2 policy'
if [ "$peer" = ours ]; then down right ours >/dev/null; fi
with_right

title "still, all is well"
check "it comes up" up left ours
check "traffic passes" wait_for 5 ping_through 3
nothing_left

title "lifetimes end under traffic: of Phase 2 in seconds, then in octets"
with_left salifetime=16s rekeymargin=11s rekeyfuzz=0%
with_right
check "it comes up" up left ours
pings() { # pings COUNT INTERVAL [OPTION...]
	on lpc ping -q -W 2 -c "$1" -i "$2" "${@:3}" $RPC >"$LAB/ping" 2>&1 &
	ping=$!
}
pings 650 0.02
before=$(spis left ours)
sleep 13
refuses "there are new SPIs" test "$before" = "$(spis left ours)"
pinged() {
	wait $ping
	OUT=$(cat "$LAB/ping")
	echo "$OUT"
	says "$1: not one was lost" ' 0% packet loss'
}
pinged "seconds"
nothing_left
with_left ipsec-max-bytes=200000
check "it comes up" up left ours
before=$(spis left ours)
pings 300 0.02 -s 1000 # slow enough for a busy machine to have the new SA before the old one is used up
other_spis() { [ -n "$(spis left ours)" ] && [ "$(spis left ours)" != "$before" ]; }
check "there are new SPIs" wait_for 20 other_spis
pinged "octets"
nothing_left

title "and of Phase 1"
with_left ikelifetime=16s rekeymargin=11s rekeyfuzz=0%
check "it comes up" up left ours
before=$(ike_spi left ours)
pings 850 0.02
other_ike() { [ -n "$(ike_spi left ours)" ] && [ "$(ike_spi left ours)" != "$before" ]; }
check "there is another Phase 1" wait_for 15 other_ike
sleep 12
check "the tunnel stays, when the old one has gone" is_up left ours
pinged "Phase 1"
nothing_left

title "DPD (RFC 3706)"
with_left dpddelay=1s dpdtimeout=4s
with_right dpddelay=1s dpdtimeout=4s "swan:dpd_delay = 1s" "swan:dpd_timeout = 4s"
check "it comes up" up left ours
sleep 6
check "while both live, it stays" is_up left ours
drop 'meta l4proto { udp, esp }'
check "we find out" wait_for 15 is_down left ours
check "the peer finds out" wait_for 15 is_down right "$peer"
no_drop
check "it comes up again" up left ours
check "traffic passes" wait_for 5 ping_through 3
nothing_left

title "nobody is there"
with_left
stop right "$peer" >/dev/null
fails "a host without IKE" 5 31 '^000 "vpn.example.com" #[0-9]+: ERROR: asynchronous network error report on eth0 .*Connection refused \[errno 111'
down left ours >/dev/null
drop 'udp dport 500'
with_left retransmit-timeout=4s
fails "a firewall" 8 31 '^031 "vpn.example.com" #[0-9]+: STATE_MAIN_I1: 4 second timeout exceeded after 3 retransmits\.  No response \(or no acceptable response\) to our first IKEv1 message$'
for s in 0.5 1 2; do
	says "the page's line, $s s" "^010 \"vpn.example.com\" #[0-9]+: STATE_MAIN_I1: retransmission; will wait $s seconds for response$"
done
down left ours >/dev/null
no_drop
finish
