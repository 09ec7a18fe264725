#!/bin/bash
# 53-drift.sh: a tunnel that worked fails, and the first thing that is said is what has changed since, at the peer
# (strongSwan) or here, with what worked as the fix; and what is kept for that outlives the daemon and harms nobody.
LAB_REMEMBERS=1
. "$(dirname "$0")/lab.sh"
peer=strongswan
# shellcheck source=tests/netns/verdicts.sh
. "$(dirname "$0")/verdicts.sh"
lab_up
RECORD=/var/lib/clearswan/last-good/vpn.example.com.json
WORKED=aes256-sha2_256-modp2048

# verdict CLASS CERTAINTY: the finding at rank 1 of a failing up; its events are in $LAB/said
verdict() {
	printf 'left# ipsec up vpn.example.com\n'
	on left timeout 20 ipsec --json up vpn.example.com >"$LAB/said" 2>&1 </dev/null
	OUT=$(jq -r 'select(.line and (.event | startswith("diag_"))) | .line' "$LAB/said" 2>/dev/null)
	printf '%s\n' "$OUT"
	local is rank=-
	is=$(jq -rs 'map(select(.event == "diag_finding" and .rank == 1)) | .[0] | "\(.class) \(.certainty)"' "$LAB/said")
	check "the verdict is $1 ($2): $is" [ "$is" = "$1 $2" ]
	[ "${is% *}" != "$1" ] || rank=1
	printf '%s\t%s\tinitiator\t%s\t%s\t-\tn/a\n' "$1" $peer $rank "${is#* }" >>"$LAB_ROWS"
}
# fix WHERE KEY: what is printed for that end, after "write: "
fix() {
	jq -r --arg where "$1" --arg key "$2" 'select(.event == "diag_fix" and .class == "defaults-changed-by-upgrade" and
		.where == $where and .kind == "conn") | .text | sub(".*write: "; "") | select(startswith($key))' "$LAB/said" | head -1
}
# at_peer LINE...: strongSwan, with these lines
at_peer() {
	tunnel right strongswan "$@"
	on right swanctl --load-all >/dev/null 2>&1
}
here() {
	tunnel left ours "$@"
	on left ipsec replace vpn.example.com >/dev/null
}
ends() { on left ipsec down vpn.example.com >/dev/null 2>&1; }
comes_up() {
	check "the tunnel comes up" up left ours
	check "traffic passes" wait_for 5 ping_through 3
	run left ipsec connectionstatus vpn.example.com
	refuses "nothing is found any more" grep -q diagnosis <<<"$OUT"
}
kept() { on left grep -q "\"ike_used\":\"$1\"" "$RECORD"; }

tunnel left ours "ike=$WORKED"
tunnel right strongswan "proposals = aes256-sha256-modp2048"
start right strongswan
start left ours

title "it works, and that is written down"
comes_up
check "the record has what was agreed on" wait_for 5 kept "$WORKED"
run left stat -c '%a %U' "$RECORD"
says "the record is root's alone" '^600 root$'
written=$(on left stat -c %Y.%i "$RECORD")
ends
comes_up
sleep 1
check "what has not changed is not written again" [ "$written" = "$(on left stat -c %Y.%i "$RECORD")" ]

title "the peer changes its proposals"
ends
at_peer "proposals = aes256-sha256-ecp384"
verdict defaults-changed-by-upgrade likely
says "it says when it worked, and with what" "the peer has changed since the tunnel last worked \\([0-9-]+ [0-9:]+ UTC, with ike=$WORKED\\)"
check "the record says still how it worked" kept "$WORKED"
line=$(fix "at the peer, as swanctl.conf has it" proposals)
printf 'right# fix: %s\n' "$line"
at_peer "$line"
comes_up
[ $FAILED != 0 ] || row_fix works

fault "the peer changes its proposals, and begins"
ends
at_peer "proposals = aes256-sha256-ecp384"
responder_verdict defaults-changed-by-upgrade certain
apply
cured
at_peer "proposals = aes256-sha256-modp2048"
here "ike=$WORKED"
ends
comes_up

title "restart: it is known still"
ends
at_peer "proposals = aes256-sha256-ecp384"
run left ipsec restart
verdict defaults-changed-by-upgrade likely
at_peer "proposals = aes256-sha256-modp2048"
comes_up

title "stopped and started: likewise"
on left ipsec stop >/dev/null
at_peer "proposals = aes256-sha256-ecp384"
QUIET=1 start left ours
verdict defaults-changed-by-upgrade likely
at_peer "proposals = aes256-sha256-modp2048"
comes_up

