#!/bin/bash
# 26-memory.sh: a process of the suite gets no more memory. It says so and ends; the rest reports it,
# nothing is left behind, and the service comes back with its connections.
# shellcheck source=tests/netns/lab.sh
. "$(dirname "$0")/lab.sh"
lab_up
tunnel left ours auto=start
on left sed -i '/auto=add/d' /etc/ipsec.conf
tunnel right ours
start right ours
start left ours
check "the tunnel comes up" wait_for 10 is_up left ours
check "traffic passes" ping_through 3

# Enough connections that whoever hears of them needs memory for it; esp hears of their traps.
for i in $(seq 600); do
	printf 'conn many%d\n\tleft=%s\n\tleftsubnet=%s\n\tright=203.0.113.1\n\trightsubnet=10.8.%d.%d/32\n\tauthby=secret\n\tauto=ondemand\n' \
		"$i" $LEFT $LEFT_NET $((i / 250)) $((i % 250))
done | jq -Rs '{ text: . }' | put left /tmp/many

replaced() { local now; now=$(pids left "$1"); [ -n "$now" ] && [ "$now" != "$2" ]; }
press() { # until that process is another
	on left curl -s -m 5 --unix-socket /run/pluto/pluto.ctl -d @/tmp/many http://ipsec/v1/add
	replaced "$@"
}
# Only the user of a process, or who may change limits, may; root in a container is neither.
no_more_memory() {
	local ids
	ids=$(awk '/^Uid:/ { print $2 }' "/proc/$1/status")
	setpriv --reuid "$ids" --regid "$ids" --clear-groups prlimit --pid "$1" --data=4096
}

logged() { on left tail -n "+$((${before%% *} + 1))" /var/log/pluto.log | grep -qE "$1"; }

for process in ipsec-control ipsec-esp ipsec-keys ipsec-kernel ipsec-ike ipsecd; do
	title "no memory for $process"
	pid=$(pids left $process)
	before=$(on left wc -l /var/log/pluto.log)
	no_more_memory "$pid" || bad "no limit"
	check "it ends, and there is another" wait_for 20 press $process "$pid"
	end="process ${process#ipsec-} \(pid $pid\) died: signal 6 \(Aborted\)"
	[ $process != ipsecd ] || end='the daemon before this one was killed'
	check "it says why" wait_for 10 logged "^[^\"]*: $process: out of memory$"
	check "the log tells of its end" wait_for 10 logged "$end"
	logged "$end" || on left tail -n "+$((${before%% *} + 1))" /var/log/pluto.log | grep -v '"many' | head -20
	check "the tunnel comes back" wait_for 30 is_up left ours
	check "traffic passes" wait_for 10 ping_through 2
	# all those connections are forgotten
	check "stop" stop left ours
	check "start" start left ours
	check "the tunnel is up" wait_for 20 is_up left ours
done
check "stop" stop left ours
check "nothing is left behind" test -z "$(on left ip route show table 220; on left ip rule | grep -E 'lookup 220|0xdc220'; on left ip link show ipsec0 2>/dev/null)"
finish
