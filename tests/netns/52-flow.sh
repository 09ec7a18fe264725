#!/bin/bash
# 52-flow.sh PEER: "ipsec diagnose" of a tunnel that is up: its test flow finds nothing in a healthy one, and
# in others the right cause at rank 1; the fix for this end, applied as it is printed, lets traffic pass.
. "$(dirname "$0")/lab.sh"
peer=${1:-strongswan}
# shellcheck source=tests/netns/verdicts.sh
. "$(dirname "$0")/verdicts.sh"
lab_up

# diagnose [OPTION...]: the answer is in $LAB/said; packets of ours that left are counted by the router
diagnose() {
	printf 'left# ipsec diagnose vpn.example.com %s\n' "$*"
	from=${EPOCHREALTIME/./}
	on left timeout 60 ipsec --json diagnose vpn.example.com "$@" >"$LAB/said" 2>&1 </dev/null
	took=$(((${EPOCHREALTIME/./} - from) / 1000))
	jq -r 'select(.line and (.event | test("^(diag|found|local)_") | not)) | .line' "$LAB/said" 2>/dev/null
	sent=$(jq -r 'select(.event == "diag_step") | .result' "$LAB/said" | sed -n 's/ packets sent in all//p')
	check "at most 40 packets: ${sent:-none}" [ "${sent:-99}" -le 40 ]
	check "in less than 15 s: $took ms" [ "$took" -lt $((15000 * ${LAB_SLOW:-1})) ]
}
# found CLASS CERTAINTY [OPTION...]
found() {
	local want=$1 sure=$2
	shift 2
	JUDGE=left ROLE=initiator
	diagnose "$@"
	judged "$want" "$sure"
	exactly "$sure"
}
nothing() {
	diagnose "$@"
	refuses "nothing is found" grep '"found_finding"' "$LAB/said"
}
# suspects CLASS...: named beside it
suspects() {
	local c
	for c in "$@"; do
		check "it can also be $c" grep -qE '"found_(suspect|finding)".*"class":"'"$c"'"' "$LAB/said"
	done
}
# again [LINE...]: our end anew, and up
again() {
	fresh "$@"
	check "up" up left ours
}
# A packet filter of the host with these rules in a chain of that hook.
filter() {
	local host=$1 hook=$2
	shift 2
	on "$host" nft -f - <<-X
	table inet lab_filter {
		chain $hook { type filter hook $hook priority filter; $* }
	}
	X
}
no_filter() { on "$1" nft delete table inet lab_filter; }
# frozen: two uploads, one after the other, while somebody pings; each ends when it has waited for long enough
frozen() {
	local i
	on lpc ping -i 0.5 -w 25 $RPC &
	for i in 1 2; do
		upload $((BIG_PORT + 20 + i)) 18 &
		sleep 4
	done
	BIG_PORT=$((BIG_PORT + 1))
	wait
}
# upload PORT SECONDS: what is sent arrives
upload() {
	on rpc timeout "$2" python3 -c '
import socket, sys
c = socket.create_server(("0.0.0.0", int(sys.argv[1]))).accept()[0]
while c.recv(1 << 16):
	pass' "$1" &
	wait_for 5 on rpc bash -c 'ss -ltn | grep -q :$0' "$1"
	on lpc timeout "$2" python3 -c '
import socket, sys
s = socket.create_connection((sys.argv[1], int(sys.argv[2])), 5)
s.sendall(b"x" * 400000)
s.shutdown(socket.SHUT_WR)
sys.exit(s.recv(1) != b"")' $RPC "$1"
}
# big: TCP from behind left to behind right and back, 200 kB each way
BIG_PORT=5002
big() {
	local serve
	BIG_PORT=$((BIG_PORT + 1)) # one that froze keeps its own for a while
	on rpc timeout 20 python3 -c '
import socket, sys
s = socket.create_server(("0.0.0.0", int(sys.argv[1])))
c, n = s.accept()[0], 0
while n < 200000:
	n += len(c.recv(1 << 16))
c.sendall(b"y" * 200000)' $BIG_PORT &
	serve=$!
	wait_for 5 on rpc bash -c 'ss -ltn | grep -q :$0' $BIG_PORT
	on lpc timeout 10 python3 -c '
import socket, sys
s, n = socket.create_connection((sys.argv[1], int(sys.argv[2])), 5), 0
s.sendall(b"x" * 200000)
while n < 200000:
	n += len(s.recv(1 << 16) or sys.exit(1))' $RPC $BIG_PORT
	local status=$?
	kill $serve 2>/dev/null
	wait $serve 2>/dev/null
	return $status
}

