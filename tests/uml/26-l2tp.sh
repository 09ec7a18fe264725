#!/bin/bash
# 26-l2tp.sh: L2TP's transport mode by the kernel's ESP. We (left) are a client of strongSwan (right); then the server, and
# strongSwan the clients (right, second): nobody takes what IPsec brings; two clients behind one NAT; Windows, by its
# vendor id, while we are behind a NAT. Verdicts at rank 1, fixes applied as they are printed. The L2TP daemon is a
# stand-in, which answers each datagram, and so is what Windows does.
LAB_HOSTS="lpc left router right rpc second"
peer=strongswan
# shellcheck source=tests/netns/lab.sh
. "$(dirname "$0")/../netns/lab.sh"
# shellcheck source=tests/netns/verdicts.sh
. "$(dirname "$0")/../netns/verdicts.sh"
lab_up
SECOND=203.0.113.1 IKE=1
export SS_ESP=kernel
wire second eth0 $SECOND/24 2001:db8:3::1/64 router second0 203.0.113.254/24 2001:db8:3::fe/64
gateway second 203.0.113.254 2001:db8:3::fe
own_view second
preloaded right

# server: our end is for L2TP
server() {
	tunnel left ours peer=%any type=transport ts= peerts= leftprotoport=udp/1701 rightprotoport=udp/1701
	reloaded left
}
# client HOST [LINE...]
client() {
	local me=$RIGHT
	[ "$1" = right ] || me=$SECOND
	tunnel "$1" strongswan me=$me peer=$LEFT "ts=dynamic[udp/1701]" "peerts=dynamic[udp/1701]" child:mode=transport "${@:2}"
}
client_reloaded() {
	on "$1" swanctl --terminate --ike vpn --force >/dev/null 2>&1
	on "$1" swanctl --load-all >/dev/null
}
# l2tp HOST [ADDRESS]: what it sends from its port to the server's is answered
l2tp() {
	run "$1" timeout 20 python3 -c '
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("0.0.0.0", 1701))
s.settimeout(1)
for _ in range(2):
	s.sendto(b"SCCRQ", (sys.argv[1], 1701))
	try: # an answer, or ICMP
		if s.recv(100) == b"SCCRP":
			print("answered")
			sys.exit(0)
	except OSError:
		pass
sys.exit(1)' "${2:-$LEFT}"
}
# what the printed command starts
put left /run/systemctl <<'X'
#!/bin/bash
[ "$1 $2" = "restart xl2tpd" ] || exit 1
exec python3 -c '
import os, socket
if os.fork():
	os._exit(0)
os.setsid()
with open("/proc/self/comm", "w") as f:
	f.write("xl2tpd")
for fd in 0, 1, 2:
	os.close(fd)
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("0.0.0.0", 1701))
while True:
	_, who = s.recvfrom(100)
	s.sendto(b"SCCRP", who)'
X
on left chmod 755 /run/systemctl
on left cat /run/systemctl | put right /run/systemctl
on right chmod 755 /run/systemctl
for h in left right; do on $h mount --bind /run/systemctl /usr/bin/systemctl; done

tunnel left ours pfs=no type=transport ts= peerts= leftprotoport=udp/1701 rightprotoport=udp/1701
client right
client second
start left ours
start right strongswan
start second strongswan

fault "nobody there listens to L2TP"
check "it comes up" up left ours
refuses "nobody answers" l2tp left $RIGHT
verdict l2tp-ppp-fails certain ipsec --json diagnose $CONN
exactly certain
apply_peer
check "it is answered" l2tp left $RIGHT
no_more() { ! on left ipsec --json diagnose $CONN | grep -q 'l2tp-ppp-fails'; }
check "nothing is found any more" no_more
row_fix works
check "it ends" down left ours
for p in $(pids right xl2tpd); do kill "$p"; done
server
nat right

fault "nobody listens to L2TP"
check "it comes up" up right strongswan
refuses "nobody answers" l2tp right
BEGAN=responder
verdict l2tp-ppp-fails certain ipsec --json diagnose $CONN
exactly certain
apply
check "it is answered" l2tp right
no_more() { ! on left ipsec --json diagnose $CONN | grep -q '"certain".*l2tp-ppp-fails'; }
check "it is no longer certain that nobody listens" no_more
row_fix works

fault "two clients behind one NAT speak L2TP"
responder_verdict same-nat-multiple-clients likely up second strongswan
check "the second is answered" l2tp second
refuses "the first is not" l2tp right
apply
apply_peer
on right cat /etc/swanctl/swanctl.conf | sed -e "s/$RIGHT/$SECOND/" | put second /etc/swanctl/swanctl.conf
client_reloaded second
client_reloaded right
check "the first comes up with IKEv2" up right strongswan
check "the second comes up with IKEv2" up second strongswan
check "the first is answered" l2tp right
check "the second is answered" l2tp second
check "nothing is found any more" wait_for 3 nothing_found
row_fix works
check "both end" eval 'down right strongswan && down second strongswan'

fault "Windows, and the server is behind a NAT"
no_nat
on router nft -f - <<X
table ip forwarded { chain pre { type nat hook prerouting priority dstnat; ip daddr 198.51.100.254 udp dport { 500, 4500 } dnat to $LEFT; }; }
X
server
client right peer=198.51.100.254 peerid=$LEFT
vendor 1e2b516905991c7d7c96fcbfb587e46100000009
# Without that value in its registry it gives up. It takes commands as cmd.exe does,
# which leaves a backslash alone.
REGISTRY=$LAB/registry
windows() {
	up right strongswan || return 1
	if [ -f "$REGISTRY" ]; then l2tp right 198.51.100.254; else down right strongswan; fi
}
reg() {
	[ "$1 $3 $5 $7" = "add /v /t /d" ] && [ "$2" = 'HKLM\SYSTEM\CurrentControlSet\Services\PolicyAgent' ] &&
		[ "$4 $6 $8" = "AssumeUDPEncapsulationContextOnSendRule REG_DWORD 2" ] && : >"$REGISTRY"
}
at_windows() {
	local kind text words
	while IFS=$'\t' read -r kind text; do
		printf 'right# fix (%s): %s\n' "$kind" "$text"
		read -ra words <<<"${text#run: }"
		"${words[@]}" || bad "Windows does not know that"
		APPLIED=1
	done < <(fixes '^at the peer$')
}
responder_verdict windows-nat-registry likely windows
exactly likely
at_windows
check "it stays up, and L2TP is answered" windows
check "it ends" down right strongswan
sleep 1
check "nothing is found any more" nothing_found
no_l2tp() {
	IKE=2 tunnel left ours peer=%any && IKE=2 tunnel right strongswan me=$RIGHT peer=198.51.100.254 peerid=$LEFT
	reloaded left && reloaded right
}
by_words "use IKEv2 instead of L2TP" no_l2tp
check "with IKEv2 it comes up" up right strongswan
check "traffic passes" ping_through 3
check "nothing is found" nothing_found
row_fix works

title "what was found"
cat "$LAB_ROWS"
finish
