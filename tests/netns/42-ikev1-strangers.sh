#!/bin/bash
# 42-ikev1-strangers.sh: what somebody gets from us who has no secret: one that uses another's address gets no more
# octets than were sent, in three packets at most; ike-scan sees what a gateway for anybody must show, and nothing of
# one that expects one peer. Users of XAUTH with a wrong password.
. "$(dirname "$0")/lab.sh"
lab_up
IKE=1
anybody() { # anybody LINE...: right is a gateway for whoever knows the secret
	tunnel right ours peer=%any peerid=@warrior id=@gateway peerts= "$@"
	put right /etc/ipsec.secrets <<<": PSK \"$PSK\""
}
anybody
start right ours

# stranger MODE FROM [SECONDS|once]: sends the first message of Main Mode (2) or Aggressive Mode (4) six times from an
# address of the router's where nobody answers, and listens for 40 s; or once, and listens for 4 s; prints packets and
# octets of what was sent and what came
put router "$LAB/stranger.py" <<'P'
import os, socket, struct, sys, time
mode = int(sys.argv[1])
def payload(following, body): return struct.pack(">BBH", following, 0, 4 + len(body)) + body
def attribute(kind, value): return struct.pack(">HH", 0x8000 | kind, value)
transform = struct.pack(">BBH", 1, 1, 0) + b"".join(attribute(*a) for a in ((1, 7), (14, 256), (2, 4), (3, 1), (4, 14), (11, 1), (12, 3600)))
proposal = struct.pack(">BBBB", 1, 1, 0, 1) + payload(0, transform)
sa = struct.pack(">II", 1, 1) + payload(0, proposal)
if mode == 2:
	chain = payload(0, sa)
else:
	name = b"warrior"
	chain = payload(4, sa) + payload(10, b"\x5a" * 256) + payload(5, os.urandom(32)) + payload(0, bytes([2, 0, 0, 0]) + name)
message = os.urandom(8) + bytes(8) + bytes([1, 0x10, mode, 0]) + struct.pack(">II", 0, 28 + len(chain)) + chain
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind((sys.argv[2], 500))
s.settimeout(0.5)
first_only = sys.argv[3:] == ["once"]
listen = 4 if first_only else int((sys.argv[3:] or ["40"])[0])
until, sent, packets, octets, largest = time.time() + listen, 0, 0, 0, 0
while time.time() < until:
	if sent < (1 if first_only else 6):
		s.sendto(message, ("198.51.100.1", 500))
		sent += 1
	try:
		got = s.recv(4096)
		packets, octets, largest = packets + 1, octets + len(got), max(largest, len(got))
	except socket.timeout:
		pass
print(sent, len(message), packets, octets, largest)
P
on router ip addr add 192.0.2.77/32 dev lo
on router ip addr add 192.0.2.78/32 dev lo
stranger() {
	run router python3 "$LAB/stranger.py" "$@"
	read -r sent length packets octets largest <<<"$OUT"
}
# harmless WHAT: no more octets than were sent, in three packets at most
harmless() {
	check "$1: three packets at most ($packets)" test "$packets" -le 3
	check "$1: no more octets than were sent ($octets of $((sent * length)))" test "$octets" -le $((sent * length))
}
# 40 s each, since what is half open lives for 30 s: all at once
title "from another's address"
stranger 2 192.0.2.77 once
check "Main Mode: it is answered" test "$packets" = 1
check "Main Mode: no larger than what was sent ($largest of $length)" test "$largest" -le "$length"
on router python3 "$LAB/stranger.py" 2 192.0.2.77 >"$LAB/main" 2>&1 &
main=$!
on router python3 "$LAB/stranger.py" 4 192.0.2.78 >"$LAB/aggressive" 2>&1 &
aggressive=$!
wait $main $aggressive
read -r sent length packets octets largest <"$LAB/main"
check "Main Mode: it is answered" test "$packets" -ge 1
harmless "Main Mode, repeated"
read -r sent length packets octets largest <"$LAB/aggressive"
check "Aggressive Mode, which no connection has: no answer but a refusal" test "$largest" -le 40
harmless "Aggressive Mode, repeated"
OUT=$(on right ipsec status)
says "nothing stays half-open" 'half-open\(0\)'