tunnel left ours
tunnel right "$peer"
start right "$peer"
start left ours
check "up" up left ours

title "healthy"
nothing
check "it went through the tunnel" grep -q '"event":"flow_answer".*"answered":3' "$LAB/said"
check "the path MTU outside is known" grep -q '"event":"flow_mtu".*"way":"outside".*"mtu":1500' "$LAB/said"
check "and inside" grep -q '"event":"flow_mtu".*"way":"inside"' "$LAB/said"
nothing --through $RPC

fault "ESP is dropped on the way, IKE is not"
drop 'udp dport 4500 @th,64,32 != 0 drop; meta l4proto esp'
found esp-blocked likely
suspects return-path-missing-on-lan
no_drop
check "traffic passes" wait_for 5 ping_through 3

fault "what the gateway itself sends has an address outside of the tunnel"
found gateway-source-address certain --self
apply
cured wait_for 5 run left ping -c 1 -W 2 $RPC
nothing --self

fault "this gateway does not forward"
on left sysctl -qw net.ipv4.ip_forward=0
found forwarding-disabled certain
apply
cured

fault "this gateway's packet filter drops what it forwards"
filter left forward 'policy drop;'
found local-firewall-drops-inner certain
apply
cured
no_filter left

fault "a host behind the other gateway has no way back"
on rpc ip route del default
found return-path-missing-on-lan possible --through $RPC
suspects local-firewall-drops-inner
# the host that lacks the route, as the fix says
applied rpc '^at the peer$'
cured
on rpc ip route del $LEFT_NET
gateway rpc 10.0.2.1 fd00:2::1 2>/dev/null

title "look-alike: nobody has the address that is tried"
tunnel right "$peer"
nothing --through $RPC

fault "one packet of three is lost on the way"
drop 'iifname "left0" udp dport 4500 @th,64,32 != 0 numgen inc mod 3 == 0 drop; iifname "left0" icmp type echo-request numgen inc mod 3 == 0'
found lossy-path likely
apply
refuses "the ping that is printed shows the loss" grep -q ' 0% packet loss' "$LAB/out"
no_drop
cured

fault "a NAT rule gives packets another source before IPsec sees them"
on left nft -f - <<-X
	table ip lab_nat {
		chain post { type nat hook postrouting priority srcnat; oifname != "lan0" ip daddr 10.0.2.0/24 snat to 192.0.2.1; }
	}
X
again nat-exempt=no
refuses "traffic does not pass" ping_through 2
found nat-before-ipsec certain
apply
cured
on left nft delete table ip lab_nat
again

# path_takes OCTETS: and the router does not say so
path_takes() { for d in left0 right0; do ip -n "${LAB_PREFIX}router" link set $d mtu "$1"; done; }
on router nft -f - <<-X
	table inet lab_icmp {
		chain out { type filter hook output priority filter; icmp type destination-unreachable drop; }
	}
X

fault "a path with a smaller MTU and without ICMP, and nobody asks"
check "a large transfer passes" big
path_takes 1400
noticed left pmtu-blackhole likely frozen
exactly likely
path_takes 1500
check "the path takes them again: a large transfer passes" big
check "nothing is found any more" wait_for 3 nothing_found
path_takes 1400
noticed left pmtu-blackhole likely frozen
apply
cured big

fault "a path with a smaller MTU and without ICMP"
again
path_takes 1300
refuses "TCP freezes" big
found pmtu-blackhole certain
apply
cured big
nothing

title "what was found"
cat "$LAB_ROWS"
finish
