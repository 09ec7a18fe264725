#!/bin/bash
# 24-flow.sh: the kernel's ESP between us (left) and Libreswan (right) is up, and something is wrong with it: what
# "ipsec diagnose" says after its test flow, and what "ipsec status" says by itself of a tunnel that gets no answers
# ("quiet", whose ESP is dropped on the way meanwhile). The fix, applied as it is printed, lets traffic pass.
LAB_RIGHT=libreswan
export LAB_HOSTS="lpc left router right rpc printer"
peer=libreswan
# shellcheck source=tests/netns/lab.sh
. "$(dirname "$0")/../netns/lab.sh"
# shellcheck source=tests/netns/verdicts.sh
. "$(dirname "$0")/../netns/verdicts.sh"
QUIET_RPC=10.0.3.1

# found CONN...: of which connections "ipsec status" has something to say; "-" is the host
found() { on left ipsec --json status 2>/dev/null | jq -r 'select(.event == "found_finding") | "\(.conn // "-") \(.class)"' | sort -u; }
nothing_found() { ! found | grep -vq '^quiet '; }
quiet_is_found() { [[ $(found) == *"quiet $1"* ]]; }
quiet_is_not_found() { ! quiet_is_found ""; }

# both_ends [LINE...]: the connection anew, as tunnel() has it, and the quiet one beside it
QUIET_CONN="conn quiet
	left=%s
	leftsubnet=%s
	right=%s
	rightsubnet=%s
	authby=secret
	auto=add
"
quiet_conn() { # HOST LEFT NET RIGHT NET
	# shellcheck disable=SC2059 # a format
	printf "$QUIET_CONN" "${@:2}" | on "$1" bash -c 'cat >>/etc/ipsec.conf'
}
both_ends() {
	tunnel left ours
	quiet_conn left $LEFT $LEFT_NET $RIGHT 10.0.3.0/24
	tunnel right libreswan
	quiet_conn right $RIGHT 10.0.3.0/24 $LEFT $LEFT_NET
}
router() { on router iptables-legacy "$@"; }
# remade SPI key|seq=NUMBER|encap: Libreswan's kernel goes on sending by that SA, with another key, with other sequence
# numbers, or in UDP
remade() {
	on right python3 -c '
import re, subprocess, sys
ip = lambda *a: subprocess.run(("ip", "xfrm", "state") + a, check=True, capture_output=True, text=True).stdout
spi, what, number = int(sys.argv[1], 16), *(sys.argv[2] + "=100000").split("=")[:2]
for sa in re.split(r"\n(?=src )", ip("list")):
	id = re.search(r"src (\S+) dst (\S+)\s+proto esp spi (\S+) reqid (\S+) mode tunnel", sa)
	if int(id[3], 16) != spi:
		continue
	alg, key, bits = re.search(r"aead (\S+) 0x(\S+) (\d+)", sa).groups()
	if what == "key":
		key = "%x%s" % (int(key[0], 16) ^ 1, key[1:])
	at = ("src", id[1], "dst", id[2], "proto", "esp", "spi", id[3])
	ip("delete", *at)
	# its numbers go on, or the window would refuse it first
	ip("add", *at, "reqid", id[4], "mode", "tunnel", "flag", "af-unspec", "replay-oseq", number, "aead", alg, "0x" + key, bits,
		*(("encap", "espinudp", "4500", "4500", "0.0.0.0") if what == "encap" else ()))
	sys.exit(0)
sys.exit(1)' "$@"
}
# spi_of CONN: by which its packets come in here
spi_of() { on left ipsec --json status | jq -r --arg c "$1" 'select(.event == "state_traffic" and .conn == $c) | "0x" + (.spi_in | ltrimstr("0x"))' | tail -1; }
big() { # big PORT: TCP, 60 kB each way
	local serve status
	on rpc timeout 60 python3 -c '
import socket, sys
s = socket.create_server(("0.0.0.0", int(sys.argv[1])))
c, n = s.accept()[0], 0
while n < 60000:
	n += len(c.recv(1 << 16))
c.sendall(b"y" * 60000)' "$1" &
	serve=$!
	wait_for 5 on rpc bash -c "ss -ltn | grep -q :$1"
	on lpc timeout 40 python3 -c '
import socket, sys
s, n = socket.create_connection((sys.argv[1], int(sys.argv[2])), 20), 0
s.sendall(b"x" * 60000)
while n < 60000:
	n += len(s.recv(1 << 16) or sys.exit(1))' $RPC "$1"
	status=$?
	kill $serve 2>/dev/null
	wait $serve 2>/dev/null
	return $status
}
diagnosed() { verdict "$1" "$2" ipsec --json diagnose $CONN; }

