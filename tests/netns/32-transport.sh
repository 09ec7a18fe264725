#!/bin/bash
# 32-transport.sh: transport mode with our own ESP at both ends: what the two hosts say to each other goes in ESP,
# whole; IKE, ESP and what protoport= does not name do not. Strict reverse path filters are on. Of the others only
# the kernel's ESP has transport mode: tests/interop/run has it with Libreswan.
# shellcheck source=tests/netns/lab.sh
. "$(dirname "$0")/lab.sh"
lab_up
rp_filter() { for h in left right; do on $h bash -c 'for f in /proc/sys/net/ipv4/conf/*/rp_filter; do echo '"$1"' >"$f"; done'; done; }
rp_filter 1

# hosts LINE...: of both ends, "left:..." and "right:..." of one; begins
hosts() {
	local l ours=() left=() right=()
	for l in "$@"; do
		case $l in
		left:*) left+=("${l#left:}") ;;
		right:*) right+=("${l#right:}") ;;
		*) ours+=("$l") ;;
		esac
	done
	tunnel right ours ts= peerts= type=transport "${ours[@]}" "${right[@]}"
	tunnel left ours ts= peerts= type=transport setup:dataplane=user "${ours[@]}" "${left[@]}"
	start right ours
	start left ours
	wait_for 5 on left test -e /sys/class/net/ipsec0 || bad "our own ESP runs"
}
again() {
	check "stop" stop left ours
	stop right ours
}

# What goes between the two in the clear: neither ESP (also as fragments) nor IKE, ARP and its like.
CLEAR="not arp and not esp and not udp port 500 and not udp port 4500 and not (ip and ip[6:2] & 0x1fff != 0 and ip[9] = 17)
and not (ip6 and (ip6[6] = 50 or (ip6[6] = 44 and ip6[40] = 50) or (ip6[6] = 58 and ip6[40] >= 133) or ip6[6] = 0))"
look() {
	on router rm -f "$LAB/router/clear"
	behind router bash -c "exec tcpdump -n -l -i left0 '$CLEAR' >$LAB/router/clear 2>$LAB/router/clear.err"
	wait_for 5 grep -q 'listening' "$LAB/router/clear.err" || bad "tcpdump does not listen"
}
looked() {
	local p
	sleep 0.5
	for p in $(pids router tcpdump); do kill "$p"; done
	sleep 0.2
	OUT=$(cat "$LAB/router/clear")
}
all_in_esp() {
	looked
	check "nothing but IKE and ESP was on the wire" [ -z "$OUT" ]
	[ -z "$OUT" ] || head -5 <<<"$OUT"
}

# pings HOST ADDRESS [OPTION...]
pings() { run "$1" ping -q -c 5 -i 0.1 -W 3 "${@:3}" "$2" && grep -q ' 0% packet loss' <<<"$OUT"; }
octets() { on left ipsec trafficstatus | sed -n "s/.*$1=\([0-9]*\),.*/\1/p" | head -1; }
# transfer HOST ADDRESS [OPTION...]: what iperf3 says is its status
transfer() {
	local to=right
	[ "$1" = left ] || to=left
	behind $to iperf3 -s -1
	wait_for 5 on $to bash -c 'ss -ltn | grep -q :5201'
	run "$1" iperf3 -c "$2" --connect-timeout 5000 "${@:3}"
}

# everything ADDRESS-OF-RIGHT ADDRESS-OF-LEFT
everything() {
	local before
	check "pings pass" pings left "$1"
	check "from the peer as well" pings right "$2"
	check "large ones, which ESP cuts" pings left "$1" -s 9000
	check "also the peer's" pings right "$2" -s 9000
	before=$(octets outBytes)
	check "a TCP stream" transfer left "$1" -n 64M
	check "has been counted" [ $(($(octets outBytes) - before)) -gt 60000000 ]
	before=$(octets inBytes)
	check "one to us" transfer left "$1" -R -n 64M
	check "has been counted" [ $(($(octets inBytes) - before)) -gt 60000000 ]
	# not so fast that a queue overflows
	check "UDP" transfer left "$1" -u -b 10M -t 1 -l 1000
	says "arrives" ' [0-9]+/[1-9][0-9]* \(0%\) +receiver'
	check "large datagrams" transfer left "$1" -u -b 5M -t 1 -l 8000
	says "arrive" ' [0-9]+/[1-9][0-9]* \(0%\) +receiver'
}

