#!/bin/bash
# 20-wireshark.sh: what others read in our packets. tshark dissects a whole life of a tunnel without a
# malformed mark, and decrypts it, IKE and ESP, with the keys of "ipsec capture --keys".
# shellcheck source=tests/netns/lab.sh
. "$(dirname "$0")/lab.sh"
lab_up
export HOME=$LAB

# capture: "ipsec capture --keys" begins on left; captured: it ends, and its keys are tshark's
capture() {
	on left rm -rf /var/log/own.pcapng /var/log/own.pcapng.keys /var/log/said /var/log/warned
	behind left bash -c 'exec ipsec capture -w /var/log/own.pcapng --keys --seconds 60 >/var/log/said 2>/var/log/warned'
	wait_for 10 on left grep -q ^capturing /var/log/said || bad "no capture"
}
captured() {
	for p in $(pids left ipsec); do kill -INT "$p"; done
	wait_for 5 on left grep -q "to read it" /var/log/said || bad "no keys: $(on left cat /var/log/said /var/log/warned)"
	export WIRESHARK_CONFIG_DIR=$LAB/left/log/own.pcapng.keys
}

# life IKE ESP LINE...: a tunnel from beginning to end, captured at the router
life() {
	local ike=$1 esp=$2
	shift 2
	rm -f "$LAB/router/wire"
	# tshark cannot know the upper half of an extended sequence number, which the ICV is made with
	tunnel left ours "ike=$ike" "esp=$esp" esn=no setup:"    export-keys=yes" "$@"
	tunnel right ours "ike=$ike" "esp=$esp" esn=no "$@"
	QUIET=1 start right ours
	QUIET=1 start left ours
	behind router tcpdump -i right0 --immediate-mode -U -w "$LAB/router/wire" 'udp port 500 or udp port 4500 or proto 50'
	wait_for 5 test -s "$LAB/router/wire"
	capture
	check "up" up left ours
	check "traffic" ping_through 3
	if [ "$IKE" = 2 ]; then
		check "rekey the Child SA" rekey_child left ours
		check "the other end rekeys the IKE SA" rekey_ike right ours
		sleep 0.5
		check "traffic" ping_through 3
	fi
	# not larger: pairs of packets are captured as one, before the kernel cuts them (UDP_SEGMENT)
	check "larger traffic" ping_through 2 -s 1000
	check "down" down left ours
	sleep 0.5
	for p in $(pids router tcpdump); do kill "$p"; done
	captured
}
over() {
	QUIET=1 stop left ours >/dev/null
	QUIET=1 stop right ours >/dev/null
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

title "the capture itself is read with the command that it prints"
command=$(on left sed -n 's/.*to read it: //p' /var/log/said)
printf '%s\n' "$command"
on left timeout 60 bash -c "$command" >"$LAB/read" 2>/dev/null
check "pings are seen in it" test "$(grep -c 'Echo (ping)' "$LAB/read")" -ge 12
check "and IKE_AUTH, decrypted" test "$(on left timeout 60 bash -c "$command -Y 'isakmp.exchangetype == 35 && isakmp.auth.method'" 2>/dev/null | wc -l)" = 2

title "keys are kept from others, and only while who asked for them runs"
check "who captures is warned" grep -q "together open everything" "$LAB/left/log/warned"
check "the folder is root's alone" [ "$(on left stat -c %a /var/log/own.pcapng.keys)" = 700 ]
check "and so are its files" [ "$(on left bash -c 'stat -c %a /var/log/own.pcapng.keys/*' | sort -u)" = 600 ]
key=$(cut -d, -f3 "$WIRESHARK_CONFIG_DIR/ikev2_decryption_table" | head -1)
check "there is a key: ${#key} digits" test ${#key} -ge 64
refuses "none is in the log" on left grep -q "$key" /var/log/pluto.log
gone_file() { ! on left test -e /run/pluto/session-keys; }
check "the daemon's own file is gone" wait_for 3 gone_file
check "the log says who asked" on left grep -q "session keys .* written to .* for ipsec (process [0-9]*" /var/log/pluto.log
check "and that it is over" on left grep -q "session keys are no longer written down" /var/log/pluto.log
on left rm -rf /var/log/own.pcapng /var/log/own.pcapng.keys
behind left ipsec capture -w /var/log/own.pcapng --keys --seconds 60
wait_for 10 on left test -e /run/pluto/session-keys
check "while it runs, the file is root's alone" [ "$(on left stat -c '%a %u' /run/pluto/session-keys)" = "600 0" ]
run left ipsec capture -w /var/log/second.pcapng --keys --seconds 5
says "a second one is refused" "somebody else has them written down"
refuses "nothing of it stays" on left test -e /var/log/second.pcapng.keys
for p in $(pids left ipsec); do kill -KILL "$p"; done
check "who captures is killed: the file is gone" wait_for 3 gone_file
over

title "ipsec.conf does not allow it: nobody gets them"
tunnel left ours
QUIET=1 start left ours
run left ipsec capture -w /var/log/third.pcapng --keys --seconds 5
check "it ends with 32" test $? = 32
says "it says what to write" "export-keys=yes"
refuses "nothing is written" on left test -e /var/log/third.pcapng.keys
check "the log has it" on left grep -q "session keys are not given to ipsec" /var/log/pluto.log
QUIET=1 stop left ours >/dev/null

title "AES-CBC with HMAC, plain ESP"
life aes256-sha2_256-dh19 aes256-sha2_256
read_it
check "none of it in UDP" test "$(seen 'esp && udp')" = 0
over

title "IKEv1"
IKE=1 life aes256-sha2_256-dh14 aes256-sha2_256
n=$(seen 'isakmp.exchangetype == 2 && isakmp.id.data')
check "Main Mode is decrypted, both messages with identities: $n" test "$n" = 2
n=$(seen 'isakmp.exchangetype == 32 && isakmp.nonce')
check "Quick Mode is decrypted: $n" test "$n" = 2
n=$(seen 'esp && icmp')
check "ESP is decrypted: $n pings" test "$n" -ge 6
over
finish
