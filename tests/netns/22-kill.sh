#!/bin/bash
# 22-kill.sh: kill -9 of any one process of the suite. The rest reports it and starts again; nothing is
# left that nobody owns; every connection is again as people had left it: loaded, routed, up or down, from
# ipsec.conf, another file or standard input.
# shellcheck source=tests/netns/lab.sh
. "$(dirname "$0")/lab.sh"
lab_up

conn() { # conn NAME NUMBER AUTO [LINE]: the left end's
	printf 'conn %s\n\tleft=%s\n\tleftsubnet=%s\n\tright=%s\n\trightsubnet=10.7.%d.0/24\n\tauthby=secret\n\tauto=%s\n\t%s\n' \
		"$1" $LEFT $LEFT_NET "$(to "$1")" "$2" "$3" "${4:-}"
}
to() { case $1 in anyone) echo %any ;; *) echo $RIGHT ;; esac; }
theirs() { # theirs NUMBER...: the right end's, which only answers
	local n
	for n; do
		printf 'conn to%d\n\tleft=%s\n\tleftsubnet=10.7.%d.0/24\n\tright=%s\n\trightsubnet=%s\n\tauthby=secret\n\tauto=add\n' \
			"$n" $RIGHT "$n" $LEFT $LEFT_NET
	done
}
tunnel left ours
on left sed -i 's/auto=add/auto=start/' /etc/ipsec.conf
tunnel right ours
{ conn byhand 1 add; conn ignored 2 ignore; conn routed 3 add; conn unrouted 4 ondemand
  conn ondemand 5 ondemand; conn downed 6 start; conn anyone 7 add leftid=@anyone; } |
	on left bash -c 'cat >>/etc/ipsec.conf'
{ theirs 1 2 3 4 5 6 8 9 7 && printf '\trightid=@anyone\n'; } | on right bash -c 'cat >>/etc/ipsec.conf'
for h in left right; do echo "@anyone $RIGHT : PSK \"$PSK\"" | on $h bash -c 'cat >>/etc/ipsec.secrets'; done
conn otherfile 8 ignore | put left /etc/other.conf
conn stdin 9 ignore | put left /tmp/stdin.conf
start right ours
start left ours
check "the tunnel comes up" wait_for 10 is_up left ours

title "what people do"
check "up by hand" run left ipsec auto --up byhand
check "loaded and up by hand" run left ipsec auto --add ignored
check "and it comes up" run left ipsec auto --up ignored
check "routed by hand" run left ipsec auto --route routed
check "unrouted by hand" run left ipsec auto --unroute unrouted
check "taken down by hand" run left ipsec auto --down downed
check "up to one peer of many" run left ipsec whack --initiate --name anyone --remote-host $RIGHT
check "from another file" run left ipsec auto --config /etc/other.conf --add otherfile
check "and it comes up" run left ipsec auto --up otherfile
check "from standard input" on left bash -c 'ipsec auto --config - --add stdin </tmp/stdin.conf'

# as they are: name and state, a line each
state() {
	on left ipsec trafficstatus | grep -oE '"[^"]*"' | sort -u | sed 's/$/ up/'
	on left ipsec connectionstatus | grep -oE '"[^"]*"' | sort -u | sed 's/$/ loaded/'
	on left ip route show table 220 | awk '{ print $1 }' | sort
}
as_left() { [ "$(state)" = "$WANTED" ]; }
WANTED=$(state)
echo "$WANTED"
check "five are up" test "$(grep -c up <<<"$WANTED")" = 5
check "ten are loaded" test "$(grep -c loaded <<<"$WANTED")" = 10
check "seven routes" test "$(grep -c / <<<"$WANTED")" = 7
check "traffic passes" ping_through 3

# what we put into the system: routes, rules, addresses, devices
leftovers() {
	on left ip route show table 220
	on left ip rule show | grep -E 'lookup 220|0xdc220'
	on left ip link show ipsec0 2>/dev/null
}

replaced() { local now; now=$(pids left "$1"); [ -n "$now" ] && [ "$now" != "$2" ]; }
is_up_conn() { on left ipsec trafficstatus | grep -q "\"$1\""; }
ike_answers() { on left ipsec briefstatus && [ -n "$(pids left ipsec-ike)" ]; }
one_of_each() {
	local p
	for p in ipsecd ipsec-guard ipsec-ike ipsec-keys ipsec-kernel ipsec-esp ipsec-control; do
		[ "$(pids left $p | wc -l)" = 1 ] || return 1
	done
}

for process in ipsec-control ipsec-esp ipsec-keys ipsec-kernel ipsec-ike ipsec-guard ipsecd; do
	title "kill -9 of $process"
	pid=$(pids left $process)
	[ -n "$pid" ] || { bad "there is no $process"; continue; }
	before=$(on left wc -l /var/log/pluto.log) had=$(spis left ours)
	kill -9 "$pid"
	check "there is another $process" wait_for 15 replaced $process "$pid"
	check "each connection is as people had left it" wait_for 30 as_left
	as_left || diff <(echo "$WANTED") <(state)
	OUT=$(on left tail -n "+$((${before%% *} + 1))" /var/log/pluto.log)
	case $process in
	ipsec-guard) ;;
	ipsecd) says "the log tells of it" 'the daemon before this one was killed; its 10 connections' ;;
	*) says "the log tells of it" "process ${process#ipsec-} \(pid $pid\) died: signal 9" ;;
	esac
	check "traffic passes" wait_for 10 ping_through 2
	case $process in
	ipsec-kernel | ipsec-ike | ipsec-control) check "Child SAs are those that were" test "$(spis left ours)" = "$had" ;;
	esac
	check "one Child SA each" test "$(on left ipsec trafficstatus | wc -l)" = 5
	check "one of each process" one_of_each
done

title "restart by a person: what is up stays, what ipsec.conf wants to be up comes"
check "restart" run left ipsec restart
check "what was taken down is up" wait_for 10 is_up_conn downed
check "what was up by hand still is" wait_for 10 is_up_conn byhand
check "another file's, too" wait_for 10 is_up_conn otherfile
title "stop and start: as ipsec.conf says"
check "stop" run left ipsec stop
QUIET=1 start left ours
check "what ipsec.conf wants to be up is" wait_for 10 is_up_conn downed
refuses "what was up by hand is not" is_up_conn byhand
OUT=$(on left ipsec connectionstatus)
refuses "nor is another file's loaded" grep -q otherfile <<<"$OUT"

title "death after death: with patience, and stop is heard"
for i in 1 2 3 4 5; do
	kill -9 "$(pids left ipsec-keys)" || bad "there is no keys"
	[ "$i" = 5 ] || check "all is there again ($i)" wait_for 15 ike_answers
done
sleep 0.5
run left ipsec status
check "status says what is going on: exit status 32" test $? = 32
says "in one line" 'process keys died: signal 9 .*; everything starts again with its connections in [0-9]+ s'
run left ipsec auto --up byhand
check "so does up: exit status 32" test $? = 32
check "stop cancels it" run left ipsec stop
sleep 3
check "no process is left" test -z "$(pids left ipsecd)$(pids left ipsec-control)$(pids left ipsec-guard)$(pids left ipsec-kernel)"
check "nothing is left behind" test -z "$(leftovers)"
refuses "nor is what the next one could go by" on left test -e /run/pluto/pluto.conns
check "start" start left ours
check "stop" stop left ours
check "nothing is left behind" test -z "$(leftovers)"
finish
