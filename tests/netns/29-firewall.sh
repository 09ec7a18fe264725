#!/bin/bash
# 29-firewall.sh: what tunnels need of the packet filter. The gateway hides everything behind its own
# address, by nftables and by the older tables at once; the tunnel's traffic is exempted, TCP's MSS is
# lowered in both directions, and nothing of it stays behind, whatever ends the daemon. Rules of others
# are as they were.
. "$(dirname "$0")/lab.sh"
lab_up

others() { on left bash -c 'nft list ruleset | sed "/^table inet clearswan/,/^}/d"; iptables-legacy-save; ip6tables-legacy-save' | grep -vE '^#|clearswan|^:|^$|^\*|^COMMIT'; }
masquerade() {
	on left iptables-legacy -t nat -A POSTROUTING -j MASQUERADE
	on left ip6tables-legacy -t nat -A POSTROUTING -j MASQUERADE
	on left iptables-legacy -t mangle -A FORWARD -j MARK --set-mark 7
	on left nft -f - <<-X
	table ip somebodys {
		chain post { type nat hook postrouting priority srcnat; oifname != "lan0" snat to 192.0.2.1; }
	}
	X
}
has_table() { on left nft list table inet clearswan >/dev/null 2>&1; }
has_no_table() { ! has_table; }
has_chains() { on left iptables-legacy-save | grep -q clearswan; }
has_no_chains() { ! has_chains && ! on left ip6tables-legacy-save | grep -q clearswan; }
# ours LINE...: of the conn on left
ours() {
	tunnel left ours ts=$LEFT_NET,$LEFT_NET6 peerts=$RIGHT_NET,$RIGHT_NET6 "$@"
	cat >>"$LAB/left/etc/ipsec.conf" <<-X
	conn second
	    also=vpn.example.com
	    leftsubnet=10.0.1.0/24
	    rightsubnet=10.0.7.0-10.0.7.9
	conn odd
	    also=vpn.example.com
	    leftsubnet=10.0.1.16-10.0.1.19
	    rightsubnet=10.0.8.0/24
	    leftprotoport=tcp
	    rightprotoport=tcp/443
	    mss=1200
	    nat-exempt=yes
	conn all
	    also=vpn.example.com
	    leftsubnet=10.0.1.0/24
	    rightsubnet=0.0.0.0/0
	    nat-exempt=yes
	X
}
reload() { run left ipsec reload; }
one_ping() { run lpc ping -q -c 1 -W 1 "$@" $RPC; }
# keeps_source FROM TO [OPTION...]: it is FROM that the other end sees
keeps_source() {
	local from=$1 to=$2 p
	on rpc timeout 5 tcpdump -nli eth0 -c 1 "src $from and dst $to" >"$LAB/seen" 2>/dev/null &
	p=$!
	sleep 0.5
	on lpc ping -q -c 2 -i 0.2 -W 1 "${@:3}" "$to" >/dev/null
	wait $p
}
# syn_mss HOST OPTION...: what a SYN that arrives there says, when lpc talks TCP to rpc
syn_mss() {
	local host=$1 to=$2 p
	on "$host" timeout 5 tcpdump -nli eth0 -c 1 "${@:3}" >"$LAB/syn" 2>/dev/null &
	p=$!
	sleep 0.5
	on lpc timeout 10 iperf3 -c "$to" -n 20K --connect-timeout 2000 >/dev/null 2>&1
	wait $p
	cat "$LAB/syn"
	grep -oE 'mss [0-9]+' "$LAB/syn" | cut -d' ' -f2
}
mss_is() { # mss_is N HOST TO FILTER
	local n=$1
	shift
	[ "$(syn_mss "$@" | tail -1)" = "$n" ]
}

tunnel right ours ts=$RIGHT_NET,$RIGHT_NET6 peerts=$LEFT_NET,$LEFT_NET6
ours nat-exempt=no
masquerade
before=$(others)
start right ours
start left ours
behind rpc iperf3 -s

title "a NAT rule catches the tunnel's traffic, and we may not do anything against it"
check "the tunnel comes up" up left ours
says "the rule is named" 'a NAT rule gives the tunnel.s traffic another source.*table ip somebodys, chain post: oifname != lan0 snat'
refuses "nothing goes through" one_ping -e 77
run left ipsec status
says "the status says so" 'mss: off; nat-exempt: no, missing \(nft, table ip somebodys'
check "there is no table of ours" has_no_table

title "with nat-exempt=auto, which is the default"
ours
reload
check "the tunnel comes up" up left ours
says "the rule is named" "the tunnel's traffic is exempted from NAT: it would be caught by nft, table ip somebodys"
check "pings go through" ping_through
check "over IPv6 as well" ping6_through
check "with the source that they had" keeps_source $LPC $RPC
check "over IPv6 as well" keeps_source $LPC6 $RPC6
check "a flow that was hidden before is forgotten" one_ping -e 77
run left ipsec status
says "the status says so" 'mss: off; nat-exempt: auto, in force \(nft, table ip somebodys'
check "and in JSON" on left bash -c 'ipsec --json connectionstatus vpn.example.com | jq -es "map(select(.event == \"connection_filter\"))[0] | .nat_exempt == \"auto\" and .exempt_now == \"in force\" and .mss == \"off\""'
run left nft list table inet clearswan

