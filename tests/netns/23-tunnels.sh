#!/bin/bash
# 23-tunnels.sh [SECONDS]: ten tunnels carry traffic with lifetimes of 20 s; not one packet is lost to a
# rekey. make soak runs it for ten minutes.
. "$(dirname "$0")/lab.sh"
seconds=${1:-70}
lab_up

conns() { # conns HOST ME PEER
	local i
	printf 'config setup\n    logfile=/var/log/pluto.log\n\n'
	for i in $(seq 10 19); do
		cat <<-X
		conn tunnel-$i
		    left=$2
		    right=$3
		    leftsubnet=$(net "$1" $i)
		    rightsubnet=$(net "$4" $i)
		    authby=secret
		    salifetime=20s
		    ikelifetime=60s
		    rekeymargin=5s
		    rekeyfuzz=50%
		    auto=$5

		X
	done
}
net() { if [ "$1" = left ]; then echo "10.1.$2.0/24"; else echo "10.2.$2.0/24"; fi; }
conns left $LEFT $RIGHT right start | put left /etc/ipsec.conf
conns right $RIGHT $LEFT left add | put right /etc/ipsec.conf
put left /etc/ipsec.secrets <<<"$LEFT $RIGHT : PSK \"$PSK\""
put right /etc/ipsec.secrets <<<"$LEFT $RIGHT : PSK \"$PSK\""
for i in $(seq 10 19); do
	ip -n "${LAB_PREFIX}lpc" addr add 10.1.$i.33/24 dev eth0
	ip -n "${LAB_PREFIX}left" addr add 10.1.$i.1/24 dev lan0
	ip -n "${LAB_PREFIX}rpc" addr add 10.2.$i.33/24 dev eth0
	ip -n "${LAB_PREFIX}right" addr add 10.2.$i.1/24 dev lan0
done
start right ours
start left ours
ten_are_up() { [ "$(on "$1" ipsec trafficstatus | wc -l)" -ge 10 ]; }
check "ten tunnels come up" wait_for 20 ten_are_up left
run left ipsec trafficstatus

title "traffic in all of them, for $seconds s"
pids=()
for i in $(seq 10 19); do
	on lpc ping -q -i 0.02 -w "$seconds" -I 10.1.$i.33 10.2.$i.33 >"$LAB/ping.$i" 2>&1 &
	pids+=($!)
done
wait "${pids[@]}"
for i in $(seq 10 19); do
	OUT=$(cat "$LAB/ping.$i")
	grep transmitted <<<"$OUT"
	# the last one may still be on its way when ping ends
	sent=$(grep -oE '^[0-9]+' <<<"$(grep transmitted <<<"$OUT")")
	back=$(grep -oE '[0-9]+ received' <<<"$OUT" | cut -d' ' -f1)
	check "tunnel $i: $((sent - back)) of $sent lost" test $((sent - back)) -le 1
done
rekeys=$(on left grep -c 'rekey' /var/log/pluto.log)
echo "lines about rekeying in the log of left: $rekeys"
check "they were rekeyed" test "$rekeys" -ge $((seconds / 2))
run left ipsec briefstatus
check "ten tunnels are up" test "$(on left ipsec trafficstatus | wc -l)" = 10
finish
