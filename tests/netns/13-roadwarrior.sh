#!/bin/bash
# 13-roadwarrior.sh PEER: a road warrior asks for an address and is lent one. The peer is the gateway,
# then we are.
. "$(dirname "$0")/lab.sh"
peer=${1:-strongswan}
lab_up

warrior_ours() {
	put left /etc/ipsec.conf <<-'X'
	config setup
	    logfile=/var/log/pluto.log
	conn vpn.example.com
	    left=%defaultroute
	    leftid=@roadwarrior.example.com
	    leftmodecfgclient=yes
	    leftsubnet=0.0.0.0/0
	    right=198.51.100.1
	    rightid=@vpn.example.com
	    rightsubnet=10.0.2.0/24
	    narrowing=yes
	    authby=secret
	    ikev2=yes
	    auto=add
	X
	put left /etc/ipsec.secrets <<<"@roadwarrior.example.com @vpn.example.com : PSK \"$PSK\""
}
gateway_ours() {
	put right /etc/ipsec.conf <<-'X'
	config setup
	    logfile=/var/log/pluto.log
	conn vpn.example.com
	    left=%any
	    leftid=@roadwarrior.example.com
	    leftaddresspool=100.64.13.5-100.64.13.254
	    leftmodecfgclient=yes
	    right=198.51.100.1
	    rightid=@vpn.example.com
	    rightmodecfgserver=yes
	    rightsubnet=10.0.2.0/24
	    modecfgdns="10.0.2.53"
	    modecfgdomains="example.com"
	    narrowing=yes
	    authby=secret
	    ikev2=yes
	    auto=add
	X
	put right /etc/ipsec.secrets <<<"@vpn.example.com @roadwarrior.example.com : PSK \"$PSK\""
}
ids="		secrets { ike-vpn {
	id-1 = roadwarrior.example.com
	id-2 = vpn.example.com
	secret = \"$PSK\" } }"
warrior_strongswan() {
	put left /etc/swanctl/swanctl.conf <<-X
	connections { vpn {
		version = 2
		local_addrs = $LEFT
		remote_addrs = $RIGHT
		vips = 0.0.0.0
		local { auth = psk
			id = roadwarrior.example.com }
		remote { auth = psk
			id = vpn.example.com }
		children { vpn {
			local_ts = dynamic
			remote_ts = $RIGHT_NET
		} }
	} }
	$ids
	X
}
gateway_strongswan() {
	put right /etc/swanctl/swanctl.conf <<-X
	connections { vpn {
		version = 2
		local_addrs = $RIGHT
		pools = lease
		local { auth = psk
			id = vpn.example.com }
		remote { auth = psk
			id = roadwarrior.example.com }
		children { vpn {
			local_ts = $RIGHT_NET
			remote_ts = dynamic
		} }
	} }
	pools { lease { addrs = 100.64.13.5-100.64.13.254
		dns = 10.0.2.53 } }
	$ids
	X
}

title "we are the road warrior"
warrior_ours
"gateway_$peer"
start right "$peer"
start left ours
check "the tunnel comes up" up left ours
check "trafficstatus" run left ipsec trafficstatus
says "the line of the requirement page" \
	"^006 #[0-9]+: \"vpn.example.com\"(\[1\] 198.51.100.1)?, type=ESP, add_time=[0-9]+, inBytes=0, outBytes=0, .*id='@vpn.example.com', lease=100.64.13.5/32$"
run left ip address
says "the address is ours" 'inet 100\.64\.13\.5/32'
run left ip route get 10.0.2.33
says "and is used towards the other side" '10\.0\.2\.33 dev ipsec0 .*src 100\.64\.13\.5'
check "traffic passes" run left ping -q -c 5 -i 0.1 -W 2 $RPC
says "all of it" ' 0% packet loss'
check "and from the other side" run rpc ping -q -c 3 -i 0.1 -W 2 100.64.13.5
check "rekeying the IKE SA keeps the address" rekey_ike left ours
check "traffic passes" run left ping -q -c 5 -i 0.1 -W 2 $RPC
check "down" down left ours
run left ip address
refuses "the address is gone" grep -q 100.64.13 <<<"$OUT"
check "again, and the same address comes back" up left ours
run left ipsec trafficstatus
says "lease" 'lease=100\.64\.13\.5/32'
down left ours >/dev/null
stop left ours
stop right "$peer"

title "we are the gateway"
gateway_ours
"warrior_$peer"
start right ours
start left "$peer"
check "the tunnel comes up" up left "$peer"
check "traffic passes" run left ping -q -c 5 -i 0.1 -W 2 -I 100.64.13.5 $RPC
says "all of it" ' 0% packet loss'
run right ipsec trafficstatus
says "the line of the requirement page" \
	"^006 #[0-9]+: \"vpn.example.com\"\[1\] 192.0.2.1, type=ESP, add_time=[0-9]+, inBytes=420, outBytes=420, .*id='@roadwarrior.example.com', lease=100.64.13.5/32$"
run right ipsec addresspoolstatus
says "the pool knows" '100\.64\.13\.5'
check "down" down left "$peer"
check "the gateway forgets it" wait_for 5 is_down right ours
finish
