#!/bin/bash
# 56-diagnose-words.sh strongswan: the words of ipsec diagnose: an address, --html, --fix, --watch, --config.
. "$(dirname "$0")/lab.sh"
peer=${1:-strongswan}
lab_up

# fresh [LINE...]: our end anew
# shellcheck disable=SC2120 # some have none
fresh() {
	tunnel left ours "$@"
	on left ipsec rereadsecrets >/dev/null
	on left ipsec delete vpn.example.com >/dev/null 2>&1
	on left ipsec add vpn.example.com >/dev/null
}
rules() { on left nft list ruleset; }
digest() { on left sha256sum /etc/ipsec.conf; on left stat -c '%a %u %g' /etc/ipsec.conf; }
# status WANT COMMAND...: it ends so
status() {
	local want=$1 got
	shift
	run "$@"
	got=$?
	check "it ends with $want: $got" [ "$got" = "$want" ]
}
# filter CHAIN MATCH...: left drops such packets
filter() {
	local chain=$1
	shift
	on left nft -f - <<-X
	table inet lab_own {
		chain $chain { type filter hook $chain priority filter; $* drop; }
	}
	X
}

tunnel left ours
tunnel right "$peer" child:"esp_proposals = aes256gcm16"
start right "$peer"
start left ours

title "an address stands for the connection that has such a peer"
fresh esp=aes_gcm256
status 0 left ipsec diagnose $RIGHT
says "it says which" "$RIGHT is the peer of \"vpn.example.com\""
on left bash -c 'sed "s/^conn vpn.example.com/conn second/; /config setup/,/^$/d; s/auto=add/auto=ignore/" /etc/ipsec.conf >>/etc/ipsec.conf'
status 7 left ipsec diagnose $RIGHT
says "both are named" '"vpn.example.com", "second"'
status 21 left ipsec diagnose 203.0.113.9
says "nobody has that peer" "no connection has the peer 203.0.113.9"

title "what our responder has seen of a stranger"
fresh esp=aes_gcm256
on right ip addr add 198.51.100.77/24 dev eth0
on right sed -i "s/local_addrs = .*/local_addrs = 198.51.100.77/" /etc/swanctl/swanctl.conf
on right swanctl --load-all >/dev/null
behind right timeout 3 swanctl --initiate --child vpn --timeout 3
wait_for 10 on left grep -q 198.51.100.77 /var/log/pluto.log
run left ipsec diagnose 198.51.100.77
says "no connection has it" "no connection has the peer 198.51.100.77"
says "what it sent is shown" "seen: .*198.51.100.77"
on right sed -i "s/local_addrs = .*/local_addrs = $RIGHT/" /etc/swanctl/swanctl.conf
on right swanctl --load-all >/dev/null

title "--html: the failure as a page"
fresh "rightid=@<script>alert(1)</script>"
on left timeout 30 ipsec up vpn.example.com >/dev/null
status 5 left ipsec diagnose vpn.example.com --html /tmp/lab-page.html
on left cat /tmp/lab-page.html >"$LAB/page"
check "it has the finding" grep -q "What to do</h4>" "$LAB/page"
check "it has what happened" grep -q "What happened</h2>" "$LAB/page"
refuses "no script is in it" grep -qi "<script" "$LAB/page"
check "the identity is text" grep -q "&lt;script&gt;" "$LAB/page"
check "it is for its owner only" [ "$(on left stat -c %a /tmp/lab-page.html)" = 600 ]
on left rm -f /tmp/lab-page.html
status 1 left ipsec diagnose vpn.example.com --html /nowhere/page.html

title "--fix: without a terminal and without --yes nothing is changed"
fresh esp=aes128-sha2_512
on left chmod 640 /etc/ipsec.conf
before=$(digest)
status 8 left ipsec diagnose vpn.example.com --fix
check "the file is as it was" [ "$(digest)" = "$before" ]

title "--fix: on a terminal it asks, and a no leaves everything as it is"
on right timeout 20 swanctl --initiate --child vpn --timeout 10 >/dev/null 2>&1
# shellcheck disable=SC2094 # it is waited for there
{ wait_for 30 grep -q "Apply it?" "$LAB/asked"; echo n; sleep 1; } |
	on left script -qec "ipsec diagnose vpn.example.com --fix" /dev/null >"$LAB/asked" 2>&1
