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
	[ $IKE = 2 ] || FRESH=(pfs=no)
	fault "IKEv$IKE: the peer's name is another one; as initiator"
	fresh
	fresh_peer
	on right sed -i '0,/id = /s/id = .*/id = gate.example.org }/' /etc/swanctl/swanctl.conf
	on right sed -i '/id-1 = /d' /etc/swanctl/swanctl.conf
	on right swanctl --load-all >/dev/null
	on left sed -i "s/rightid=.*/rightid=@vpn.example.com/" /etc/ipsec.conf
	put left /etc/ipsec.secrets <<<"%any : PSK \"$PSK\""
	reloaded left
	# strongSwan does not even begin when it is asked for as somebody else
	if [ $IKE = 2 ]; then shortlist id-mismatch psk-mismatch-v2 likely; else verdict id-mismatch certain; fi

	fault "IKEv$IKE: the peer's name is another one; as responder"
	on left sed -i "s/rightid=.*/rightid=@vpn.example.com/" /etc/ipsec.conf
	reloaded left
	responder_verdict id-mismatch certain
	apply
	cured
done
IKE=2 FRESH=()

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

on right rm /etc/swanctl/private/own.pem

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

title "what was found"
cat "$LAB_ROWS"
finish
