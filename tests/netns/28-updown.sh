#!/bin/bash
# 28-updown.sh: the user's own program at leftupdown=, with a road warrior that is told DNS servers and
# domains: which verbs come in which order, and what the variables say. Ours is the right end of the
# section; the program of the left one never runs.
# shellcheck source=tests/netns/lab.sh
. "$(dirname "$0")/lab.sh"
lab_up

put left /etc/hook <<'X'
#!/bin/sh
# One file of variables per call, and one line each in the order of the calls.
# The later one is quicker: were they not called one after the other, it would overtake.
case $PLUTO_VERB in prepare-*) sleep 0.6 ;; route-* | down-*) sleep 0.3 ;; esac
env | sort >"/run/hook.$PLUTO_VERB"
echo "$PLUTO_VERB" >>/run/hook.verbs
[ ! -e "/run/hook.fails-$PLUTO_VERB" ]
X
on left chmod 755 /etc/hook
put left /etc/ipsec.conf <<X
config setup
    logfile=/var/log/pluto.log
conn vpn.example.com
    left=$RIGHT
    leftid=@vpn.example.com
    leftsubnet=$RIGHT_NET
    leftupdown=/etc/theirs
    right=%defaultroute
    rightid=@roadwarrior.example.com
    rightmodecfgclient=yes
    rightsubnet=0.0.0.0/0
    rightupdown=/etc/hook
    narrowing=yes
    authby=secret
    metric=70
    mtu=1300
    auto=add
X
put left /etc/ipsec.secrets <<<"@roadwarrior.example.com @vpn.example.com : PSK \"$PSK\""
put right /etc/ipsec.conf <<X
config setup
    logfile=/var/log/pluto.log
conn vpn.example.com
    left=%any
    leftid=@roadwarrior.example.com
    leftaddresspool=100.64.13.5-100.64.13.254
    leftmodecfgclient=yes
    right=$RIGHT
    rightid=@vpn.example.com
    rightmodecfgserver=yes
    rightsubnet=$RIGHT_NET
    modecfgdns="10.0.2.53 2001:db8:2::53"
    modecfgdomains="example.com, corp.example"
    narrowing=yes
    authby=secret
    auto=add
X
put right /etc/ipsec.secrets <<<"@vpn.example.com @roadwarrior.example.com : PSK \"$PSK\""
start right ours
start left ours

verbs() { [ "$(on left cat /run/hook.verbs | tr '\n' ' ')" = "$*" ]; }
# the VERB NAME=VALUE: that call was told so
the() { check "$1: $2" on left grep -qxE -- "$2" "/run/hook.$1"; }
up_verbs="prepare-client route-client up-client"
down_verbs="down-client unroute-client"

title "the tunnel comes"
check "up" up left ours
check "prepare, route, up, one after the other" wait_for 5 verbs "$up_verbs "
run left cat /run/hook.up-client
for v in $up_verbs; do
	the "$v" "PLUTO_VERB=$v"
	the "$v" 'PLUTO_CONNECTION=vpn.example.com'
	the "$v" 'PLUTO_MY_SOURCEIP=100.64.13.5'
	the "$v" 'PLUTO_PEER_CLIENT=10.0.2.0/24'
done
the up-client 'PLUTO_CONNECTION_TYPE=tunnel'
the up-client 'PLUTO_INTERFACE=eth0'
the up-client 'PLUTO_VIRT_INTERFACE=ipsec0'
the up-client "PLUTO_ME=$LEFT"
the up-client "PLUTO_PEER=$RIGHT"
the up-client 'PLUTO_MY_ID=@roadwarrior.example.com'
the up-client 'PLUTO_PEER_ID=@vpn.example.com'
the up-client 'PLUTO_CLIENT_FAMILY=ipv4'
the up-client 'PLUTO_CONN_ADDRFAMILY=ipv4'
the up-client 'PLUTO_MY_CLIENT=100.64.13.5/32'
the up-client 'PLUTO_MY_CLIENT_MASK=255.255.255.255'
the up-client 'PLUTO_PEER_CLIENT_NET=10.0.2.0'
the up-client 'PLUTO_PEER_CLIENT_MASK=255.255.255.0'
the up-client 'PLUTO_PEER_DNS_INFO=10.0.2.53 2001:db8:2::53'
the up-client 'PLUTO_PEER_DOMAIN_INFO=example.com corp.example'
the up-client 'PLUTO_CFG_CLIENT=1'
the up-client 'PLUTO_CFG_SERVER=0'
the up-client 'PLUTO_CONN_KIND=CK_INSTANCE'
the up-client 'PLUTO_CONN_POLICY=IKEv2\+PSK\+ENCRYPT\+TUNNEL.*'
the up-client 'PLUTO_SA_TYPE=ESP'
the up-client 'PLUTO_METRIC=70'
the up-client 'PLUTO_MTU=1300'
the up-client 'PLUTO_IS_PEER_CISCO=0'
the up-client 'PLUTO_INBYTES=0'
the up-client 'PLUTO_ADDTIME=[0-9]{10}'
the up-client 'SPI_IN=0x[0-9a-f]{8}'
run left ipsec connectionstatus vpn.example.com
says "the status shows what was told" 'dns:10\.0\.2\.53, 2001:db8:2::53, domains:example\.com corp\.example,'
check "traffic passes" run left ping -q -c 3 -i 0.1 -W 2 $RPC

title "the tunnel goes"
check "down" down left ours
check "down, unroute" wait_for 5 verbs "$up_verbs $down_verbs "
for v in $down_verbs; do
	the "$v" "PLUTO_VERB=$v"
	the "$v" 'PLUTO_MY_SOURCEIP=100.64.13.5'
	the "$v" 'PLUTO_PEER_DNS_INFO=10.0.2.53 2001:db8:2::53'
	the "$v" 'PLUTO_PEER_DOMAIN_INFO=example.com corp.example'
done
run left ipsec connectionstatus vpn.example.com
says "nothing of it is left" 'dns:unset, domains:unset,'

title "a program that fails"
on left rm /run/hook.verbs
on left touch /run/hook.fails-up-client
check "does not stop the tunnel" up left ours
check "all calls come" wait_for 5 verbs "$up_verbs "
check "the log says it" wait_for 5 on left grep -q 'up-client of updown script ended with exit status 1' /var/log/pluto.log

title "the connection is deleted"
check "delete" run left ipsec delete vpn.example.com
check "who was told that it comes is told that it goes" wait_for 5 verbs "$up_verbs $down_verbs "
finish
