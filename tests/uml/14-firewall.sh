#!/bin/bash
# The packet filter with the kernel's ESP and the page's own MASQUERADE line, on a kernel that has only
# the older tables: the tunnel's traffic is exempted, MSS follows from the algorithms, in both directions;
# and the kernel's failure counters tell what a flush by somebody did.
# shellcheck source=tests/netns/lab.sh
. "$(dirname "$0")/../netns/lab.sh"
lab_up

rules() { on left bash -c 'iptables-legacy-save; ip6tables-legacy-save' | grep '^-A'; }
# What the SYN that arrives at rpc says, and the answer that arrives at lpc, when lpc talks TCP to rpc
syn_mss() {
	local pids=()
	on rpc timeout 60 tcpdump -nli eth0 -c 1 'tcp[tcpflags] & (tcp-syn|tcp-ack) == tcp-syn' >"$LAB/syn" 2>/dev/null &
	pids+=($!)
	on lpc timeout 60 tcpdump -nli eth0 -c 1 'tcp[tcpflags] & (tcp-syn|tcp-ack) == tcp-syn|tcp-ack' >"$LAB/answer" 2>/dev/null &
	pids+=($!)
	sleep 5
	on lpc timeout 20 bash -c "exec 3<>/dev/tcp/$RPC/5201"
	wait "${pids[@]}"
	cat "$LAB/syn" "$LAB/answer"
}
mss_is() { grep -q "mss $1," "$2"; }

on left iptables-legacy -t nat -I POSTROUTING -o eth0 -j MASQUERADE
before=$(rules)
tunnel right ours
tunnel left ours nat-exempt=no
start right ours
start left ours
behind rpc iperf3 -s
check "ESP by the kernel" test -z "$(pids left ipsec-esp)"

title "MASQUERADE catches it"
check "up" up left ours
says "which is said" 'a NAT rule gives the tunnel.s traffic another source.*iptables-legacy -t nat -A POSTROUTING -o eth0 -j MASQUERADE'
refuses "nothing goes through" ping_through

title "nat-exempt=auto, and mss=auto"
tunnel left ours mss=auto
run left ipsec reload
check "up" up left ours
says "the rule is named" 'exempted from NAT: it would be caught by iptables-legacy -t nat -A POSTROUTING -o eth0 -j MASQUERADE'
check "traffic" ping_through
# 1500 less 57 that AES-GCM adds at most, less 40
syn_mss
check "MSS of the client's SYN" mss_is 1403 "$LAB/syn"
check "MSS of the server's answer" mss_is 1403 "$LAB/answer"
run left ipsec connectionstatus
says "the status says so" 'mss: auto, 1403 in force; nat-exempt: auto, in force \(iptables-legacy'

title "the kernel's counters"
behind rpc ping -q -i 0.05 -w 20 $LPC
sleep 1
on left ip xfrm state flush
check "what a flush did is told" wait_for 5 on left grep -qE 'Xfrm(InNoStates|OutNoStates) \+[0-9]+: packets' /var/log/pluto.log
run left ipsec xfrmstat
says "and shown" 'Xfrm(InNoStates|OutNoStates): [1-9][0-9]* since start'

title "the end"
stop left ours
check "the rules are as before" test "$(rules)" = "$before"
finish
