#!/bin/bash
# 57-answered.sh PEER: a tunnel that the peer began is up, and traffic does not pass, it does not stay up, or nothing is
# written down: our end, which answered, finds the cause as it does where it began. Verdicts at rank 1, and fixes applied
# as they are printed.
. "$(dirname "$0")/lab.sh"
peer=${1:-strongswan}
# shellcheck source=tests/netns/verdicts.sh
. "$(dirname "$0")/verdicts.sh"
lab_up

# begun [LINE...]: our end anew, with these lines; the peer begins
begun() {
	fresh "$@"
	check "the peer brings it up" up right "$peer"
	check "traffic passes" wait_for 5 ping_through 3
}
# found CLASS CERTAINTY COMMAND...: by the end that answered
found() {
	verdict "$@"
	ROLE=responder
	sed -i '$s/\tinitiator\t/\tresponder\t/' "$LAB_ROWS"
}

tunnel left ours
tunnel right "$peer"
start right "$peer"
start left ours

fault "ESP is dropped on the way, IKE is not"
begun
# IKE in UDP port 4500 begins with four octets of zero
drop 'udp dport 4500 @th,64,32 != 0'
found esp-blocked likely ipsec --json diagnose $CONN
no_drop
cured

fault "a NAT rule gives packets another source before IPsec sees them"
begun nat-exempt=no
on left nft -f - <<-X
	table ip lab_nat {
		chain post { type nat hook postrouting priority srcnat; oifname != "lan0" ip daddr $RIGHT_NET snat to $LEFT; }
	}
X
refuses "traffic does not pass" ping_through 2
found nat-before-ipsec certain ipsec --json diagnose $CONN
apply
cured
on left nft delete table ip lab_nat

fault "a path with a smaller MTU and without ICMP"
begun
for d in left0 right0; do ip -n "${LAB_PREFIX}router" link set $d mtu 1300; done
on router nft -f - <<-X
	table inet lab_icmp {
		chain out { type filter hook output priority filter; icmp type destination-unreachable drop; }
	}
X
found pmtu-blackhole certain ipsec --json diagnose $CONN
apply
cured
check "nothing is too large any more" run left ipsec diagnose $CONN
on router nft delete table inet lab_icmp
for d in left0 right0; do ip -n "${LAB_PREFIX}router" link set $d mtu 1500; done

# drops TIMES: the peer takes down what is idle, and sets it up anew
drops() {
	local i
	for ((i = 0; i < $1; i++)); do
		wait_for 10 is_down left ours && up right "$peer"
	done
}
fault "the peer takes the tunnel down again and again, and sets it up anew"
fresh_peer "child:inactivity = 1s"
begun
check "it does so thrice" drops 3
check "which is no finding" nothing_found
ROLE=responder
noticed left tunnel-flaps certain drops 1
exactly certain
check "it says how often, and what ended it" \
	grep -qE '"event":"diag_finding".*up and gone down 4 times within [0-9]+ seconds; 4 times the peer deleted it' "$LAB/said"
check "with four endings" [ "$(grep -c '"event":"diag_evidence".*"class":"tunnel-flaps"' "$LAB/said")" = 4 ]
check "it carries traffic, and the finding stays" wait_for 5 ping_through 3
refuses "it stays" nothing_found
apply_peer
on left ipsec down $CONN >/dev/null # who takes it down here begins anew
cured
sleep 3
check "idle, it stays up" is_up left ours

for who in left right; do
	fault "nothing can be written to the log; $who begins"
	fresh setup:logfile=/dev/full
	on left ipsec restart >/dev/null
	if [ $who = left ]; then
		check "it comes up" up left ours
		verdict log-evidence-missing certain ipsec --json status
	else
		check "the peer brings it up" up right "$peer"
		found log-evidence-missing certain ipsec --json status
	fi
	apply
	cured
	check "the log is there" on left test -s /var/log/pluto.log
done

title "what was found"
cat "$LAB_ROWS"
finish
