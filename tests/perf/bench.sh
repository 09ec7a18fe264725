#!/bin/bash
# bench.sh [ROUNDS]: one table, our userspace ESP and IKE beside strongSwan's, in the same run. Both ends
# of a tunnel are on this machine, joined by a veth pair; the suites take turns, medians are shown. Both
# use AES-128-GCM in UDP (strongSwan's userspace ESP knows nothing else); a row of its own says what
# ours does in plain ESP. CPU is the whole machine's, both ends and iperf3 included.
. "$(dirname "$0")/../netns/lab.sh"
SS_DEBUG=0 SS_CHARON="dos_protection = no"
rounds=${1:-3}
tunnels=${TUNNELS:-1000}
conns=${CONNS:-10000}
seconds=${BENCH_SECONDS:-4}
kinds=${KINDS:-ours strongswan}
DESTDIR=$LAB_BUILD/stage meson install -C "$LAB_BUILD" --no-rebuild --quiet || exit 1
lab_up
A=203.0.113.1 B=203.0.113.2
wire left direct0 $A/24 2001:db8:3::1/64 right direct0 $B/24 2001:db8:3::2/64
results=$LAB/results
: >"$results"

note() { printf '%s %s %s\n' "$1" "$2" "$3" >>"$results"; } # note KIND WHAT VALUE
busy() { awk '/^cpu / { print $2 + $3 + $4 + $7 + $8; exit }' /proc/stat; } # 1/100 s
inner=(-B 10.0.1.1 -c 10.0.2.1)
json() { python3 -c "import json,sys; d = json.load(sys.stdin)['end']; print($1)"; }

stream() { # stream KIND WHAT OPTION...
	local kind=$1 what=$2 before after bits
	shift 2
	before=$(busy)
	on left iperf3 -J -t "$seconds" "${inner[@]}" "$@" >"$LAB/json" || { bad "$kind: iperf3"; return; }
	after=$(busy)
	bits=$(json "d['sum_received']['bits_per_second']" <"$LAB/json")
	note "$kind" "$what" "$(awk "BEGIN { print $bits / 1e9 }")"
	bytes=$(json "d['sum_received']['bytes']" <"$LAB/json")
	note "$kind" "cpu_$what" "$(awk "BEGIN { print ($after - $before) / 100 / ($bytes / 1e9) }")"
}
traffic() { # traffic KIND
	behind right iperf3 -s -B 10.0.2.1
	wait_for 5 on right bash -c 'ss -ltn | grep -q :5201' || bad "no iperf3"
	stream "$1" tcp1
	stream "$1" tcp4 -P 4
	on left iperf3 -J -u -b 0 -l 64 -w 208K -t "$seconds" "${inner[@]}" >"$LAB/json" &&
		note "$1" pps "$(json "(d['sum']['packets'] - d['sum']['lost_packets']) / d['sum']['seconds'] / 1e3" <"$LAB/json")"
	sleep 0.5
	on left ping -q -c 200 -i 0.01 -I 10.0.1.1 10.0.2.1 >"$LAB/out"
	note "$1" ping_avg "$(awk -F/ '/^rtt/ { print $5 * 1000 }' "$LAB/out")"
	note "$1" ping_min "$(awk -F/ '/^rtt/ { split($4, a, "= "); print a[2] * 1000 }' "$LAB/out")"
	for p in $(pids right iperf3); do kill "$p"; done
}
pair() { # pair KIND WHAT
	local kind=$1
	case $2 in
	udp) local l=("esp=aes_gcm128" "encapsulation=yes") ;;
	esp) local l=("esp=aes_gcm128" "encapsulation=no") ;;
	esac
	[ "$kind" = ours ] || l=("child:esp_proposals = aes128gcm16")
	tunnel left "$kind" me=$A peer=$B "${l[@]}"
	tunnel right "$kind" me=$B peer=$A "${l[@]}"
	QUIET=1 start right "$kind"
	QUIET=1 start left "$kind"
	up left "$kind" >/dev/null || { bad "$kind: no tunnel"; return 1; }
}
away() { stop left "$1" >/dev/null; stop right "$1" >/dev/null; }

