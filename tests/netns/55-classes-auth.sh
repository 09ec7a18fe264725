#!/bin/bash
# 55-classes-auth.sh PEER: classes of failure in identities, authentication and what is lent. Verdicts at rank 1, and fixes
# applied as they are printed.
. "$(dirname "$0")/lab.sh"
peer=${1:-strongswan}
# shellcheck source=tests/netns/verdicts.sh
. "$(dirname "$0")/verdicts.sh"
lab_up

tunnel left ours
tunnel right "$peer"
start right "$peer"
start left ours

for IKE in 2 1; do
	fault "IKEv$IKE: the peer's name is another one; as initiator"
	fresh
	fresh_peer
	on right sed -i '0,/id = /s/id = .*/id = gate.example.org }/' /etc/swanctl/swanctl.conf
	on right sed -i '/id-1 = /d' /etc/swanctl/swanctl.conf
	on right swanctl --load-all >/dev/null
	on left sed -i "s/rightid=.*/rightid=@vpn.example.com/" /etc/ipsec.conf
	put left /etc/ipsec.secrets <<<"%any : PSK \"$PSK\""
	reloaded left
	verdict id-mismatch certain
	[ $IKE = 1 ] || { apply; cured; }

	fault "IKEv$IKE: the peer's name is another one; as responder"
	reloaded left
	on left sed -i "s/rightid=.*/rightid=@vpn.example.com/" /etc/ipsec.conf
	reloaded left
	responder_verdict id-mismatch certain
	apply
	cured
done
IKE=2

fault "the peer authenticates with EAP"
fresh
fresh_peer
on right sed -i '0,/auth = psk/s/auth = psk/auth = eap-mschapv2/' /etc/swanctl/swanctl.conf
on right swanctl --load-all >/dev/null
responder_verdict authby-mismatch certain
apply_peer
cured

fault "the peer authenticates with a signature"
fresh
fresh_peer
on right bash -c 'mkdir -p /etc/swanctl/private /etc/swanctl/pubkey
	openssl genrsa -out /etc/swanctl/private/own.pem 2048 2>/dev/null
	openssl rsa -in /etc/swanctl/private/own.pem -pubout -out /etc/swanctl/pubkey/own.pem 2>/dev/null'
on right sed -i '0,/auth = psk/s/auth = psk/auth = pubkey\npubkeys = own.pem/' /etc/swanctl/swanctl.conf
on right swanctl --load-all >/dev/null
responder_verdict authby-mismatch certain
on right sed -i '/pubkeys/d' /etc/swanctl/swanctl.conf
apply_peer
cured

IKE=1
fault "IKEv1: the peer authenticates with a signature"
fresh
fresh_peer
on right sed -i '0,/auth = psk/s/auth = psk/auth = pubkey\npubkeys = own.pem/' /etc/swanctl/swanctl.conf
on right swanctl --load-all >/dev/null
responder_verdict authby-mismatch certain
on right sed -i '/pubkeys/d' /etc/swanctl/swanctl.conf
apply_peer
cured
IKE=2

fault "the peer's address is that of a NAT, and its secret is kept by the address inside"
fresh
fresh_peer
nat right
on left sed -i "s/right=.*/right=%any/; s/rightid=.*/rightid=$RIGHT/" /etc/ipsec.conf
on right sed -i '0,/id = /s/id = .*/id = 10.3.3.3 }/' /etc/swanctl/swanctl.conf
on right sed -i '/id-1 = /d' /etc/swanctl/swanctl.conf
on right swanctl --load-all >/dev/null
put left /etc/ipsec.secrets <<<"%any : PSK \"$PSK\""
reloaded left
responder_verdict id-mismatch certain
apply
cured
no_nat

# gate LINE...: we lend addresses of this pool
gate() {
	put left /etc/ipsec.conf <<-X
	config setup
	    logfile=/var/log/pluto.log
	conn $CONN
	    left=$LEFT
	    leftid=@gate.example.org
	    leftsubnet=$LEFT_NET
	    right=%any
	    rightid=@warrior.example.org
	    rightaddresspool=$1
	    leftmodecfgserver=yes
	    rightmodecfgclient=yes
	    narrowing=yes
	    authby=secret
	    auto=add
	X
	put left /etc/ipsec.secrets <<<"@gate.example.org @warrior.example.org : PSK \"$PSK\""
	reloaded left
}
fault "no address left to lend"
gate 100.64.13.5-100.64.13.5
on right swanctl --terminate --ike vpn --force >/dev/null 2>&1
put right /etc/swanctl/swanctl.conf <<X
connections { vpn {
	version = 2
	remote_addrs = $LEFT
	local_addrs = $RIGHT
	vips = 0.0.0.0
	local { auth = psk
		id = warrior.example.org }
	remote { auth = psk
		id = gate.example.org }
	children { vpn {
		local_ts = dynamic
		remote_ts = $LEFT_NET } }
} }
secrets { ike-vpn { secret = "$PSK" } }
X
on right swanctl --load-all >"$LAB/out" 2>&1 || cat "$LAB/out"
on left sed -i "s/^config setup/&\n    uniqueids=no/" /etc/ipsec.conf
on left ipsec restart >/dev/null
up right "$peer" >/dev/null
responder_verdict address-pool-exhausted certain on right swanctl --initiate --child vpn --timeout 5

title "what was found"
cat "$LAB_ROWS"
finish
