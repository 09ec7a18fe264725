#!/bin/bash
# 59-fix.sh: ipsec diagnose --fix applies each kind of fix for this host: a line of the conn, one of config setup, a rule
# of iptables (56-diagnose-words.sh has nft's), a sysctl, a route. One that helps stays; one that does not is taken back,
# and so is all when Ctrl-C or SIGTERM comes in the middle: files to the byte, rules, sysctls, routes. A "no" changes nothing.
. "$(dirname "$0")/lab.sh"
# so many diagnoses in a row are no attack
SS_CHARON="dos_protection = no"
lab_up
FIX="ipsec diagnose vpn.example.com --fix"
ALGS="proposals = aes256-sha256-modp2048"

# ---- the host and its peer, anew --------------------------------------------------------------

# ours [LINE...]: our end, in a file that nobody would write like this: tabs, blanks at ends, no newline in the last line
# shellcheck disable=SC2120 # some have none
ours() {
	tunnel left ours "$@"
	on left sh -c 'printf "\t# the last line \t" >>/etc/ipsec.conf; chmod 640 /etc/ipsec.conf; chgrp 7 /etc/ipsec.conf; rm -f /etc/.ipsec.conf.before-fix'
	on left ipsec rereadsecrets >/dev/null
	on left ipsec delete vpn.example.com >/dev/null 2>&1
	on left ipsec add vpn.example.com >/dev/null
}
# theirs [LINE...]: the peer; SECRET is its idea of the secret
SECRET=$PSK
theirs() {
	PSK=$SECRET tunnel right strongswan child:"esp_proposals = aes256gcm16" "$@"
	on right swanctl --terminate --ike vpn --force >/dev/null 2>&1
	on right swanctl --load-all >/dev/null
}

# ---- what must be as it was ----------------------------------------------------------------------

# All that a fix may touch. What the daemon itself has of the tunnel (its table of routes) goes with it.
host() {
	on left sh -c 'cat /etc/ipsec.conf | sha256sum; stat -c "%a %u %g" /etc/ipsec.conf; ls -A /etc | grep before-fix
		nft -a list ruleset; iptables-legacy-save 2>/dev/null | sed "/^#/d; s/\[.*//"
		sysctl -a 2>/dev/null | grep -E "forward|rp_filter"
		ip rule; ip route show table main; ip -6 route show table main; ip route show table 77 2>/dev/null'
	on left ipsec connectionstatus vpn.example.com 2>/dev/null | grep -E "IKE algorithms|policy"
}
# counters are no state; with handles, which are new when a rule is put back
remember() { BEFORE=$(host); }
is_as_before() { diff <(echo "$BEFORE") <(host); }

status() { # status WANT COMMAND...: it ends so
	local want=$1 got
	shift
	run "$@"
	got=$?
	check "it ends with $want: $got" [ "$got" = "$want" ]
}
# helped PATTERN: that fix, and it stays
helped() {
	# shellcheck disable=SC2086 # words
	status 0 left timeout 90 $FIX --yes
	says "applied: $1" "fix applied: .*$1"
	says "it helped" "it helped: the tunnel is up"
	check "traffic passes" wait_for 5 ping_through 2
}
# in_vain PATTERN STATUS: that fix does not help
in_vain() {
	remember
	# shellcheck disable=SC2086 # words
	status "${2:-5}" left timeout 90 $FIX --yes
	says "applied: $1" "fix applied: .*$1"
	says "and undone" "fix undone: "
	says "it says so" "it did not help; what was done is taken back"
	check "all is as it was" is_as_before
}
# interrupted SIGNAL PATTERN: comes when that fix is there
interrupted() {
	local p got from
	remember
	printf 'left# %s --yes &\n' "$FIX"
	# shellcheck disable=SC2086 # words
	on left timeout -k 90 90 $FIX --yes >"$LAB/out" 2>&1 </dev/null &
	p=$!
	check "applied: $2" wait_for 30 grep -qE "fix applied: .*$2" "$LAB/out"
	refuses "something is not as it was" is_same
	from=${EPOCHREALTIME/./}
	kill -"$1" "$(pids left ipsec)"
	wait $p
	got=$?
	OUT=$(<"$LAB/out")
	printf '%s\n' "$OUT"
	check "SIG$1 ends it with $((128 + $(kill -l "$1"))): $got" [ "$got" = $((128 + $(kill -l "$1"))) ]
	check "within 25 s: $(((${EPOCHREALTIME/./} - from) / 1000)) ms" [ $((${EPOCHREALTIME/./} - from)) -lt $((25000000 * ${LAB_SLOW:-1})) ]
	says "it says so" "interrupted; what was done is taken back"
	check "all is as it was" is_as_before
}
is_same() { is_as_before >/dev/null; }
# on_terminal ANSWER...: at a terminal each is typed when the question comes; "^C" is Ctrl-C when the fix is there
on_terminal() {
	local a n=0
	printf 'left# %s\n' "$FIX"
	: >"$LAB/asked"
	# shellcheck disable=SC2094 # it is waited for there
	for a; do
		if [ "$a" = ^C ]; then
			wait_for 30 grep -q "fix applied: " "$LAB/asked"
			printf '\003'
		else
			n=$((n + 1))
			wait_for 40 has_questions $n
			echo "$a"
		fi
	done 2>/dev/null | on left script -qec "$FIX" /dev/null >"$LAB/asked" 2>&1
	OUT=$(tr -d '\r' <"$LAB/asked")
	printf '%s\n' "$OUT"
}
has_questions() { [ "$(grep -c "Apply it?\|all the same?" "$LAB/asked")" -ge "$1" ]; }

