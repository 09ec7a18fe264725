#!/bin/bash
# 55-classes-way.sh PEER: the tunnel is up, and what lies beside it or between its ends is in the way: another network here
# that it takes as well, a NAT that forgets, packets that overtake one another. Verdicts at rank 1, and fixes applied as
# they are printed. Who is overtaken is counted for a minute: a second tunnel over IPv6 ("late") is, meanwhile.
export LAB_HOSTS="lpc left router right rpc printer"
. "$(dirname "$0")/lab.sh"
peer=${1:-strongswan}
# shellcheck source=tests/netns/verdicts.sh
. "$(dirname "$0")/verdicts.sh"
lab_up
PRINTER=192.168.7.33 LATE_NET=10.0.3.0/24 LATE_PC=10.0.3.1

found() { on left ipsec --json status 2>/dev/null | jq -r 'select(.event == "found_finding") | "\(.conn // "-") \(.class)"' | sort -u; }
nothing_found() { ! found | grep -v '^late '; }
late_is_found() { [[ $(found) == *"late $1"* ]]; }
late_is_not_found() { ! late_is_found ""; }
is_up() { [ -n "$(on left ipsec trafficstatus $CONN 2>/dev/null)" ]; }
# late_conn: beside what tunnel() has written, at either end
late_conn() {
	on left bash -c 'cat >>/etc/ipsec.conf' <<-X
	conn late
	    left=$LEFT6
	    leftsubnet=$LEFT_NET
	    right=$RIGHT6
	    rightsubnet=$LATE_NET
	    authby=secret
	    auto=add
	X
	on left bash -c 'cat >>/etc/ipsec.secrets' <<<"$LEFT6 $RIGHT6 : PSK \"$PSK\""
	on right bash -c 'cat >>/etc/swanctl/swanctl.conf' <<-X
	connections { late { version = 2
		local_addrs = $RIGHT6
		remote_addrs = $LEFT6
		local { auth = psk }
		remote { auth = psk }
		children { late {
			local_ts = $LATE_NET
			remote_ts = $LEFT_NET } } } }
	secrets { ike-late {
		id-1 = $LEFT6
		id-2 = $RIGHT6
		secret = "$PSK" } }
	X
}
# one packet of five that the peer sends over IPv6 waits for up to five seconds, and others overtake it
overtake() {
	behind router python3 "$TOP/tests/netns/shuffle.py" 20 5000
	wait_for 5 on router ip link show shuffle0 || die "no shuffle0"
	on router ip link set shuffle0 up
	on router ip -6 route add default dev shuffle0 table 7
	on router ip -6 rule add iif right0 table 7
}
all_come() { run lpc ping -q -c 300 -i 0.01 -W 8 $LATE_PC && grep -q ' 0% packet loss' <<<"$OUT"; }

tunnel left ours
tunnel right "$peer"
late_conn
on right ip addr add $LATE_PC/24 dev lo
SS_CHARON="keep_alive = 0" start right "$peer"
start left ours
check "up" up left ours
check "the other one, too" up left ours late
overtake
refuses "some come too late for the window" all_come
behind lpc ping -i 0.01 $LATE_PC

fault "the tunnel takes another network that is connected here"
wire printer eth0 $PRINTER/24 fd00:7::33/64 left lan1 192.168.7.1/24 fd00:7::1/64
gateway printer 192.168.7.1 fd00:7::1
prints() { run lpc ping -q -c 1 -W 1 $PRINTER; }
check "a host here reaches the printer" prints
fresh peerts=0.0.0.0/0
fresh_peer ts=0.0.0.0/0
check "it comes up" up left ours
refuses "it does not any more" prints
verdict lan-swallowed-by-full-tunnel certain ipsec --json diagnose $CONN
exactly certain
apply
cured prints
on left ipsec delete lan-lan1 >/dev/null
ip -n "${LAB_PREFIX}left" link del lan1

fault "the peer's NAT forgets who has sent nothing for a while"
on router nft -f - <<-'X'
	table inet lab_nat {
		chain post { type nat hook postrouting priority srcnat; oifname "left0" ip protocol udp masquerade to :20000-60000 random; }
	}
	X
# patience SECONDS: of the NAT
patience() { on router sysctl -qw net.netfilter.nf_conntrack_udp_timeout="$1" net.netfilter.nf_conntrack_udp_timeout_stream="$1"; }
forgotten() { [ -z "$(on router conntrack -L -f ipv4 -p udp 2>/dev/null)" ]; }
forgets() {
	wait_for 8 forgotten || bad "the NAT does not forget"
	refuses "who begins here does not get through" ping_through 1
	on rpc ping -q -c 2 -i 0.3 -W 1 $LPC >/dev/null
	check "once the peer has sent something, he does" wait_for 3 ping_through 1
}
thrice() { forgets; forgets; forgets; }
patience 2
fresh_peer
fresh peer=%any peerid=$RIGHT
ROLE=responder
tries >/dev/null
check "the peer brings it up" wait_for 3 ping_through 1
noticed left nat-mapping-expiry likely thrice
exactly likely
cat "$LAB/attempt"
refuses "it went as it should" grep -q '^FAIL' "$LAB/attempt"
# longer than what the fix says
patience 17
apply
reloaded right # what we told it of the end has not reached it
idle() { sleep 19; ping_through 1; }
cured idle
on router nft delete table inet lab_nat

fault "packets overtake one another"
check "it is found by itself" wait_for 70 late_is_found anti-replay-drops
JUDGE=left ROLE=initiator CONN=late
on left ipsec --json status >"$LAB/said"
judged anti-replay-drops likely
exactly likely
tunnel left ours
tunnel right "$peer"
late_conn
reloaded right
on left ipsec rereadsecrets >/dev/null
apply
check "it comes up" up left ours late
before=$FAILED
check "they come late, and all of them" all_come
check "nothing is found any more" wait_for 3 late_is_not_found
if [ $FAILED = "$before" ]; then row_fix works; else row_fix FAILED; fi

title "what was found"
cat "$LAB_ROWS"
finish