title "Aggressive Mode for anybody: the answer has more octets, so it waits for as many"
anybody aggressive=yes
run right ipsec auto --replace vpn.example.com
stranger 4 192.0.2.77 once
check "nothing comes for the first message alone" test "$packets" = 0
on router python3 "$LAB/stranger.py" 4 192.0.2.78 12 >"$LAB/aggressive" 2>&1
read -r sent length packets octets largest <"$LAB/aggressive"
check "it is answered" test "$packets" -ge 1
harmless "Aggressive Mode, repeated"

title "ike-scan"
scan() { run left ike-scan --retry=2 --timeout=1000 --nodns "$@" $RIGHT; }
scan --aggressive --id=warrior --idtype=2 --dhgroup=14 --trans=7/256,4,1,14
says "a group's name is answered" 'Aggressive Mode Handshake returned'
anybody
run right ipsec auto --replace vpn.example.com
scan --trans=7/256,4,1,14
says "a gateway for anybody answers Main Mode" 'Main Mode Handshake returned'
says "with what was chosen" 'Enc=AES .*Hash=SHA2-256 .*Auth=PSK .*Group=14:modp2048'
refuses "and does not say who made it" grep -qiE 'clearswan|libreswan|strongswan|openswan' <<<"$OUT"
scan --aggressive --id=warrior --idtype=2 --dhgroup=14 --trans=7/256,4,1,14
refuses "no Aggressive Mode" grep -q 'Handshake returned' <<<"$OUT"
scan --trans=5,1,1,2
refuses "no DES nor groups that are too small" grep -q 'Handshake returned' <<<"$OUT"
tunnel right ours peer=203.0.113.9
run right ipsec auto --replace vpn.example.com
scan --trans=7/256,4,1,14
refuses "who expects one peer shows nothing to another" grep -q 'Handshake returned' <<<"$OUT"
IKE=2 tunnel right ours
run right ipsec auto --replace vpn.example.com
scan --trans=7/256,4,1,14
says "without a connection of IKEv1: silence" '0 returned handshake; 0 returned notify'

title "XAUTH: users and passwords"
IKE=1
lines=(leftxauthserver=yes rightxauthclient=yes leftmodecfgserver=yes rightmodecfgclient=yes rightaddresspool=100.64.13.5-100.64.13.99 modecfgpull=yes xauthby=file)
tunnel right ours peer=%any peerid=@warrior id=@gateway peerts= "${lines[@]}"
put right /etc/ipsec.secrets <<<": PSK \"$PSK\""
put right /etc/ipsec.d/passwd <<<"road:$(openssl passwd -6 "a good password"):vpn.example.com"
run right ipsec auto --replace vpn.example.com
on right ipsec rereadsecrets >/dev/null
tunnel left ours id=@warrior peerid=@gateway ts= leftxauthclient=yes rightxauthserver=yes leftmodecfgclient=yes rightmodecfgserver=yes \
	modecfgpull=yes leftusername=road
password() {
	put left /etc/ipsec.secrets <<<": PSK \"$PSK\"
@road : XAUTH \"$1\""
	[ -z "$2" ] || on left ipsec rereadsecrets >/dev/null
}
password "a good password" ""
start left ours
check "the right one" up left ours
says "who we are" 'XAUTH: Answering XAUTH challenge with user=.road'
says "it is taken" 'XAUTH: Successfully Authenticated'
says "an address is lent" 'Received IPv4 address: 100\.64\.13\.5'
check "traffic passes" run left ping -q -c 3 -i 0.1 -W 2 $RPC
run right ipsec trafficstatus
says "the gateway knows the user" 'username=road, type=ESP.*lease=100\.64\.13\.5/32'
check "down" down left ours
check "the gateway forgets it" wait_for 5 is_down right ours
password "a wrong password" now
SECONDS=0
run left ipsec auto --up vpn.example.com
refuses "a wrong one: not 0" test $? = 0
check "in seconds ($SECONDS)" test $SECONDS -le 10
says "says why" "XAUTH: Failed to authenticate as 'road'"
check "nothing is up" is_down left ours
check "nor there" is_down right ours
OUT=$(on right cat /var/log/pluto.log)
says "the gateway says who" 'XAUTH: User road: Authentication Failed: Incorrect Username or Password'
refuses "and never a password" grep -q 'a wrong password' <<<"$OUT"
down left ours >/dev/null
password "a good password" now
check "the right one again" up left ours
finish
