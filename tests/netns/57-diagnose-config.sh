#!/bin/bash
# 57-diagnose-config.sh SUITE: ipsec diagnose --config FILE CONN on a host that runs SUITE (strongswan, libreswan):
# each form of its files, with faults in them, while its own daemon has its tunnel up and keeps it.
suite=${1:-strongswan}
export LAB_LEFT=$suite
. "$(dirname "$0")/lab.sh"
lab_up
OURS=$LAB/stage/usr/sbin/ipsec
files=/etc/ipsec.conf
[ "$suite" = libreswan ] || files="/etc/swanctl/swanctl.conf /etc/ipsec.conf"

case $suite in
strongswan) tunnel left strongswan "proposals = aes256-sha256-ecp256" "child:esp_proposals = aes256gcm16" ;;
libreswan) tunnel left libreswan ike=aes256-sha2_256-dh19 esp=aes_gcm256 ;;
esac
tunnel right ours ike=aes256-sha2_256-dh19 esp=aes_gcm256
start right ours
start left "$suite"
check "its tunnel is up" up left "$suite"
# the same connection in the older form of strongSwan's files, which its daemon has not loaded
[ "$suite" = libreswan ] || put left /etc/ipsec.conf <<X
conn vpn
	keyexchange=ikev2
	authby=secret
	ike=aes256-sha256-ecp256!
	esp=aes256gcm16!
	left=$LEFT
	leftsubnet=$LEFT_NET
	right=$RIGHT
	rightsubnet=$RIGHT_NET
X

daemon() { pids left "$([ "$suite" = strongswan ] && echo charon || echo pluto)"; }
ports() { on left ss -Hulnp | grep -oE ':(500|4500) .*pid=[0-9]+' | sed -E 's/ .*pid=/ /' | sort -u; }
before="$(daemon) $(spis left "$suite") $(ports)"

# with FILE SED...: the file with that fault beside it, in $fault
with() {
	fault=${1%/*}/fault.conf
	on left bash -c 'sed -E "$2" "$1" >"$3"' with "$1" "$2" "$fault"
}
# verdict STATUS CLASS: what our program says of that file; "": nothing is found
verdict() {
	local got
	run left "$OURS" diagnose --config "$fault" "$conn"
	got=$?
	check "it ends with $1: $got" [ "$got" = "$1" ]
	[ -z "$2" ] || check "it is $2" [ "$(grep -m1 -oE '\[[a-z0-9-]+\]$' <<<"$OUT")" = "[$2]" ]
	refuses "its own daemon is no fault" grep -q port-in-use <<<"$OUT"
}

for file in $files; do
	conn=vpn ike='s/aes256-sha256-ecp256/aes128-sha512-modp3072/' version='s/version = 2|keyexchange=ikev2/version = 1/'
	case $file in
	*swanctl*) ;;
	*) version='s/keyexchange=ikev2/keyexchange=ikev1/' ;;
	esac
	[ "$suite" = strongswan ] ||
		conn=vpn.example.com ike='s/ike=aes256-sha2_256-dh19/ike=aes128-sha2_512-dh15/' version='s/ikev2=yes/ikev2=no/'

	title "$file as it is: all is well"
	with "$file" ''
	verdict 0 ""
	title "$file: other algorithms than the peer's"
	with "$file" "$ike"
	verdict 5 ike-proposal-mismatch
	says "what the peer takes is said" "aes256"
	title "$file: the other version"
	with "$file" "$version"
	verdict 5 ike-version-mismatch
	title "$file: a filter on the way drops IKE"
	with "$file" ''
	drop udp dport 500
	verdict 5 ike-udp500-blocked
	no_drop
done

title "its own daemon has not noticed"
check "the same process, SAs and sockets" [ "$(daemon) $(spis left "$suite") $(ports)" = "$before" ]
check "its tunnel carries traffic" ping_through 3
finish