# ---- many tunnels: each an IKE SA and a Child SA of its own, all begun at once by the left end -----
secrets() { seq "$tunnels" | awk -v psk="$PSK" '{ printf "@l%d @r%d : PSK \"%s\"\n", $1, $1, psk }'; }
nets='function net(n, i) { return sprintf("10.%d.%d.%d/32", n, i / 250, i % 250) }'
many_ours() { # HOST ME PEER MY PEERS NET PEERNET AUTO
	seq "$tunnels" | awk -v me=$2 -v peer=$3 -v my=$4 -v its=$5 -v ours=$6 -v theirs=$7 -v auto=$8 "$nets"'
		BEGIN { print "config setup\n    logfile=/var/log/pluto.log" }
		{
			printf "conn t%d\n    left=%s\n    leftid=@%s%d\n    leftsubnet=%s\n", $1, me, my, $1, net(ours, $1)
			printf "    right=%s\n    rightid=@%s%d\n    rightsubnet=%s\n", peer, its, $1, net(theirs, $1)
			print "    authby=secret\n    ike=aes_gcm128-sha2_256-dh31\n    esp=aes_gcm128\n    auto=" auto
		}' | put "$1" /etc/ipsec.conf
	secrets | put "$1" /etc/ipsec.secrets
}
many_strongswan() {
	seq "$tunnels" | awk -v me=$2 -v peer=$3 -v my=$4 -v its=$5 -v ours=$6 -v theirs=$7 -v auto=$8 -v psk="$PSK" "$nets"'
		BEGIN { print "connections {" }
		{
			printf "t%d { version = 2\n local_addrs = %s\n remote_addrs = %s\n", $1, me, peer
			print " proposals = aes128gcm16-prfsha256-curve25519"
			printf " local { auth = psk\n id = %s%d }\n remote { auth = psk\n id = %s%d }\n", my, $1, its, $1
			printf " children { t%d { local_ts = %s\n remote_ts = %s\n", $1, net(ours, $1), net(theirs, $1)
			print " esp_proposals = aes128gcm16\n" (auto == "start" ? " start_action = start" : "") "} } }"
			secret[$1] = sprintf("ike-%d { id-1 = %s%d\n id-2 = %s%d\n secret = \"%s\" }", $1, my, $1, its, $1, psk)
		}
		END {
			print "}\nsecrets {"
			for (i = 1; i <= NR; i++) print secret[i]
			print "}"
		}' | put "$1" /etc/swanctl/swanctl.conf
}
count() {
	case $1 in
	ours) on left ipsec trafficstatus | wc -l ;;
	strongswan) on left swanctl --list-sas | grep -c INSTALLED ;;
	esac 2>/dev/null || true
}
memory() { # kB of all processes of the left end's suite, shared pages divided among them
	local p
	for p in $(pids left 'ipsec*') $(pids left charon); do cat "/proc/$p/smaps_rollup"; done | awk '/^Pss:/ { s += $2 } END { print s + 0 }'
}
many() { # many KIND
	local kind=$1 from to n empty full deadline
	"many_$kind" right $B $A r l 2 1 add
	"many_$kind" left $A $B l r 1 2 add
	QUIET=1 start right "$kind" && QUIET=1 start left "$kind" || return 1
	sleep 1
	empty=$(memory)
	QUIET=1 stop left "$kind" >/dev/null
	"many_$kind" left $A $B l r 1 2 start
	from=${EPOCHREALTIME/./}
	if [ "$kind" = ours ]; then QUIET=1 start left ours; else start left strongswan & fi
	deadline=$((from + 120000000))
	while n=$(count "$kind"); [ "${n:-0}" -lt "$tunnels" ] && [ "${EPOCHREALTIME/./}" -lt $deadline ]; do sleep 0.2; done
	to=${EPOCHREALTIME/./}
	wait
	[ "${n:-0}" -ge "$tunnels" ] || { bad "$kind: ${n:-0} of $tunnels tunnels came up in 120 s"; away "$kind"; return 1; }
	sleep 1
	full=$(memory)
	note "$kind" handshakes "$(awk "BEGIN { print $tunnels / (($to - $from) / 1e6) }")"
	note "$kind" memory "$(awk "BEGIN { print ($full - $empty) / $tunnels }")"
	away "$kind"
}

