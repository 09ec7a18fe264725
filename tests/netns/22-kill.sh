#!/bin/bash
# 22-kill.sh: kill -9 of any one process of the suite. The rest reports it and starts again or stops;
# nothing is left that nobody owns; the service comes back with its connections.
. "$(dirname "$0")/lab.sh"
lab_up
tunnel left ours auto=start
tunnel right ours
start right ours
start left ours
check "the tunnel comes up" wait_for 10 is_up left ours
check "traffic passes" ping_through 3

# what we put into the system: routes, rules, addresses, devices
leftovers() {
	on left ip route show table 220
	on left ip rule show | grep -E 'lookup 220|0xdc220'
	on left ip link show ipsec0 2>/dev/null
}

for process in ipsec-control ipsec-esp ipsec-keys ipsec-kernel ipsec-ike ipsecd; do
	title "kill -9 of $process"
	pid=$(pids left $process)
	[ -n "$pid" ] || { bad "there is no $process"; continue; }
	kill -9 "$pid"
	sleep 1.5
	if [ -n "$(pids left ipsecd)" ]; then
		ok "the service went on by itself"
		check "there is a new $process" wait_for 10 test -n "$(pids left $process)"
	else
		check "no process is left" test -z "$(pids left 'ipsec*')"
		check "nothing is left behind" test -z "$(leftovers)"
		leftovers
		check "the service starts again" start left ours
	fi
	check "it answers" wait_for 10 on left ipsec briefstatus
	OUT=$(on left cat /var/log/pluto.log)
	[ $process = ipsecd ] || says "the log tells of it" "${process#ipsec-}.*(died|killed|signal|ended)"
	check "the tunnel comes back" wait_for 20 is_up left ours
	check "traffic passes" wait_for 10 ping_through 2
	check "one Child SA" test "$(on left ipsec trafficstatus | wc -l)" = 1
done
check "stop" stop left ours
check "nothing is left behind" test -z "$(leftovers)"
finish
