#!/bin/bash
# The packet threads between two namespaces, with static keys: esp_bench.sh BINARY [SUITE] [udp|plain|rekey]
# prints one line per measurement. SECONDS_EACH (default 4) per measurement; ONLY=ping for the first.
set -eu
bin=$1 suite=${2:-gcm} how=${3:-udp}
each=${SECONDS_EACH:-4}
l=cs$$-left r=cs$$-right
pids=
cleanup() {
	# shellcheck disable=SC2086
	[ -z "$pids" ] || kill $pids 2>/dev/null || true
	wait
	ip netns del $l 2>/dev/null || true
	ip netns del $r 2>/dev/null || true
}
trap cleanup EXIT
ip netns add $l
ip netns add $r
ip -n $l link add veth0 type veth peer name veth0 netns $r
ip -n $l addr add 192.0.2.1/24 dev veth0
ip -n $r addr add 192.0.2.2/24 dev veth0
for n in $l $r; do ip -n $n link set lo up; ip -n $n link set veth0 up; done
ip netns exec $l "$bin" left 192.0.2.1 192.0.2.2 "$suite" "$how" & pids="$!"
ip netns exec $r "$bin" right 192.0.2.2 192.0.2.1 "$suite" "$how" & pids="$pids $!"
for n in $l $r; do
	for _ in $(seq 50); do ip -n $n link show ipsec0 >/dev/null 2>&1 && break; sleep 0.1; done
	ip -n $n link set ipsec0 mtu 1400 gso_max_size 61440 gso_max_segs 60 up
done
ip -n $l addr add 10.0.1.1/24 dev ipsec0; ip -n $l route add 10.0.2.0/24 dev ipsec0 src 10.0.1.1
ip -n $r addr add 10.0.2.1/24 dev ipsec0; ip -n $r route add 10.0.1.0/24 dev ipsec0 src 10.0.2.1
ip netns exec $r iperf3 -s -D -I /tmp/cs$$.pid >/dev/null
ip netns exec $l ping -q -c 20 -i 0.01 10.0.2.1 | tail -1
pids="$pids $(cat /tmp/cs$$.pid | tr -d '\0')"; rm -f /tmp/cs$$.pid
[ "$how" != rekey ] || ip netns exec $l ping -q -c 2000 -i 0.002 10.0.2.1 | tail -2
[ "${ONLY:-}" != ping ] || exit 0
cpu() { # user and system seconds of both ends
	local s=0 p
	# shellcheck disable=SC2086
	set -- $pids
	for p in $1 $2; do s=$((s + $(awk '{print $14 + $15}' /proc/$p/stat))); done
	echo $s
}
tcp() { # tcp NAME OPTION...
	local name=$1 before after out; shift
	before=$(cpu)
	out=$(ip netns exec $l iperf3 -c 10.0.2.1 -t "$each" -J "$@") || { echo "$name: $(jq -r .error <<<"$out")"; return; }
	after=$(cpu)
	jq -r --arg name "$name" --argjson cpu $((after - before)) '.end.sum_received as $r |
		"\($name): \($r.bits_per_second / 1e7 | floor / 100) Gbit/s, \($cpu / 100 / ($r.bytes / 1e9) * 100 | floor / 100) CPU s per GB, \(.end.sum_sent.retransmits // 0) retransmits"' <<<"$out"
}
tcp "TCP 1 flow" -P 1
tcp "TCP 1 flow, reverse" -P 1 -R
tcp "TCP 4 flows" -P 4
ip netns exec $l iperf3 -c 10.0.2.1 -u -b "${UDP_RATE:-1G}" -l 1300 -t "$each" -J | jq -r '.end.sum_received as $r |
	"UDP 1300: \($r.bytes / 1300 / $r.seconds | floor) packets/s received, \($r.lost_percent | floor) % lost"'