loading() { # loading KIND: many connections of one file, which nobody brings up
	local kind=$1 tunnels=$conns from to empty
	"many_$kind" left $A $B l r 1 2 add
	case $kind in
	ours)
		on left mv /etc/ipsec.conf /etc/many.conf
		put left /etc/ipsec.conf <<<"config setup"
		;;
	strongswan)
		on left mv /etc/swanctl/swanctl.conf /etc/many.conf
		put left /etc/swanctl/swanctl.conf </dev/null
		;;
	esac
	QUIET=1 start left "$kind" || return 1
	empty=$(memory)
	from=${EPOCHREALTIME/./}
	case $kind in
	ours) on left ipsec add --autoall --config /etc/many.conf >/dev/null ;;
	strongswan) on left swanctl --load-all --file /etc/many.conf >/dev/null ;;
	esac || bad "$kind does not load $conns connections"
	to=${EPOCHREALTIME/./}
	note "$kind" load "$(awk "BEGIN { print ($to - $from) / 1e6 }")"
	note "$kind" loaded "$(awk "BEGIN { print ($(memory) - $empty) / $conns }")"
	QUIET=1 stop left "$kind" >/dev/null
}

addresses() { # addresses HOST NET: strongSwan wants an address of its own in each tunnel
	seq "$tunnels" | awk -v n=$2 "$nets"'{ print "address add " net(n, $1) " dev lo" }' | on "$1" ip -batch -
}
addresses left 1
addresses right 2

for round in $(seq "$rounds"); do
	echo "round $round of $rounds"
	for kind in $kinds; do
		pair $kind udp && traffic $kind
		away $kind
	done
	[[ $kinds == *ours* ]] && pair ours esp && {
		behind right iperf3 -s -B 10.0.2.1
		wait_for 5 on right bash -c 'ss -ltn | grep -q :5201'
		stream plain tcp1
	}
	[[ $kinds != *ours* ]] || away ours
done
[ "$tunnels" = 0 ] || for kind in $kinds; do
	echo "$tunnels tunnels, $kind"
	many $kind
done

[ "$conns" = 0 ] || for kind in $kinds; do
	echo "$conns connections, $kind"
	loading $kind
done

python3 - "$results" "$tunnels" "$conns" <<'X'
import collections, statistics, sys
values = collections.defaultdict(list)
for line in open(sys.argv[1]):
    kind, what, value = line.split()
    values[kind, what].append(float(value))
def median(kind, what):
    v = values.get((kind, what))
    return statistics.median(v) if v else None
rows = [("TCP, 1 stream, Gbit/s", "tcp1", 2, True), ("TCP, 4 streams, Gbit/s", "tcp4", 2, True),
        ("UDP, 64 octets, 1,000 packets/s received", "pps", 1, True),
        ("CPU seconds per GB, TCP 1 stream, whole machine", "cpu_tcp1", 2, False),
        ("ping, average, us", "ping_avg", 0, False), ("ping, least, us", "ping_min", 0, False),
        (f"IKEv2 handshakes/s (PSK, x25519, with Child SA), {sys.argv[2]} tunnels", "handshakes", 0, True),
        (f"memory per tunnel at {sys.argv[2]}, kB, all processes of one end", "memory", 1, False),
        (f"loading {sys.argv[3]} connections of one file, s", "load", 2, False),
        ("memory per loaded connection, kB, all processes", "loaded", 1, False)]
print()
print("| | clearswan | strongSwan, userspace ESP | ratio (above 1: ours is better) |")
print("|---|---|---|---|")
for title, what, digits, more_is_better in rows:
    a, b = median("ours", what), median("strongswan", what)
    ratio = f"{(a / b if more_is_better else b / a):.1f}" if a and b else "-"
    show = lambda x: "-" if x is None else f"{x:.{digits}f}"
    print(f"| {title} | {show(a)} | {show(b)} | {ratio} |")
plain = median("plain", "tcp1")
print(f"| TCP, 1 stream, plain ESP (protocol 50), Gbit/s | {plain:.2f} | not there | - |" if plain else "")
X
finish
