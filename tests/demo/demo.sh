#!/bin/bash
# demo.sh [clearswan|strongswan]: a road warrior, a router and a gateway in network namespaces; the
# tunnel comes up, traffic passes, and all of it is gone again at the end or with Ctrl-C.
# shellcheck source=tests/netns/lab.sh
. "$(dirname "$0")/../netns/lab.sh"
case ${1:-clearswan} in
clearswan | ours) peer=ours name="clearswan too" ;;
strongswan) peer=strongswan name="Debian's strongSwan, its ESP in user space" ;;
*) die "PEER is clearswan or strongswan" ;;
esac
DESTDIR=$LAB_BUILD/stage meson install -C "$LAB_BUILD" --no-rebuild --quiet || exit 1

cat <<X

    left ============= router ============= right ---- rpc
    192.0.2.1                        198.51.100.1      10.0.2.33
    road warrior:                    vpn.example.com:
    clearswan                        $name
X
lab_up

title "the configuration of the road warrior"
put left /etc/ipsec.conf <<'X'
config setup
	logfile=/var/log/pluto.log

conn vpn.example.com
	left=%defaultroute
	leftid=@roadwarrior.example.com
	leftmodecfgclient=yes
	leftsubnet=0.0.0.0/0
	right=vpn.example.com
	rightid=@vpn.example.com
	rightsubnet=10.0.2.0/24
	narrowing=yes
	authby=secret
	auto=ignore
X
put left /etc/ipsec.secrets <<<"@roadwarrior.example.com @vpn.example.com : PSK \"$PSK\""
run left cat /etc/ipsec.conf

title "the configuration of vpn.example.com"
if [ $peer = ours ]; then
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
	    narrowing=yes
	    authby=secret
	    auto=add
	X
	put right /etc/ipsec.secrets <<<"@vpn.example.com @roadwarrior.example.com : PSK \"$PSK\""
	run right cat /etc/ipsec.conf
else
	put right /etc/swanctl/swanctl.conf <<-X
	connections { vpn {
	    version = 2
	    local_addrs = 198.51.100.1
	    pools = lease
	    local { auth = psk
	        id = vpn.example.com }
	    remote { auth = psk
	        id = roadwarrior.example.com }
	    children { vpn {
	        local_ts = 10.0.2.0/24
	        remote_ts = dynamic
	    } }
	} }
	pools { lease { addrs = 100.64.13.5-100.64.13.254 } }
	secrets { ike-vpn {
	    id-1 = vpn.example.com
	    id-2 = roadwarrior.example.com
	    secret = "$PSK" } }
	X
	run right cat /etc/swanctl/swanctl.conf
fi

title "both start"
start right $peer
check "the daemon starts" start left ours

title "the tunnel"
check "the connection is loaded" run left ipsec auto --add vpn.example.com
check "the tunnel comes up" run left ipsec auto --up vpn.example.com
check "it is there" run left ipsec trafficstatus
says "with a leased address" 'lease=100\.64\.13\.5/32'

title "traffic"
check "ping" run left ping -c 3 -i 0.2 $RPC
behind rpc iperf3 -s -1
wait_for 5 on rpc bash -c 'ss -ltn | grep -q :5201'
check "a TCP stream" run left iperf3 -f m -t 3 -i 0 -c $RPC
figure=$(grep -oE '[0-9.]+ [MG]bits/sec .*receiver' <<<"$OUT" | grep -oE '^[0-9.]+ [MG]bits/sec')
check "the counters have moved" run left ipsec trafficstatus
says "in both directions" 'inBytes=[1-9][0-9]+, outBytes=[1-9][0-9]+'
[ $peer = ours ] || run right swanctl --list-sas

title "and down again"
check "down" run left ipsec auto --down vpn.example.com
check "nothing is up" run left ipsec trafficstatus
check "its output is empty" test -z "$OUT"
check "stop" run left ipsec stop
[ "$FAILED" = 0 ] && printf '\nTCP through the tunnel: %s\n' "$figure"
finish