tunnel left ours
tunnel right strongswan
start right strongswan
start left ours

title "a line of the conn: it helps"
theirs "$ALGS"
ours ike=aes128-sha2_512-modp3072
helped "ike=aes256-sha2_256-modp2048"
check "the line is there" on left grep -q "^[[:space:]]*ike=aes256-sha2_256-modp2048" /etc/ipsec.conf
check "owner and mode are kept" [ "$(on left stat -c "%a %u %g" /etc/ipsec.conf)" = "640 0 7" ]
check "the file as it was stays beside it" on left grep -q ike=aes128 /etc/.ipsec.conf.before-fix

title "a line of the conn: it does not help, the peer has another secret as well"
SECRET="something else" theirs "$ALGS"
ours ike=aes128-sha2_512-modp3072
in_vain "ike=aes256-sha2_256-modp2048"

title "the same, with Ctrl-C at a terminal while it is tried"
remember
on_terminal y ^C
says "applied" "fix applied: .*ike="
says "it says so" "interrupted; what was done is taken back"
check "all is as it was" is_as_before

title "a rule of nft: SIGTERM while it is tried"
drop udp dport "{ 500, 4500 }" # so that it takes a while
on left nft 'add table inet own; add chain inet own output { type filter hook output priority filter; }; add rule inet own output udp dport 500 drop'
interrupted TERM "nft 'insert"
on left nft delete table inet own
no_drop

title "a no changes nothing"
remember
on_terminal n
says "it heeds it" "you said no"
says "it says so" "nothing was changed"
check "all is as it was" is_as_before

# two devices with one identity throw each other out
turns() {
	local c
	for c in vpn other vpn; do up right strongswan $c >/dev/null; done
}
title "a line of config setup: it does not help, nobody comes any more"
theirs
on right ip addr add 198.51.100.2/24 dev eth0
on right sed -i "s/id = $RIGHT/id = device.example.com/; s/id-[12] = .*//" /etc/swanctl/swanctl.conf
on right cat /etc/swanctl/swanctl.conf >"$LAB/vpn"
{
	sed '/^secrets/,$d' "$LAB/vpn" | sed '$d'
	sed '1d; /^secrets/,$d' "$LAB/vpn" | sed "s/vpn {/other {/; s/local_addrs = .*/local_addrs = 198.51.100.2/"
	sed -n '/^secrets/,$p' "$LAB/vpn"
} | put right /etc/swanctl/swanctl.conf
on right swanctl --load-all >/dev/null
ours right=%any rightid=@device.example.com
on left sed -i "/right=$RIGHT/d; /rightid=$RIGHT/d" /etc/ipsec.conf
put left /etc/ipsec.secrets <<<"%any : PSK \"$PSK\""
on left ipsec rereadsecrets >/dev/null
on left ipsec replace vpn.example.com >/dev/null
turns
on right swanctl --terminate --ike vpn >/dev/null 2>&1
check "it is down" wait_for 5 is_down left ours
in_vain uniqueids=no

title "a line of config setup: it helps"
turns
helped uniqueids=no
check "the line is there" on left grep -q "^[[:space:]]*uniqueids=no" /etc/ipsec.conf
on right swanctl --terminate --ike other >/dev/null 2>&1
on right ip addr del 198.51.100.2/24 dev eth0
theirs "$ALGS"

title "a rule of iptables: it helps"
ours
on left iptables-legacy -A OUTPUT -p udp --dport 500 -j DROP
helped "iptables-legacy .*-I OUTPUT"
on left iptables-legacy -F OUTPUT
title "a rule of iptables: it does not help, there is a filter on the way as well"
ours
on left iptables-legacy -A OUTPUT -p udp --dport 500 -j DROP
drop udp dport 500
in_vain "iptables-legacy .*-I OUTPUT"
title "a rule of iptables: SIGINT while it is tried"
interrupted INT "iptables-legacy .*-I OUTPUT"
no_drop
on left iptables-legacy -F OUTPUT

title "a sysctl: it helps"
ours
check "up" up left ours
on left sysctl -qw net.ipv4.ip_forward=0
helped "sysctl -w net.ipv4.ip_forward=1"

title "a sysctl: SIGTERM while it is tried"
on left sysctl -qw net.ipv4.ip_forward=0
interrupted TERM "sysctl -w net.ipv4.ip_forward=1"
on left sysctl -qw net.ipv4.ip_forward=1

title "a route: it helps"
on left ip route del $RIGHT_NET table 220
helped "ip route replace $RIGHT_NET"

title "a rule: it helps against one that leads elsewhere"
ours
check "up" up left ours
on left ip route replace $RIGHT_NET via 192.0.2.254 dev eth0
on left ip route add $RIGHT_NET via 192.0.2.254 dev eth0 table 77
on left ip rule add to $RIGHT_NET lookup 77 priority 10
helped "ip rule add to $RIGHT_NET lookup 220"
on left ip rule del to $RIGHT_NET lookup 220

title "a route: it does not help, that rule leads elsewhere; what it replaced is there again"
on left ip route del $RIGHT_NET table 220
in_vain "ip route replace $RIGHT_NET"
title "the same without one before"
on left ip route del $RIGHT_NET
in_vain "ip route replace $RIGHT_NET"
on left ip rule del to $RIGHT_NET lookup 77 priority 10

title "who reads along goes away: it ends what it began"
theirs "$ALGS"
ours ike=aes128-sha2_512-modp3072
on left bash -c "$FIX --yes | awk '{ print } /fix applied/ { exit }'"
check "the tunnel is up" wait_for 10 is_up left ours
check "the line is there" on left grep -q "^[[:space:]]*ike=aes256" /etc/ipsec.conf
finish