lab_up
wire left eth1 192.0.3.1/24 2001:db8:3::1/64 router left1 192.0.3.254/24 2001:db8:3::fe/64
on right ip addr add $QUIET_RPC/24 dev lo
both_ends
start right libreswan
start left ours
check "up" up left ours
check "the other one, too" up left ours quiet
check "it carries packets" run lpc ping -q -c 2 -i 0.2 -W 4 $QUIET_RPC

title "healthy"
run left ipsec --json diagnose $CONN >"$LAB/said"
refuses "nothing is found" grep -q '"found_finding"' "$LAB/said"
check "the test went through the tunnel" grep -q '"event":"flow_answer".*"answered":3' "$LAB/said"

fault "large packets are lost, and nobody asks"
# upload PORT: what is sent arrives
upload() {
	on rpc timeout 30 python3 -c '
import socket, sys
c = socket.create_server(("0.0.0.0", int(sys.argv[1]))).accept()[0]
while c.recv(1 << 16):
	pass' "$1" &
	wait_for 5 on rpc bash -c "ss -ltn | grep -q :$1"
	on lpc timeout 28 python3 -c '
import socket, sys
s = socket.create_connection((sys.argv[1], int(sys.argv[2])), 5)
s.settimeout(26)
s.sendall(b"x" * 2000000)
s.shutdown(socket.SHUT_WR)
sys.exit(s.recv(1) != b"")' $RPC "$1"
}
large() { router "$1" FORWARD -p esp -m length --length 1400: -j DROP; }
# again_and_again PORT: as people try, each when the one before has frozen
again_and_again() {
	local i
	for i in 1 2 3 4; do
		upload $(($1 + i)) &
		sleep 16
	done
	wait
}
check "a large transfer passes" upload 5101
large -I
noticed left pmtu-blackhole likely again_and_again 5101
exactly likely
large -D
check "the path takes them again: a large transfer passes" upload 5111
check "nothing is found any more" wait_for 3 nothing_found
large -I
apply
up left ours
cured
check "TCP passes" upload 5112
large -D

# from here on nothing comes in for it; pings go on
quiet_spi=$(spi_of quiet)
check "the SPI of the quiet one: $quiet_spi" [ -n "$quiet_spi" ]
router -I FORWARD -p esp -m esp --espspi "$quiet_spi" -j DROP
behind lpc ping -i 2 $QUIET_RPC

fault "forwarding is off here"
on left sysctl -qw net.ipv4.ip_forward=0
diagnosed forwarding-disabled certain
apply
cured

fault "another program's policy goes before ours"
on left ip xfrm policy add dir out src 10.0.1.0/25 dst 10.0.2.0/25 priority 1 action allow
refuses "it carries nothing" ping_through 1
diagnosed policy-shadowed certain
apply
cured

fault "another program's policy goes before ours, for what is forwarded"
on left ip xfrm policy add dir fwd src 10.0.2.0/25 dst 10.0.1.0/24 priority 1 action block
refuses "it carries nothing" ping_through 1
diagnosed policy-shadowed certain
exactly certain
apply
cured

fault "no policy is asked for what leaves"
on left sysctl -qw net.ipv4.conf.eth0.disable_xfrm=1
refuses "it carries nothing" ping_through 1
diagnosed plaintext-leak certain
exactly certain
apply
cured

fault "the peer has another key"
check "the peer's key is another one" remade "$(spi_of $CONN)" key
diagnosed icv-failure-other likely
apply
cured

# the higher half of longer numbers is not sent: one end would guess it, and find the ICV wrong
fault "the peer begins to count anew"
fresh esn=no
check "up" up left ours
spi=$(spi_of $CONN)
check "the peer has sent much" remade "$spi" seq=100000
check "it passes" ping_through 1
check "it is as it was before that" remade "$spi" seq=0
refuses "it does not any more" ping_through 1
diagnosed anti-replay-drops likely
exactly likely
refuses "no window is large enough" grep -q '"diag_fix".*replay-window=\|"found_fix".*replay-window=' "$LAB/said"
apply
cured

# its IKE SA ends with the next case
title "the quiet one, of which nobody asked"
check "it is found by itself" wait_for 20 quiet_is_found esp-blocked
found
router -F FORWARD
check "and no longer, once something comes in again" wait_for 8 quiet_is_not_found

