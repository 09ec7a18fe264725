#!/bin/bash
# 20-wireshark.sh: what others read in our packets. tshark dissects a whole life of a tunnel without a
# malformed mark, and decrypts it, IKE and ESP, with the keys that a test build (-Dkeylog=true) exports.
TREE=$(cd "$(dirname "$0")/../.." && pwd)
LAB_BUILD=$TREE/build-keylog
# shellcheck source=tests/netns/lab.sh
. "$(dirname "$0")/lab.sh"
lab_up
LAB_ENV+=(IPSEC_KEYLOG=/var/log/keys)
export WIRESHARK_CONFIG_DIR=$LAB/wireshark HOME=$LAB

# life IKE ESP LINE...: a tunnel from beginning to end, captured at the router
life() {
	local ike=$1 esp=$2
	shift 2
	rm -f "$LAB/router/wire" "$LAB"/left/log/keys
	# tshark cannot know the upper half of an extended sequence number, which the ICV is made with
	tunnel left ours "ike=$ike" "esp=$esp" esn=no "$@"
	tunnel right ours "ike=$ike" "esp=$esp" esn=no "$@"
	QUIET=1 start right ours
	QUIET=1 start left ours
	behind router tcpdump -i right0 --immediate-mode -U -w "$LAB/router/wire" 'udp port 500 or udp port 4500 or proto 50'
	wait_for 5 test -s "$LAB/router/wire"
	check "up" up left ours
	check "traffic" ping_through 3
	check "rekey the Child SA" rekey_child left ours
	check "the other end rekeys the IKE SA" rekey_ike right ours
	sleep 0.5
	check "traffic" ping_through 3
	# not larger: pairs of packets are captured as one, before the kernel cuts them (UDP_SEGMENT)
	check "larger traffic" ping_through 2 -s 1000
	check "down" down left ours
	sleep 0.5
	for p in $(pids router tcpdump); do kill "$p"; done
	QUIET=1 stop left ours >/dev/null
	QUIET=1 stop right ours >/dev/null
	mkdir -p "$WIRESHARK_CONFIG_DIR"
	sed -n 's/^ikev2_decryption_table //p' "$LAB/left/log/keys" >"$WIRESHARK_CONFIG_DIR/ikev2_decryption_table"
	sed -n 's/^esp_sa //p' "$LAB/left/log/keys" >"$WIRESHARK_CONFIG_DIR/esp_sa"
}
read_wire() {
	tshark -r "$LAB/router/wire" -o esp.enable_encryption_decode:TRUE \
		-o esp.enable_authentication_check:TRUE -Y "$@" 2>/dev/null
}
# seen FILTER: how many frames
seen() { read_wire "$1" | wc -l; }
read_it() {
	local n
	check "frames were captured: $(seen frame)" test "$(seen frame)" -ge 20
	n=$(seen '_ws.malformed || _ws.expert.severity == error')
	check "frames that are malformed: $n" test "$n" = 0
	[ "$n" = 0 ] || read_wire '_ws.malformed || _ws.expert.severity == error' -V
	n=$(seen 'isakmp.exchangetype == 35 && isakmp.auth.method == 2')
	check "IKE_AUTH is decrypted, both messages: shared key integrity code: $n" test "$n" = 2
	n=$(seen 'isakmp.exchangetype == 36 && isakmp.nonce')
	check "CREATE_CHILD_SA is decrypted: $n" test "$n" -ge 4
	n=$(seen 'isakmp.exchangetype == 37 && isakmp.delete.protoid')
	check "INFORMATIONAL with DELETE is decrypted: $n" test "$n" -ge 2
	n=$(seen 'esp && icmp')
	check "ESP is decrypted: $n pings" test "$n" -ge 12
	n=$(seen 'esp.icv_good == 1')
	check "ICVs that tshark finds right: $n" test "$n" -ge 12
	n=$(seen 'esp.icv_bad == 1')
	check "ICVs that it finds wrong: $n" test "$n" = 0
	[ "$n" = 0 ] || read_wire esp.icv_bad==1
}

title "AES-GCM, ESP in UDP"
life aes_gcm256-sha2_512-dh31 aes_gcm256 encapsulation=yes
read_it
check "all of it in UDP" test "$(seen 'esp && !udp')" = 0

title "AES-CBC with HMAC, plain ESP"
life aes256-sha2_256-dh19 aes256-sha2_256
read_it
check "none of it in UDP" test "$(seen 'esp && udp')" = 0
finish
