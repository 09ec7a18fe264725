#!/bin/bash
# ipsec capture of a file: its lines, the filter of a connection, and a pcapng that libpcap reads back.
set -u
ipsec=$1
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
bad=0

say() { echo "$1"; bad=1; }
octets() { # octets HEX
	for ((i = 0; i < ${#1}; i += 2)); do printf '%b' "\\x${1:i:2}"; done
}
# packet SOURCE HEX: a record of a pcap file of raw IP: UDP 500 from 192.0.2.SOURCE to 192.0.2.9
packet() {
	local n=$((${#2} / 2)) all
	all=$((n + 28))
	octets "$(printf '6500000000000000%02x000000%02x000000' "$all" "$all")"
	octets "$(printf '4500%04x000000004011%04xc00002%02xc0000209' "$all" 0 "$1")"
	octets "$(printf '01f401f4%04x0000' $((n + 8)))"
	octets "$2"
}
# magic, little-endian; version 2.4, no zone, snap length, LINKTYPE_RAW
ike=0000000000000001000000000000000000202208000000000000001c
{
	octets d4c3b2a1020004000000000000000000ffff000065000000
	packet 1 "$ike"
	packet 2 "${ike/202208/202528}"
	packet 3 ffff
} >"$dir/in.pcap"

lines=$("$ipsec" capture -r "$dir/in.pcap" -w "$dir/out.pcapng") || say "capture -r ends with $?"
grep -q '192.0.2.1:500 > 192.0.2.9:500 IKE_SA_INIT request 0, 28 octets' <<<"$lines" || say "no request: $lines"
grep -q '192.0.2.2:500 > 192.0.2.9:500 INFORMATIONAL response 0, 28 octets' <<<"$lines" || say "no response: $lines"
grep -q 'not IKE, 2 octets' <<<"$lines" || say "no noise: $lines"
grep -q '^3 packets: 3 IKE, 0 ESP, written to ' <<<"$lines" || say "no summary: $lines"
again=$("$ipsec" capture -r "$dir/out.pcapng") || say "what was written is not read: $?"
[ "$(head -3 <<<"$again")" = "$(head -3 <<<"$lines")" ] || say "not the same again: $again"
[ "$(stat -c %a "$dir/out.pcapng")" = 600 ] || say "others may read the file"

printf 'conn two\n\tleft=192.0.2.9\n\tright=192.0.2.2\n\tauthby=secret\n' >"$dir/ipsec.conf"
lines=$("$ipsec" --config "$dir/ipsec.conf" capture two -r "$dir/in.pcap")
grep -qz 'INFORMATIONAL.*1 packets: ' <<<"$lines" || say "not the connection's: $lines"
lines=$("$ipsec" capture 192.0.2.1 -r "$dir/in.pcap" -c 1 --json)
grep -qz '"packet":"192.0.2.1:500 > .*"exit":0' <<<"$lines" || say "no JSON: $lines"

lines=$("$ipsec" --config "$dir/ipsec.conf" capture towo -r "$dir/in.pcap" 2>&1)
[[ $lines == *'did you mean "two"?' ]] || say "the nearest name is not said: $lines"
lines=$("$ipsec" --config "$dir/ipsec.conf" readwriteconf towo 2>&1)
[[ $lines == *'did you mean "two"?'* ]] || say "nor by readwriteconf: $lines"
lines=$("$ipsec" --config "$dir/ipsec.conf" --rundir "$dir" diagnose towo 2>&1)
[[ $lines == *'did you mean "two"?'* ]] || say "nor by diagnose: $lines"
"$ipsec" --config "$dir/ipsec.conf" capture nobody -r "$dir/in.pcap" 2>/dev/null
[ $? = 21 ] || say "an unknown connection does not end with 21"
"$ipsec" capture -r "$dir/none.pcap" 2>/dev/null
[ $? = 1 ] || say "a missing file does not end with 1"
"$ipsec" capture -r "$dir/in.pcap" -c none 2>/dev/null
[ $? = 2 ] || say "a count that is none does not end with 2"
"$ipsec" status -c 1 2>/dev/null
[ $? = 2 ] || say "other commands take the options of capture"
exit $bad