fault "the peer sends ESP in UDP, and we expect it plain"
check "it does" remade "$(spi_of $CONN)" encap
refuses "traffic does not pass" ping_through 1
diagnosed encap-mismatch certain
exactly certain
apply
apply_peer
up left ours
cured
check "in UDP" grep -q 'encap type espinudp' <<<"$(on left ip xfrm state)"


# ends NET: both anew, with that network behind the peer
ends() {
	tunnel right libreswan ts="$1"
	on right ipsec auto --replace $CONN >/dev/null
	fresh peerts="$1"
	check "up, with $1" up left ours
}
fault "the tunnel takes another network that is connected here"
wire printer eth0 192.168.7.33/24 fd00:7::33/64 left lan1 192.168.7.1/24 fd00:7::1/64
gateway printer 192.168.7.1 fd00:7::1
prints() { run lpc ping -q -c 1 -W 2 192.168.7.33; }
check "a host here reaches the printer" prints
ends 0.0.0.0/0
refuses "it does not any more" prints
diagnosed lan-swallowed-by-full-tunnel certain
apply
cured prints
kept_out() { for d in eth1 lan1; do on left ipsec delete lan-$d >/dev/null || return 1; done; }
check "there was one for either network that is connected here" kept_out
ends $RIGHT_NET

fault "ESP is dropped on the way, in one direction"
router -I FORWARD -i right0 -p esp -j DROP
diagnosed esp-blocked likely
apply
apply_peer
up left ours
cured
router -D FORWARD -i right0 -p esp -j DROP

fault "both ends have the same network"
# right_lan NETWORK: behind the other end, with the hosts that it always has
right_lan() {
	on right ip -4 addr flush dev lan0
	on right ip addr add "$1.1/24" dev lan0
	on rpc ip -4 addr flush dev eth0
	on rpc ip addr add "$1.33/24" dev eth0
	on rpc ip route add default via "$1.1"
}
right_lan 10.0.1
# lines for the peer are those of a conn that is the same at both ends
tunnel right libreswan me=$LEFT peer=$RIGHT ts=$LEFT_NET peerts=$LEFT_NET
on right ipsec auto --replace $CONN >/dev/null
fresh peerts=$LEFT_NET
check "up" up left ours
diagnosed overlapping-subnets certain
apply
apply_peer
from_to() { run "$1" ping -q -c 2 -i 0.2 -W 4 "$2" && grep -q ' 0% packet loss' <<<"$OUT"; }
check "up" up left ours
before=$FAILED
check "a host behind the other end is reached under a network that stands in for its own" from_to lpc 10.99.1.33
check "and from there one behind this end" from_to rpc 10.99.0.33
check "nothing is found any more" wait_for 3 nothing_found
if [ $FAILED = "$before" ]; then row_fix works; else row_fix FAILED; fi
for h in left right; do
	on $h iptables -t nat -F
	on $h nft delete table ip stand_in 2>/dev/null
done
right_lan 10.0.2
ends $RIGHT_NET

fault "what the peer sends comes by another way than what it gets"
on left bash -c 'ip route add 198.51.100.1 via 192.0.3.254 dev eth1
	for f in all eth0 eth1; do echo 1 >/proc/sys/net/ipv4/conf/$f/rp_filter; done'
diagnosed rp-filter-drop certain
apply
cured
on left ip route del 198.51.100.1 via 192.0.3.254 dev eth1

fault "a path with a smaller MTU and without ICMP"
for d in left0 right0; do ip -n "${LAB_PREFIX}router" link set $d mtu 1300; done
router -I OUTPUT -p icmp --icmp-type 3 -j DROP
refuses "TCP freezes" big 5003
diagnosed pmtu-blackhole certain
apply
up left ours
cured
check "TCP passes" big 5004 # somebody may still listen at the other

fault "the same, in a tunnel that the peer has begun"
ends $RIGHT_NET
run left ipsec down $CONN
check "the peer brings it up" up right libreswan
# what limits segments goes a moment after the connection that had it, and paths are remembered
unclamped() { ! on left bash -c 'nft list ruleset; iptables-save; iptables-legacy-save' 2>/dev/null | grep -qiE 'maxseg|TCPMSS'; }
check "segments are not limited any more" wait_for 10 unclamped
for h in lpc rpc left right; do on $h ip route flush cache; done
refuses "TCP freezes" big 5005
BEGAN=responder diagnosed pmtu-blackhole certain
apply
check "the peer brings it up" up right libreswan
cured
check "TCP passes" big 5006
finish