title "the older tables alone"
on left nft delete table ip somebodys
down left ours
check "the table is gone" wait_for 5 has_no_table
check "up again" up left ours
says "the rule of iptables is named" 'caught by iptables-legacy -t nat -A POSTROUTING -j MASQUERADE'
check "pings go through" ping_through
check "with the source that they had" keeps_source $LPC $RPC
on left iptables-legacy -t nat -F POSTROUTING
on left ip6tables-legacy -t nat -F POSTROUTING
down left ours
check "up without any rule" up left ours
check "nothing is exempted" has_no_table
run left ipsec status
says "the status says so" 'nat-exempt: auto, not needed;'
masquerade 2>/dev/null
check "others have what they had" test "$(others | sort -u)" = "$(sort -u <<<"$before")"
before=$(others)

title "MSS, in both directions"
ours mss=1000
reload
check "the tunnel comes up" up left ours
says "it is said" 'TCP segments through the tunnel have at most 1000 octets'
check "of the client's SYN" mss_is 1000 rpc $RPC 'tcp[tcpflags] & (tcp-syn|tcp-ack) == tcp-syn'
check "of the server's answer" mss_is 1000 lpc $RPC 'tcp[tcpflags] & (tcp-syn|tcp-ack) == tcp-syn|tcp-ack'
check "of a client's SYN over IPv6" mss_is 980 rpc $RPC6 'ip6 and ip6[53] & 18 == 2'
check "of a server's answer over IPv6" mss_is 980 lpc $RPC6 'ip6 and ip6[53] & 18 == 18'
run left ipsec status
says "the status says so" 'mss: 1000, 1000 in force;'
ours mss=auto
reload
check "the tunnel comes up" up left ours
check "auto: what the device ipsec0 leaves" mss_is 1360 rpc $RPC 'tcp[tcpflags] & (tcp-syn|tcp-ack) == tcp-syn'
check "and for the answer" mss_is 1360 lpc $RPC 'tcp[tcpflags] & (tcp-syn|tcp-ack) == tcp-syn|tcp-ack'
ours mss=auto mtu=1300
reload
check "the tunnel comes up" up left ours
check "auto: what mtu= leaves" mss_is 1260 rpc $RPC 'tcp[tcpflags] & (tcp-syn|tcp-ack) == tcp-syn'

title "one tunnel comes and goes beside another"
run left ipsec add second
run left ipsec route second
run left ipsec add odd
run left ipsec route odd
run left ipsec add all
run left ipsec route all
shows() { on left nft list table inet clearswan | grep -qE "$1"; }
check "every tunnel has its rules" wait_for 5 shows '!= 10.0.1.0/24 snat'
run left nft list table inet clearswan
says "a range" 'ip saddr 10.0.1.0/24 ip daddr 10.0.7.0-10.0.7.9 snat'
says "a protocol and a port" 'ip saddr 10.0.1.16/30 ip daddr 10.0.8.0/24 tcp dport 443 snat'
says "everything but our own net" 'ip saddr 10.0.1.0/24 ip daddr 0.0.0.0/0 ip daddr != 10.0.1.0/24 snat|ip saddr 10.0.1.0/24 ip daddr != 10.0.1.0/24 snat'
run left ipsec delete all
run left ipsec delete odd
run left ipsec unroute second
only_first() { on left nft list table inet clearswan | grep -q 10.0.2.0 && ! on left nft list table inet clearswan | grep -qE '10\.0\.[78]\.0|0\.0\.0\.0/0'; }
check "only the first tunnel's rules are left" wait_for 5 only_first
check "pings go through" ping_through

title "the end"
stop left ours
check "no table of ours" has_no_table
check "others have what they had" test "$(others)" = "$before"

# twice: the guard may have begun another parent before its own turn came
kill_all() {
	local victims
	for _ in 1 2; do
		mapfile -t victims < <(pids left 'ipsec*')
		[ ${#victims[@]} = 0 ] || kill -9 "${victims[@]}"
	done
}
title "kill -9 of everything"
QUIET=1 start left ours
check "the tunnel comes up" up left ours
check "our table is there" has_table
kill_all
check "our table is still there" has_table
start left ours
check "it is taken out, which is said" wait_for 5 on left grep -q 'removed the table "inet clearswan" of nftables that an earlier daemon left behind' /var/log/pluto.log
stop left ours
check "others have what they had" test "$(others)" = "$before"

title "a kernel that has only the older tables"
on left nft delete table ip somebodys
before=$(others)
on left mount --bind /bin/false /usr/sbin/nft
QUIET=1 start left ours
check "the tunnel comes up" up left ours
check "pings go through" ping_through
check "over IPv6 as well" ping6_through
check "with the source that they had" keeps_source $LPC $RPC
check "over IPv6 as well" keeps_source $LPC6 $RPC6
check "MSS of the client's SYN" mss_is 1260 rpc $RPC 'tcp[tcpflags] & (tcp-syn|tcp-ack) == tcp-syn'
check "MSS of the server's answer" mss_is 1260 lpc $RPC 'tcp[tcpflags] & (tcp-syn|tcp-ack) == tcp-syn|tcp-ack'
run left ipsec add odd
run left ipsec route odd
# nobody waits for what the packet filter does for a trap
legacy_has() { on left iptables-legacy-save | grep -qE -- "$1"; }
check "a range and a port" wait_for 5 legacy_has '-A clearswan -s 10.0.1.16/30 -d 10.0.8.0/24 -p tcp -m tcp --dport 443 .*-j ACCEPT'
down left ours
run left ipsec delete odd
check "our chains are gone" wait_for 5 has_no_chains
check "others have what they had" test "$(others)" = "$before"
check "up again" up left ours
kill_all
check "our chains are still there" has_chains
start left ours
check "they are taken out, which is said" wait_for 5 on left grep -q 'removed chains "clearswan" of iptables that an earlier daemon left behind' /var/log/pluto.log
check "up again" up left ours
stop left ours
check "our chains are gone" has_no_chains
check "others have what they had" test "$(others)" = "$before"
finish
