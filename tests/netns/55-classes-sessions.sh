#!/bin/bash
# 55-classes-sessions.sh PEER: classes of failure in what is lent and counted, in users, in messages that are lost or not
# right, and in rekeys that collide. Verdicts at rank 1, and fixes applied as they are printed.
. "$(dirname "$0")/lab.sh"
peer=${1:-strongswan}
# shellcheck source=tests/netns/verdicts.sh
. "$(dirname "$0")/verdicts.sh"
lab_up

# from where to where traffic passes, when an address is lent
FROM=lpc TO=$RPC
ping_through() {
	run $FROM ping -q -c "$1" -i 0.05 -W 2 "$TO" && grep -q ' 0% packet loss' <<<"$OUT"
}
# anybody: it does not matter here who the peer is
anybody() {
	on left sed -i 's/right=.*/right=%any/; /rightid=/d' /etc/ipsec.conf
	put left /etc/ipsec.secrets <<<"%any : PSK \"$PSK\""
	reloaded left
}
# twin EDIT: the peer has a second connection, other, like vpn but for EDIT (of sed)
twin() {
	on right cat /etc/swanctl/swanctl.conf >"$LAB/vpn"
	{
		sed '/^secrets/,$d' "$LAB/vpn" | sed '$d'
		sed '1d; /^secrets/,$d' "$LAB/vpn" | sed "s/vpn {/other {/; $1"
		sed -n '/^secrets/,$p' "$LAB/vpn" | sed '/id-[12] = /d'
	} | put right /etc/swanctl/swanctl.conf
	reloaded right
}
# pool: the peer has one address to lend
pool() {
	on right bash -c 'echo "pools { lab { addrs = 100.64.13.5/32 } }" >>/etc/swanctl/swanctl.conf'
	reloaded right
}
# stranger WORD...: as tests/netns/stranger.py has it, in the place of the peer
stranger() { on right python3 "$TOP/tests/netns/stranger.py" "$1" $RIGHT $LEFT "${@:2}"; }
no_stranger() {
	local p
	for p in $(pids right python3); do kill "$p"; done
}

tunnel left ours
tunnel right "$peer"
start right "$peer"
start left ours

fault "addresses are lent here, and the peer asks for none"
fresh peerts= rightaddresspool=100.64.13.5-100.64.13.9
fresh_peer ts=dynamic
responder_verdict cp-required certain
apply_peer
TO=100.64.13.5
cured
TO=$RPC

fault "addresses are lent there, and we ask for none"
fresh ts=
fresh_peer peerts=dynamic "pools = lab"
pool
verdict cp-required certain
apply
FROM=left
cured
FROM=lpc

fault "the only address is lent to another client; here"
fresh peerts= rightaddresspool=100.64.13.5-100.64.13.5
fresh_peer ts=dynamic "vips = 0.0.0.0"
anybody
twin '0,/id = .*/s//id = other.example.com }/'
check "another client has it" up right "$peer" other
responder_verdict address-pool-exhausted certain
by_hand left "make rightaddresspool= larger" sed -i 's/rightaddresspool=.*/rightaddresspool=100.64.13.5-100.64.13.9/' /etc/ipsec.conf
apply
TO=100.64.13.5
cured
TO=$RPC
on right swanctl --terminate --ike other >/dev/null 2>&1

fault "the only address is lent to another client; there"
fresh ts= leftmodecfgclient=yes
fresh_peer peerts=dynamic "pools = lab"
on right sed -i '/remote { auth = psk/,/id = /s/id = [^}]*}/}/; /id-[12] = /d' /etc/swanctl/swanctl.conf
pool
on left bash -c 'sed -n "/^conn/,\$p" /etc/ipsec.conf | sed "s/^conn .*/conn other/; s/leftid=.*/leftid=@other/" >>/etc/ipsec.conf'
put left /etc/ipsec.secrets <<<": PSK \"$PSK\""
reloaded left
on left ipsec add other >/dev/null
check "another client has it" up left ours other
verdict address-pool-exhausted certain
on left ipsec delete other >/dev/null
by_hand right "a larger pools { ... addrs = ... }" sed -i 's|100.64.13.5/32|100.64.13.64/26|' /etc/swanctl/swanctl.conf
reloaded right
FROM=left
cured
FROM=lpc

fault "two devices have one identity"
fresh peerts= rightaddresspool=100.64.14.5-100.64.14.9
fresh_peer "vips = 0.0.0.0" ts=dynamic
FROM=right TO=$LPC
on right ip addr add 198.51.100.2/24 dev eth0
on right sed -i "s/id = $RIGHT/id = device.example.com/" /etc/swanctl/swanctl.conf
twin 's/local_addrs = .*/local_addrs = 198.51.100.2/'
anybody
turns() { for c in vpn other vpn; do up right "$peer" $c; done; }
both_stay() { [ "$(on left ipsec trafficstatus | wc -l)" = 2 ]; }
responder_verdict uniqueids-replaces-peer certain turns
apply
turns >/dev/null
check "both stay" wait_for 3 both_stay
each_its_own() { [ "$(on left ipsec trafficstatus | grep -o 'lease=.*' | sort -u | wc -l)" = 2 ]; }
check "each has an address of its own" each_its_own
cured
FROM=lpc TO=$RPC
on right swanctl --terminate --ike other >/dev/null 2>&1
on right ip addr del 198.51.100.2/24 dev eth0

