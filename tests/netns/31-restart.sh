#!/bin/bash
# 31-restart.sh: ipsec restart. Other processes, of the programs that are installed then, take over the IKE SAs;
# with userspace ESP the Child SAs are set up anew under them. What must be right is looked at first. Where
# nothing can be taken over that is said, and all begins as ipsec.conf says.
# shellcheck source=tests/netns/lab.sh
. "$(dirname "$0")/lab.sh"
lab_up

all_pids() { pids left 'ipsec*' | sort; }
one_of_each() {
	local p
	for p in ipsecd ipsec-guard ipsec-ike ipsec-keys ipsec-kernel ipsec-esp ipsec-control; do
		[ "$(pids left $p | wc -l)" = 1 ] || return 1
	done
}
runs_on() { [ "$(all_pids)" = "$before" ] && ping_through 2; }
conn() { # conn NAME NUMBER AUTO [LINE]
	printf 'conn %s\n\tleft=%s\n\tleftsubnet=%s\n\tright=%s\n\trightsubnet=10.7.%d.0/24\n\tauthby=secret\n\tauto=%s\n%s' \
		"$1" $LEFT $LEFT_NET $RIGHT "$2" "$3" "${4:+	$4
}"
}
is_up_conn() { on left ipsec trafficstatus | grep -q "\"$1\""; }
is_down_conn() { ! is_up_conn "$1"; }
scripts() { on left cat /var/log/updown 2>/dev/null; }

# shellcheck disable=SC2016 # the script's
put left /etc/updown.sh <<<'echo "$PLUTO_VERB $PLUTO_CONNECTION" >>/var/log/updown'
tunnel left ours 'leftupdown="sh /etc/updown.sh"'
on left bash -c 'cp /etc/ipsec.conf /etc/ipsec.conf.first'
{ conn changes 1 start; conn goes 2 start; } | on left bash -c 'cat >>/etc/ipsec.conf'
tunnel right ours
for n in 1 2 3; do
	printf 'conn to%d\n\tleft=%s\n\tleftsubnet=10.7.%d.0/24\n\tright=%s\n\trightsubnet=%s\n\tauthby=secret\n\tauto=add\n' \
		$n $RIGHT $n $LEFT $LEFT_NET
done | on right bash -c 'cat >>/etc/ipsec.conf'
start right ours
# programs of our own, to be replaced
on left cp -r /usr/libexec/ipsec /etc/libexec
run left env IPSEC_EXECDIR=/etc/libexec ipsec start
check "up by hand" up left ours
check "others by themselves" wait_for 10 is_up_conn goes
check "traffic" ping_through 3

title "the program that asks for names is missing: nobody waits for it"
on left mv /etc/libexec/ipsec-resolve /etc/libexec/away
printf 'conn named\n\tleft=%s\n\tright=peer.example.com\n\tauthby=secret\n' $LEFT >"$LAB/left/etc/named.conf"
run left timeout 5 ipsec add named --config /etc/named.conf
says "the name is not known" '"peer.example.com"'
check "the daemon goes on" run left timeout 5 ipsec status
run left ipsec delete named
on left mv /etc/libexec/away /etc/libexec/ipsec-resolve

title "what must be right is looked at first"
before=$(all_pids)
on left bash -c 'cp /etc/ipsec.conf /etc/ipsec.conf.good; echo "    nonsense" >>/etc/ipsec.conf'
run left ipsec restart
check "a broken ipsec.conf: exit status 3" test $? = 3
says "and nothing was restarted" 'nothing was restarted, everything runs on as before'
check "which is true" runs_on
on left cp /etc/ipsec.conf.good /etc/ipsec.conf
on left mv /etc/libexec/ipsec-keys /etc/libexec/away
run left ipsec restart
check "a program is missing: exit status 1" test $? = 1
says "which one" 'ipsec-keys: No such file'
check "everything runs on" runs_on
on left mv /etc/libexec/away /etc/libexec/ipsec-keys

