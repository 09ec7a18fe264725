#!/bin/bash
# 41-vpnc.sh: Debian's vpnc, a Cisco-style client, and our gateway: Aggressive Mode with a group's name and secret,
# XAUTH, Mode Config with a banner, DNS and the networks to be reached; two users of one group at the same time, one
# of them behind a NAT.
. "$(dirname "$0")/lab.sh"
lab_up
put right /etc/ipsec.conf <<X
config setup
    logfile=/var/log/pluto.log
conn vpn.example.com
    left=%any
    leftid=@[staff]
    leftxauthclient=yes
    leftmodecfgclient=yes
    leftaddresspool=100.64.13.5-100.64.13.99
    right=$RIGHT
    rightid=@vpn.example.com
    rightsubnet=10.0.2.0/24
    rightxauthserver=yes
    rightmodecfgserver=yes
    modecfgpull=yes
    modecfgdns=10.0.2.53
    modecfgdomains=example.com
    modecfgbanner="Welcome to the lab."
    xauthby=file
    cisco-unity=yes
    cisco-split=yes
    aggressive=yes
    authby=secret
    ikev2=no
    dpddelay=5s
    auto=add
X
put right /etc/ipsec.secrets <<<"@vpn.example.com @[staff] : PSK \"the secret of the group\""
put right /etc/ipsec.d/passwd <<X
alice:$(openssl passwd -6 "alice has one"):vpn.example.com
bob:$(openssl passwd -6 "bob has another"):vpn.example.com
X
on right chmod 600 /etc/ipsec.secrets /etc/ipsec.d/passwd
start right ours

# The second host is lpc, behind left, which hides it; only left has an /etc of its own for Debian's script.
on left nft -f - <<'X'
table ip hide { chain post { type nat hook postrouting priority srcnat; ip saddr 10.0.1.0/24 masquerade; }; }
X
mkdir "$LAB/vpnc"
say="env | grep -E '^(reason|INTERNAL|CISCO|TUNDEV|VPNGATEWAY)' >>$LAB/vpnc/said.\$WHO"
printf '#!/bin/bash\n%s\n' "$say" | tee "$LAB/vpnc/plain" >"$LAB/vpnc/debian"
cat >>"$LAB/vpnc/plain" <<'X'
[ "$reason" = connect ] || exit 0
ip link set "$TUNDEV" up mtu 1390
ip addr add "$INTERNAL_IP4_ADDRESS/32" dev "$TUNDEV"
for ((i = 0; i < CISCO_SPLIT_INC; i++)); do
	address=CISCO_SPLIT_INC_${i}_ADDR length=CISCO_SPLIT_INC_${i}_MASKLEN
	ip route add "${!address}/${!length}" dev "$TUNDEV"
done
X
# Debian's own does all of it, and DNS
echo 'exec /usr/share/vpnc-scripts/vpnc-script' >>"$LAB/vpnc/debian"
chmod +x "$LAB/vpnc/plain" "$LAB/vpnc/debian"

# connects HOST WHO PASSWORD SCRIPT
connects() {
	cat >"$LAB/vpnc/$2.conf" <<-X
	IPSec gateway $RIGHT
	IPSec ID staff
	IPSec secret the secret of the group
	IKE DH Group dh14
	Xauth username $2
	Xauth password $3
	Local Port 0
	Pidfile $LAB/vpnc/$2.pid
	Script $LAB/vpnc/$4
	X
	run "$1" env WHO="$2" timeout 30 vpnc "$LAB/vpnc/$2.conf"
}
told() { OUT=$(cat "$LAB/vpnc/said.$1"); }
pings() { run "$1" ping -q -c 5 -i 0.1 -W 2 "${@:2}" && grep -q ' 0% packet loss' <<<"$OUT"; }
bye() { kill "$(cat "$LAB/vpnc/$1.pid")"; }
tunnels() { [ "$(on right ipsec trafficstatus | wc -l)" = "$1" ]; }

title "alice"
check "vpnc connects" connects left alice "alice has one" debian
says "the banner" 'Welcome to the lab\.'
told alice
says "an address" '^INTERNAL_IP4_ADDRESS=100\.64\.13\.5$'
says "DNS" '^INTERNAL_IP4_DNS=10\.0\.2\.53$'
says "a domain" '^CISCO_DEF_DOMAIN=example\.com$'
says "the network to be reached" '^CISCO_SPLIT_INC_0_ADDR=10\.0\.2\.0$'
says "its length" '^CISCO_SPLIT_INC_0_MASKLEN=24$'
says "that one alone" '^CISCO_SPLIT_INC=1$'
run left ip route get $RPC
says "it leads into the tunnel" 'dev tun0 .*src 100\.64\.13\.5'
run left cat /etc/resolv.conf
says "the DNS server is used" 'nameserver 10\.0\.2\.53'
check "traffic passes" pings left $RPC
check "large packets, too" pings left -s 3000 $RPC
run right ipsec trafficstatus
says "the gateway knows who" '^006 #[0-9]+: "vpn.example.com"\[1\] 192\.0\.2\.1, username=alice, type=ESP, .*inBytes=[1-9][0-9]*, outBytes=[1-9][0-9]*, .*lease=100\.64\.13\.5/32$'

title "bob, at the same time, in the same group, behind a NAT"
check "vpnc connects" connects lpc bob "bob has another" plain
told bob
says "another address" '^INTERNAL_IP4_ADDRESS=100\.64\.13\.6$'
check "bob's traffic passes" wait_for 5 pings lpc $RPC
check "alice's, too" pings left $RPC
run right ipsec trafficstatus
says "alice" 'username=alice, .*lease=100\.64\.13\.5/32$'
says "bob" 'username=bob, .*lease=100\.64\.13\.6/32$'
check "from the gateway's side: bob" pings rpc 100.64.13.6
check "alice" pings rpc 100.64.13.5
sleep 12
check "both stay, while DPD asks" tunnels 2

title "alice goes"
bye alice
check "the gateway hears of it" wait_for 10 tunnels 1
check "bob's traffic passes" wait_for 5 pings lpc $RPC
bye bob
check "bob goes as well" wait_for 10 tunnels 0

title "who is not let in"
refuses "a wrong password" connects left alice "bob has another" debian
says "vpnc says so" 'unable to get password'
sed -i 's/the secret of the group/another secret/' "$LAB/vpnc/alice.conf"
refuses "another secret of the group" run left timeout 30 vpnc "$LAB/vpnc/alice.conf"
check "nothing is up" tunnels 0
OUT=$(on right cat /var/log/pluto.log)
says "the log says who" 'XAUTH: User alice: Authentication Failed'
finish