fault "nobody has that address"
fresh_peer
fresh peer=192.0.2.99
on left sysctl -qw net.ipv4.neigh.eth0.mcast_solicit=2 # in time: Linux asks three times, for a second each
verdict peer-silent-unknown likely

fault "the peer is off, or ignores us"
fresh
drop "ip daddr $RIGHT"
shortlist peer-silent-unknown ike-udp500-blocked possible
no_drop

fault "fragments are lost on the way"
nets=$LEFT_NET
for ((i = 1; i < 32; i++)); do nets+=,fd00:7:$i::/48; done
fresh "ts=$nets" fragmentation=no
fresh_peer "fragmentation = no" "peerts=${nets//,/, }"
drop 'ip frag-off & 0x3fff != 0'
verdict ike-auth-fragments-dropped likely
apply
apply_peer
cured
no_drop

fault "the peer puts off each rekey of the tunnel: it rekeys the IKE SA"
fresh
fresh_peer
check "it comes up" up left ours
drop "udp dport 4500 ip saddr $RIGHT @th,240,8 36 @th,248,8 0" # its requests CREATE_CHILD_SA
on right swanctl --rekey --ike vpn >/dev/null
ROLE=initiator
noticed left rekey-collision likely rekey_child left ours
no_drop
on left ipsec down $CONN >/dev/null
reloaded right # its own rekey would go on
apply
apply_peer
cured

IKE=1 FRESH=(pfs=no)
fault "XAUTH: the password is another one; here"
put left /etc/ipsec.d/passwd <<<"road:$(openssl passwd -6 "a good password"):$CONN"
fresh peerts= rightaddresspool=100.64.13.5-100.64.13.9 leftxauthserver=yes rightxauthclient=yes leftmodecfgserver=yes \
	rightmodecfgclient=yes modecfgpull=yes xauthby=file
fresh_peer ts=dynamic "vips = 0.0.0.0" "local-xauth { auth = xauth"$'\n'"xauth_id = road }"
on right sed -i 's/^secrets {/&xauth-road { id = road\nsecret = "another password" }/' /etc/swanctl/swanctl.conf
reloaded right
responder_verdict xauth-failure certain
put left /etc/ipsec.d/passwd <<<"road:$(openssl passwd -6 "another password"):$CONN"
by_hand left "htpasswd /etc/ipsec.d/passwd road && ipsec rereadsecrets" ipsec rereadsecrets
TO=100.64.13.5
cured
TO=$RPC

fault "XAUTH: the password is another one; there"
fresh_peer "remote-xauth { auth = xauth }" peerts=dynamic "pools = lab"
on right sed -i "s/^secrets {/&xauth-user { id = USER\nsecret = \"$PSK\" }/" /etc/swanctl/swanctl.conf
pool
fresh ts= leftxauthclient=yes rightxauthserver=yes leftmodecfgclient=yes rightmodecfgserver=yes modecfgpull=yes leftusername=USER
on left bash -c 'echo "@USER : XAUTH \"a wrong password\"" >>/etc/ipsec.secrets'
reloaded left
verdict xauth-failure certain
apply
FROM=left
cured

fault "Mode Config: each end waits for the other to begin"
fresh ts= leftxauthclient=yes rightxauthserver=yes leftmodecfgclient=yes rightmodecfgserver=yes leftusername=USER
on left bash -c "echo '@USER : XAUTH \"$PSK\"' >>/etc/ipsec.secrets"
reloaded left
verdict xauth-failure likely
apply
cured
FROM=lpc
IKE=2 FRESH=()

stop_strongswan right TERM
fault "the peer wants a group that is not offered"
fresh ike=aes256-sha2_256-modp2048
stranger answer loop 20 &
wait_for 10 on right bash -c 'ss -lun | grep -q ":500 "'
verdict invalid-ke-loop certain
no_stranger
start right "$peer"
fresh_peer "proposals = aes256-sha256-ecp384"
apply
cured
stop_strongswan right TERM

fault "the peer comes with a group that is not wanted, again and again"
fresh ike=aes256-sha2_256-ecp384
ROLE=responder
noticed left invalid-ke-loop likely stranger ask loop 14
no_stranger

fault "the peer asks what cannot be read"
fresh
noticed left malformed-message likely stranger ask broken
no_stranger
new_program() { start right "$peer" && fresh_peer; }
by_words "a newer version of its program" new_program
cured
stop_strongswan right TERM

fault "too many IKE SAs are half open here"
fresh setup:max-halfopen-ike=20 setup:ddos-mode=unlimited
on left ipsec restart >/dev/null
noticed left half-open-or-rate-limit certain stranger ask flood 40
no_stranger
apply
start right "$peer"
fresh_peer
cured

title "what was found"
cat "$LAB_ROWS"
finish