check "it asks" grep -q "taken back by the file as it was. Apply it?" "$LAB/asked"
check "it heeds the no" grep -q "you said no" "$LAB/asked"
check "the file is as it was" [ "$(digest)" = "$before" ]

title "--fix: a line of the conn; the peer has begun before, so its algorithms are known"
on right timeout 20 swanctl --initiate --child vpn --timeout 10 >/dev/null 2>&1
status 0 left ipsec diagnose vpn.example.com --fix --yes
says "it says what it did" "fix applied: .*esp="
says "it helped" "it helped: the tunnel is up"
run left grep -n esp= /etc/ipsec.conf
check "the mode is kept" [ "$(on left stat -c %a /etc/ipsec.conf)" = 640 ]
check "the file before stays beside it" on left grep -q esp=aes128-sha2_512 /etc/.ipsec.conf.before-fix
check "traffic passes" wait_for 5 ping_through 3

title "--fix: a local packet filter"
fresh esp=aes_gcm256
filter output udp dport 500
status 0 left ipsec diagnose vpn.example.com --fix --yes
says "it helped" "it helped: the tunnel is up"
run left nft list ruleset
on left nft delete table inet lab_own

title "--fix: what does not help is taken back"
fresh esp=aes_gcm256
filter output udp dport 500
drop udp dport 500
before=$(digest) rules_before=$(rules)
status 5 left ipsec diagnose vpn.example.com --fix --yes
says "it was tried" "fix applied: .*nft"
says "it is taken back" "fix undone: "
check "the rules are as they were" [ "$(rules)" = "$rules_before" ]
check "the file is as it was" [ "$(digest)" = "$before" ]
no_drop
on left nft delete table inet lab_own

title "--watch: a finding comes and goes"
fresh esp=aes_gcm256
on left timeout --signal=INT 60 ipsec --json diagnose vpn.example.com --watch >"$LAB/watched" 2>&1 &
watching=$!
wait_for 10 grep -q '"findings"' "$LAB/watched"
filter output udp dport 500
on left timeout 20 ipsec up vpn.example.com >/dev/null 2>&1
check "it comes" wait_for 10 grep -q '"diag_finding"' "$LAB/watched"
on left nft delete table inet lab_own
check "the tunnel comes up" wait_for 20 on left ipsec up vpn.example.com
check "it goes" wait_for 10 grep -q '"diag_cleared"' "$LAB/watched"
check "the tunnel's change is told" grep -q '"v2_child_established"' "$LAB/watched"
for p in $(pids left ipsec); do kill -INT "$p"; done
wait "$watching"
check "Ctrl-C ends it well" grep -q '"exit":0' <<<"$(tail -1 "$LAB/watched")"
jq -r '.line // empty' "$LAB/watched"

title "--config: a host that runs strongSwan, its own file"
charon=$(on right cat /run/charon.pid)
talks=$(on right grep -c "vici\|received packet" /var/log/charon.log)
status 0 right ipsec diagnose --config /etc/swanctl/swanctl.conf vpn
says "it reads its words" "in the words of strongSwan's swanctl"
refuses "its daemon has its port" grep -q port-in-use <<<"$OUT"
on right nft -f - <<-X2
table inet lab_own { chain input { type filter hook input priority filter; udp dport 500 drop; }; }
X2
status 5 right ipsec diagnose --config /etc/swanctl/swanctl.conf vpn --html /tmp/lab-page.html
says "the rule is named" "lab_own, chain input: udp dport 500 drop.*ike-udp500-blocked"
says "and the fix" "nft 'insert rule inet lab_own input"
check "its page is there" on right grep -q "aes256gcm16" /tmp/lab-page.html
on right rm -f /tmp/lab-page.html
status 2 right ipsec diagnose --config /etc/swanctl/swanctl.conf vpn --fix --yes
status 21 right ipsec diagnose --config /etc/swanctl/swanctl.conf none
on right nft delete table inet lab_own
check "its daemon is the same" [ "$(on right cat /run/charon.pid)" = "$charon" ]
check "and heard nothing" [ "$(on right grep -c "vici\|received packet" /var/log/charon.log)" = "$talks" ]

finish