title "we change ours: no upgrade did it, so it is what it is, and what was written before stands beside"
ends
here "ike=aes256-sha2_512-modp4096"
verdict ike-proposal-mismatch likely
says "it names the old value and the new one" "ike= has changed at this end .*it was $WORKED, and is aes256-sha2_512-modp4096 now"
line=$(fix here ike=)
printf 'left# fix: %s\n' "$line"
here "$line"
comes_up
[ $FAILED != 0 ] || row_fix works

title "we change leftid=: the secrets are as they were, so it is not those"
ends
on left sed -i "s/leftid=.*/leftid=@north.example.org/" /etc/ipsec.conf
on left ipsec replace vpn.example.com >/dev/null
put left /etc/ipsec.secrets < <(printf '%s %s : PSK "%s"\n@north.example.org %s : PSK "%s"\n' $LEFT $RIGHT "$PSK" $RIGHT "$PSK")
on left touch -d '1 hour ago' /etc/ipsec.secrets
on left ipsec rereadsecrets >/dev/null
verdict id-mismatch likely
says "it says who we were" "when it last worked .* we were '$LEFT', with the same secrets"
here "ike=$WORKED"
comes_up

title "the secret is another one: what connections and peers have has not drifted, but the file was written since"
ends
sleep 1.1 # as the times of files are told
put left /etc/ipsec.secrets <<<"$LEFT $RIGHT : PSK \"another secret than that of the other end\""
on left ipsec rereadsecrets >/dev/null
verdict psk-mismatch-v2 likely
says "it names the file and both times" "it came up on .* UTC, and /etc/ipsec.secrets was written after that, on .* UTC"
put left /etc/ipsec.secrets <<<"$LEFT $RIGHT : PSK \"$PSK\""
on left ipsec rereadsecrets >/dev/null
comes_up

title "ESP is dropped on the way while IKE is not: it is found unasked, and goes away"
behind lpc ping -q -i 1 $RPC
# IKE in UDP port 4500 begins with four octets of zero
drop 'udp dport 4500 @th,64,32 != 0'
found() { on left ipsec status | grep 'diagnosis: possible: the tunnel is up and carries nothing.*\[esp-blocked\]'; }
refuses "not at once" found
check "ipsec status shows it" wait_for 100 found
logged() { [ "$(on left grep -c 'diagnosis: possible: the tunnel is up and carries nothing' /var/log/pluto.log)" = 1 ]; }
check "the log has it once" wait_for 5 logged
no_drop
check "traffic passes again" wait_for 5 ping_through 3
check "the log says that it is over" wait_for 40 on left grep -q 'no longer: esp-blocked' /var/log/pluto.log
refuses "ipsec status has nothing" found

# what is kept is as Debian's kernel would have left it, which takes mark=; the one of this machine has no ESP at all
fault "it worked with another kernel, which did what this one refuses"
ends
here "ike=$WORKED"
comes_up
check "the record is of this kernel" wait_for 5 on left grep -q "\"kernel\":\"$(uname -r)\"" "$RECORD"
ends
on left sed -i 's/"plane":"[a-z]*"/"plane":"kernel"/; s/"kernel":"[^"]*"/"kernel":"6.1.0-30-amd64"/' "$RECORD"
here "ike=$WORKED" mark=5
refuses "the tunnel does not come up" up left ours
verdict kernel-regression likely
says "it says what it was, and is" "it was Linux 6.1.0-30-amd64, and $(uname -r) now, which refuses it: "
says "what is to be done" 'boot Linux 6.1.0-30-amd64 again'
says "what it can also be" 'kernel-lacks-esp'
here "ike=$WORKED"
comes_up

title "garbage in the record is ignored, with a warning"
ends
for garbage in '{"event":"last_good","conn":"vpn.example.com","ike_used":7}' '{"event":"request_done","exit":0}' 'no JSON' \
	"{\"event\":\"last_good\",\"conn\":\"other\",\"ike_used\":\"$WORKED\"}" \
	"{\"event\":\"last_good\",\"conn\":\"vpn.example.com\",\"ike_used\":\"\\u001b[2J\"}"; do
	put left "$RECORD" <<<"$garbage"
	before=$(on left grep -c 'is ignored: ' /var/log/pluto.log)
	here "ike=$WORKED"
	# shellcheck disable=SC2016 # for that shell
	check "a warning: $garbage" wait_for 5 on left bash -c '[ "$(grep -c "is ignored: " /var/log/pluto.log)" -gt "$1" ]' n "$before"
done
at_peer "proposals = aes256-sha256-ecp384"
verdict ike-proposal-mismatch likely
at_peer "proposals = aes256-sha256-modp2048"
comes_up
check "the next success writes it anew" wait_for 5 kept "$WORKED"
on left chmod 666 "$RECORD"
here "ike=$WORKED"
check "a record that others can write is not believed" wait_for 5 on left grep -q 'others than root can write it' /var/log/pluto.log

finish
