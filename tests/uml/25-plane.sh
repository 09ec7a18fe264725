#!/bin/bash
# 25-plane.sh [CASE...]: the kernel's ESP between us (left) and Libreswan (right): IKE is content, and the packets are not, for
# what marks, policies, limits and ICVs there are in the kernel. What is printed as the fix, applied as it is printed, lets
# traffic pass.
LAB_RIGHT=libreswan
peer=libreswan
# shellcheck source=tests/netns/lab.sh
. "$(dirname "$0")/../netns/lab.sh"
# shellcheck source=tests/netns/verdicts.sh
. "$(dirname "$0")/../netns/verdicts.sh"
CASES=" $* "

diagnosed() { verdict "$1" "$2" ipsec --json diagnose $CONN; }
# both OURS THEIRS: a line of the conn for each end ("": none), and both anew
both() {
	tunnel right libreswan ${2:+"$2"}
	on right ipsec auto --replace $CONN >/dev/null
	fresh ${1:+"$1"}
}

sha2() {
	fault "the peer cuts HMAC-SHA2-256 to 96 bits"
	tunnel right libreswan esp=aes128-sha2_256 sha2-truncbug=yes
	on right ipsec auto --replace $CONN >/dev/null
	fresh esp=aes128-sha2_256
	check "up" up left ours
	refuses "traffic does not pass" ping_through 1
	on rpc ping -i 0.3 $LPC >/dev/null & # what comes from there is what tells
	pings=$!
	diagnosed sha2-truncation certain
	exactly certain
	ended $pings
	apply
	cured
}

# numbered NUMBER: our outbound SA has sent so many packets (XFRM_MSG_NEWAE, for which ip(8) has no word)
numbered() {
	on left python3 -c '
import re, socket, struct, subprocess, sys
for sa in re.split(r"\n(?=src )", subprocess.run(("ip", "xfrm", "state"), capture_output=True, text=True).stdout):
	spi = re.search(r"src 192\.0\.2\.1 dst 198\.51\.100\.1\s+proto esp spi (\S+)", sa)
	window = re.search(r"replay_window (\d+), bitmap-length (\d+)", sa)
	if not spi:
		continue
	addr = lambda a: socket.inet_aton(a) + bytes(12)
	window = [int(n) for n in window.groups()] if window else [32, 1]
	body = addr("198.51.100.1") + struct.pack("!I", int(spi[1], 16)) + struct.pack("=HBx", socket.AF_INET, 50)
	body += addr("192.0.2.1") + struct.pack("=II", 0, 0)
	replay = struct.pack("=6I", window[1], int(sys.argv[1]), 0, 0, 0, window[0]) + bytes(4 * window[1])
	body += struct.pack("=HH", 4 + len(replay), 23) + replay # XFRMA_REPLAY_ESN_VAL
	s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 6)
	s.send(struct.pack("=IHHII", 16 + len(body), 0x1e, 1 | 4 | 0x100, 1, 0) + body) # REQUEST | ACK | REPLACE
	error = struct.unpack("=i", s.recv(4096)[16:20])[0]
	sys.exit(error and "refused: %d" % error)
sys.exit("no SA")' "$1"
}
rekeyed() { [ "$(spi_out)" != "$1" ]; }
spi_out() { on left ip xfrm state list src $LEFT dst $RIGHT | grep -o 'spi 0x[0-9a-f]*' | tail -1; }
limit() {
	local before
	title "sequence numbers that come near their end are renewed in time"
	both esn=no esn=no
	check "up" up left ours
	before=$(spi_out)
	check "it has sent a lot" numbered 4160749568
	check "it is rekeyed by itself" wait_for 4 rekeyed "$before"
	check "traffic passes" ping_through 1
	nothing_found || bad "nothing is found"

	fault "sequence numbers are used up, and no rekey is possible"
	both esn=no esn=no
	check "up" up left ours
	check "it has sent nearly all" numbered 4294967293
	on router iptables-legacy -I FORWARD -p udp -j DROP
	ROLE=initiator
	behind lpc ping -i 1 -c 20 $RPC
	noticed left sequence-or-byte-limit certain sleep 20
	exactly certain
	on router iptables-legacy -F FORWARD
	apply
	cured
}