title "another program is installed"
on left bash -c 'cd /etc/libexec && for f in *; do cp $f new && mv new $f; done'
check "the one that runs is gone" on left bash -c "ls -l /proc/$(pids left ipsecd)/exe | grep -q deleted"
was=$(ike_spi right ours) pid=$(pids left ipsecd) calls=$(scripts)
check "restart" run left ipsec restart
says "it says what has come of it" 'restarted: [0-9]+ tunnels kept, [0-9]+ are set up anew'
check "the process is the same" test "$(pids left ipsecd)" = "$pid"
refuses "but the program is the new one" on left bash -c "ls -l /proc/$(pids left ipsecd)/exe | grep -q deleted"
check "the IKE SA is the same" test "$(ike_spi right ours)" = "$was"
check "traffic passes" wait_for 5 ping_through 3
check "every tunnel is there" wait_for 5 test "$(on left ipsec trafficstatus | wc -l)" = 3
check "no script was called" test "$(scripts)" = "$calls"
check "one of each process" wait_for 5 one_of_each
run left ipsec --json restart
says "the same in JSON" '^\{.*"event":"restarted".*"tunnels":[0-9]+,"lost":[0-9]+'
check "whose last line is the end" test "$(tail -1 <<<"$OUT" | jq -c '[.event,.exit]')" = '["request_done",0]'

title "ipsec.conf has changed meanwhile"
{ cat "$LAB/left/etc/ipsec.conf.first"; conn changes 1 start rekey=no; conn comes 3 start; } | put left /etc/ipsec.conf
check "restart" run left ipsec restart
check "what changed is up again" wait_for 10 is_up_conn changes
check "what is new comes up" wait_for 10 is_up_conn comes
check "what is not there any more is gone" wait_for 10 is_down_conn goes
check "traffic passes" wait_for 5 ping_through 3

title "many at once"
for i in 1 2 3 4; do on left ipsec restart >"$LAB/many$i" 2>&1 & waits[i]=$!; done
for i in 1 2 3 4; do wait "${waits[i]}" || bad "one ended with $?"; done
check "every one was told" test "$(cat "$LAB"/many? | grep -c 'tunnels kept')" -ge 4
check "traffic passes" wait_for 5 ping_through 3
check "one of each process" wait_for 5 one_of_each

title "killed after a restart: the guard is there"
kill -9 "$(pids left ipsecd)"
check "one of each process" wait_for 15 one_of_each
check "traffic passes" wait_for 15 ping_through 3

title "what cannot be taken over"
on left sed -i "s/^config setup/&\n    listen=$LEFT/" /etc/ipsec.conf
check "another listen=" run left ipsec restart
echo "status $?"
says "is said" 'everything is taken down for it: listen= has changed'
says "so is what has come of it" 'restarted as ipsec.conf says; no tunnel was kept: listen= has changed'
check "what is to be up comes up" wait_for 10 is_up_conn comes
check "what was up by hand is not" is_down_conn vpn.example.com
check "up" up left ours
on left bash -c 'cd /etc/libexec && python3 - <<X
import re
b, n = re.subn(rb"(?<=[\n\0])[0-9]+(?=[.][0-9]+[.][0-9]+\n)", b"9", open("ipsecd", "rb").read())
assert n == 1
open("new", "wb").write(b)
X
chmod +x new && mv new ipsecd'
check "a program of another format" run left ipsec restart
says "is said" 'restarted as ipsec.conf says; no tunnel was kept: another version of clearswan'
check "what is to be up comes up" wait_for 15 is_up_conn comes
check "what was up by hand is not" is_down_conn vpn.example.com
check "up" up left ours
check "traffic passes" ping_through 3
check "one of each process" wait_for 5 one_of_each

leftovers() {
	on left ip route show table 220
	on left ip rule show | grep -E 'lookup 220|0xdc220'
	on left ip link show ipsec0 2>/dev/null
}
title "the end"
stop left ours
check "no process is left" wait_for 5 test -z "$(pids left 'ipsec*')"
check "nothing of ours is left" [ -z "$(leftovers)" ]
check "restart starts what does not run" run left ipsec restart
check "it runs" run left ipsec briefstatus
stop left ours
finish