title "IPv4"
hosts
check "it comes up" up left ours
says "in transport mode" 'transport'
run left ip rule
run left ip route show table 222
says "a route of its own" "^$RIGHT dev ipsec0 .*mtu lock 65520"
run left ip route get $RIGHT from 10.0.1.33 iif lan0
says "what others send to the peer goes past it" 'dev eth0'
look
everything $RIGHT $LEFT
all_in_esp
run left ipsec status
says "the status says so" 'TRANSPORT'

title "it is rekeyed, and the process of IKE dies"
look
check "we rekey the Child SA" rekey_child left ours
check "pings pass" pings left $RIGHT
check "the peer does" rekey_child right ours
check "pings pass" pings left $RIGHT
before=$(spis left ours)
kill -9 "$(pids left ipsec-ike)"
wait_for 10 grep -q 'took over 1 tunnels' "$LAB/left/log/pluto.log" || bad "it is not taken over"
check "the same SAs" [ "$(spis left ours)" = "$before" ]
check "pings pass" pings left $RIGHT
check "we rekey the IKE SA" rekey_ike left ours
check "and the Child SA" rekey_child left ours
check "pings pass" pings left $RIGHT
all_in_esp

title "the process dies that makes rules and routes"
rules() { on left ip rule | sort; on left ip -6 rule | sort; on left ip route show table 221; on left ip route show table 222; }
settled() { [ "$(grep -c 'took over 1 tunnels' "$LAB/left/log/pluto.log")" -ge 2 ]; }
before=$(rules)
kill -9 "$(pids left ipsec-kernel)"
wait_for 15 settled || bad "the tunnel is not taken over"
check "no rule is there twice, none is missing" [ "$(rules)" = "$before" ]
[ "$(rules)" = "$before" ] || diff <(echo "$before") <(rules)
check "pings pass" pings left $RIGHT
check "it ends" down left ours
run left ip rule
refuses "no rule is left" grep -qE 'lookup 22[012]' <<<"$OUT"
for t in 221 222; do
	run left ip route show table $t
	check "no route is left" [ -z "$OUT" ]
done
check "what is not protected any more goes as it is" pings left $RIGHT
again

title "one flow of many: protoport="
# each end is "left" in its own file
hosts left:leftprotoport=tcp left:rightprotoport=tcp/5201 right:leftprotoport=tcp/5201 right:rightprotoport=tcp
check "it comes up" up left ours
look
check "a stream to that port" transfer left $RIGHT -n 4M
all_in_esp
before=$(octets outBytes)
look
check "pings are not in it" pings left $RIGHT
looked
says "and go in the clear" "IP $LEFT > $RIGHT: ICMP echo request"
check "nothing was counted" [ "$(octets outBytes)" = "$before" ]
check "other ports are not, either" transfer right $LEFT -n 100K
again

title "on demand"
hosts left:auto=ondemand
trapped() { on left ip rule | grep -q 'lookup 222'; }
wait_for 5 trapped || bad "nothing waits for packets"
look
check "the first pings bring it up" wait_for 10 pings left $RIGHT
all_in_esp
check "it is up" is_up left ours
again

title "IPv6"
hosts left:me=$LEFT6 left:peer=$RIGHT6 right:me=$RIGHT6 right:peer=$LEFT6
check "it comes up" up left ours
look
everything $RIGHT6 $LEFT6
all_in_esp
again

title "IPv4, from behind a NAT"
nat left
# the strict filter takes fragments of UDP for what should come in ESP: they have no ports (ipsec.conf(5))
rp_filter 2
hosts right:peer=%any right:peerid=$LEFT
check "it comes up" up left ours
says "ESP goes in UDP" 'ESPinUDP'
look
everything $RIGHT 198.51.100.254
all_in_esp
again
run left ip rule
refuses "no rule is left" grep -qE '22[012]' <<<"$OUT"
refuses "no device is left" run left ip link show ipsec0
finish
