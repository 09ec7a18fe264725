#!/bin/bash
# 30-counters.sh: the kernel's failure counters (/proc/net/xfrm_stat), as deltas with what they mean: in
# ipsec xfrmstat, in ipsec status, and as events. A drop policy of somebody else makes one move.
. "$(dirname "$0")/lab.sh"
lab_up

tunnel right ours
tunnel left ours
somebodys=192.0.2.77
drops() { on left ping -q -c "$1" -i 0.2 -W 1 $somebodys >/dev/null 2>&1 || true; }
has_policy() { on left ip xfrm policy | grep -q "dst $somebodys/32"; }
events() { on left grep -c 'XfrmOutPolBlock +' /var/log/pluto.log; }
has_events() { [ "$(events)" = "$1" ]; }

title "what was counted before the daemon started is not its matter"
on left ip xfrm policy add src $LEFT dst $somebodys dir out action block
drops 2
start right ours
start left ours
check "the tunnel comes up" up left ours
run left ipsec xfrmstat
says "nothing has moved" "^000 none of the kernel's [0-9]+ failure counters has moved since start"
run left ipsec status
refuses "nor in the status" grep -q Xfrm <<<"$OUT"

title "a counter moves"
drops 3
check "an event tells what it means" wait_for 5 has_events 1
run left grep Xfrm /var/log/pluto.log
says "with the count" 'XfrmOutPolBlock \+[1-9][0-9]*: packets to be sent, and a drop policy covers it'
run left ipsec status
says "the status has it" '^000 XfrmOutPolBlock: [1-9][0-9]* since start: packets to be sent, and a drop policy covers it'
run left ipsec xfrmstat
says "xfrmstat has it" '^000 XfrmOutPolBlock: ([1-9][0-9]*) since start, \1 since the last look, [1-9][0-9]* in all: packets to be sent'
check "and nothing else" test "$(wc -l <<<"$OUT")" = 1
run left ipsec xfrmstat
says "it did not move since" '^000 XfrmOutPolBlock: [1-9][0-9]* since start, 0 since the last look'
run left ipsec xfrmstat --all
says "with --all, the others too" '^000 XfrmInNoStates: 0 since start, 0 since the last look, 0 in all: packets came in with an SPI that no SA here has'
check "in JSON" on left bash -c 'ipsec --json xfrmstat | jq -es "map(select(.event == \"xfrm_counter_status\"))[0] | .counter == \"XfrmOutPolBlock\" and .since_start > 0 and .since_last == 0 and .reason == \"policy_drop\""'

title "not more than one event in ten seconds"
drops 10
check "the next is not said at once" has_events 1
check "but later" wait_for 12 has_events 2

title "the control process is started anew"
mapfile -t victims < <(pids left ipsec-control)
kill -9 "${victims[@]}"
check "the status has it still" wait_for 5 on left bash -c 'ipsec status | grep -q "XfrmOutPolBlock: [1-9]"'

stop left ours
check "somebody's policy is there still" has_policy
finish