leak() {
	fault "the peer deletes the tunnel, and nothing holds its traffic back"
	both
	check "up" up left ours
	ROLE=initiator
	noticed left plaintext-leak likely down right libreswan
	exactly likely
	apply
	check "what goes there brings the tunnel up" wait_for 4 ping_through 1
	cured
}
on_demand() {
	title "an attempt that failed does not keep the tunnel down"
	both auto=ondemand
	on left ipsec route $CONN >/dev/null
	on left sysctl -qw net.core.xfrm_acq_expires=165 # as strongSwan sets it
	stop right libreswan
	refuses "nobody answers" ping_through 1
	start right libreswan
	check "it comes up once the peer is there" wait_for 7 ping_through 1

	fault "another program's policy stands before the trap"
	run left ipsec down $CONN
	on left ip xfrm policy add dir out src 10.0.1.0/25 dst 10.0.2.0/25 priority 1 action block
	diagnosed trap-or-hold-stuck certain
	exactly certain
	apply
	check "what goes there brings the tunnel up" wait_for 4 ping_through 1
	cured
}

left_behind() {
	local way
	fault "another daemon that was killed has left its policies"
	both
	for way in "out src $LEFT_NET dst $RIGHT_NET" "in src $RIGHT_NET dst $LEFT_NET" "fwd src $RIGHT_NET dst $LEFT_NET"; do
		# shellcheck disable=SC2086 # words
		on left ip xfrm policy add dir $way priority 375423 tmpl src $LEFT dst $RIGHT proto esp reqid 1 mode tunnel
	done
	verdict policy-shadowed certain
	exactly certain
	apply
	cured
}

no_vti1() { ! on left ip link show vti1; }
marks() {
	fault "the device of the tunnel has got another key"
	tunnel right libreswan
	on right ipsec auto --replace $CONN >/dev/null
	fresh mark=5/0xffffffff vti-interface=vti1 vti-routing=yes
	check "up" up left ours
	check "it carries packets" ping_through 1
	check "another key" run left ip link change vti1 type vti local $LEFT remote $RIGHT key 7
	refuses "it does not any more" ping_through 1
	diagnosed mark-or-ifid-mismatch certain
	exactly certain
	apply
	cured
	run left ipsec down $CONN

	fault "the VTI of somebody else has another key"
	on left ipsec delete $CONN >/dev/null
	wait_for 2 no_vti1
	on left ip link add vti9 type vti local $LEFT remote $RIGHT key 9
	on left ip link set vti9 up
	tunnel right libreswan
	on right ipsec auto --replace $CONN >/dev/null
	fresh mark=5/0xffffffff vti-interface=vti9 vti-routing=yes
	refuses "it does not come up" up left ours
	diagnosed mark-or-ifid-mismatch certain
	exactly certain
	apply
	cured
	run left ipsec down $CONN
	on left ip link del vti9

	fault "no rule gives packets the mark"
	both mark=5/0xffffffff
	check "up" up left ours
	refuses "traffic does not pass" ping_through 1
	title "a rule gives it, to whom we do not know"
	check "a rule" on left iptables-nft -t mangle -A OUTPUT -d 10.9.9.9 -j MARK --set-mark 5
	run left ipsec diagnose $CONN
	refuses "then it is not accused" grep -q mark-or-ifid-mismatch <<<"$OUT"
	on left iptables-nft -t mangle -F OUTPUT
	fault "no rule gives packets the mark any more"
	diagnosed mark-or-ifid-mismatch likely
	exactly likely
	apply
	cured
}

lab_up
tunnel left ours
tunnel right libreswan
start right libreswan
start left ours
for c in sha2 limit leak on_demand left_behind marks; do
	[[ $CASES != "  " && $CASES != *" $c "* ]] || $c
done
finish
