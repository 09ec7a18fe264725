#!/bin/bash
# 55-classes-config.sh PEER: classes of failure that this host makes itself, before or beside IKE: its files, its addresses,
# its ports, its packet filters. Verdicts at rank 1, and fixes applied as they are printed.
. "$(dirname "$0")/lab.sh"
peer=${1:-strongswan}
# shellcheck source=tests/netns/verdicts.sh
. "$(dirname "$0")/verdicts.sh"
lab_up

tunnel left ours
tunnel right "$peer"
start right "$peer"
start left ours

fault "a typo in ipsec.conf"
fresh
on left sed -i 's/rightsubnet=/rihgtsubnet=/' /etc/ipsec.conf
verdict config-syntax certain ipsec --json add $CONN
verdict config-syntax certain ipsec --json diagnose $CONN
by_hand left 'did you mean \"rightsubnet\"' sed -i 's/rihgtsubnet=/rightsubnet=/' /etc/ipsec.conf
reloaded left
cured

fault "neither end is this host: a public address that the NAT before us has"
on left sed -i 's/left=.*/left=203.0.113.7/; s/leftid=.*/leftid=203.0.113.7/' /etc/ipsec.conf
put left /etc/ipsec.secrets <<<"%any : PSK \"$PSK\""
on right sed -i "s/id = $LEFT/id = 203.0.113.7/; /id-[12] = /d" /etc/swanctl/swanctl.conf
on right sed -i "s/remote_addrs = .*/remote_addrs = %any/" /etc/swanctl/swanctl.conf
reloaded right
reloaded left
verdict not-oriented certain
verdict not-oriented certain ipsec --json diagnose $CONN
apply
cured

fault "right= is a name that nobody knows"
fresh_peer
fresh
on left bash -c 'echo "nameserver 127.0.0.1" >/etc/resolv.conf'
on left sed -i 's/right=.*/right=no-such-host.example.com/; s/rightid=.*/rightid=198.51.100.1/' /etc/ipsec.conf
noticed left dns-name-unresolvable certain reloaded left
by_hand left "write the address instead of the name in left= or right=" sed -i "s/right=no-such-host.*/right=$RIGHT/" /etc/ipsec.conf
reloaded left
cured

fault "another program has port 500"
fresh
stop left ours
behind left python3 -c 'import socket, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(("", 500)); time.sleep(100)'
wait_for 5 on left bash -c 'ss -Huln sport = :500 | grep -q 500'
verdict port-in-use certain ipsec --json diagnose $CONN
apply
cured

fault "the packet filter of this host drops IKE"
fresh
on left nft 'add table inet own; add chain inet own out { type filter hook output priority 0; policy accept; }'
on left nft 'add rule inet own out udp dport 500 drop'
verdict ike-udp500-blocked certain ipsec --json diagnose $CONN
apply
cured
on left nft delete table inet own

title "it drops what the peer answers: ipsec up itself looks at this host, when silence has several causes"
fresh
on left nft 'add table inet own; add chain inet own in { type filter hook input priority 0; policy accept; }'
on left nft 'add rule inet own in udp sport 500 drop'
: >"$LAB/said"
printf 'left# ipsec up %s\n' $CONN
on left ipsec up $CONN >"$LAB/said" 2>&1 </dev/null &
wait_for 20 grep -q 'diagnosis: certain' "$LAB/said"
sleep 0.3
ended $!
OUT=$(cat "$LAB/said")
printf '%s\n' "$OUT"
says "first what silence allows" "diagnosis: possible: .*\[ike-udp500-blocked\]"
says "then what this host does" "^this host: "
says "which is certain" "diagnosis: certain: .*\[ike-udp500-blocked\]"
says "with the fix" "fix here: run: nft .*own in"
on left nft delete table inet own

fault "the same, in the older tables, while nft accepts"
fresh
on left iptables-legacy -A OUTPUT -p udp --dport 500 -j DROP
on left nft 'add table inet own; add chain inet own out { type filter hook output priority 0; policy accept; }'
on left nft 'add rule inet own out udp dport 500 accept'
verdict dual-firewall-backends certain ipsec --json diagnose $CONN
apply
cured
on left nft delete table inet own
on left iptables-legacy -F OUTPUT

fault "the route to the peer leads into the tunnel"
fresh
check "it comes up" up left ours
on left ip route replace $RIGHT/32 dev ipsec0
verdict ike-into-own-tunnel certain ipsec --json diagnose $CONN
apply
cured

# ours here: this machine's kernel has no ESP
fault "the kernel is to do ESP, and cannot"
fresh
check "it comes up" up left ours
on left sed -i '/^config setup/a\    dataplane=kernel' /etc/ipsec.conf
before=$(pids left 'ipsec*')
noticed left kernel-lacks-esp certain run left ipsec restart
check "nothing was ended for it" test "$(pids left 'ipsec*')" = "$before"
check "traffic passes" ping_through 3
apply
cured

for IKE in 2 1; do
	fault "IKEv$IKE: this host has no route to the peer"
	fresh pfs=no
	fresh_peer
	on left ip route del default
	verdict no-route-to-peer certain
	verdict no-route-to-peer certain ipsec --json diagnose $CONN
	by_hand left "ip route add default via ROUTER" ip route add default via 192.0.2.254
	cured
done
IKE=2

title "what was found"
cat "$LAB_ROWS"
finish
