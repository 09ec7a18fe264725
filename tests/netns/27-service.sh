#!/bin/bash
# 27-service.sh: what a service manager is told (sd_notify(3)), and what it finds when the daemon is
# killed. A socket of this test stands in systemd's place.
# shellcheck source=tests/netns/lab.sh
. "$(dirname "$0")/lab.sh"
lab_up
tunnel left ours auto=add
on left sed -i '0,/auto=add/{/auto=add/d}' /etc/ipsec.conf
tunnel right ours
start right ours
behind left python3 -c 'import socket
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); s.bind("/run/notify")
with open("/run/notified", "wb", buffering=0) as f:
    while True: f.write(s.recv(4096) + b"\n")'
wait_for 5 on left test -S /run/notify
told() { [ "$(on left grep -c "^$1" /run/notified)" -ge "$2" ]; }
service() { behind left env NOTIFY_SOCKET=/run/notify WATCHDOG_USEC=400000 /usr/libexec/ipsec/ipsecd --nofork; }

title "start"
service
check "it is ready" wait_for 10 told READY=1 1
check "and can be asked" run left ipsec status
check "the watchdog is fed" wait_for 3 told WATCHDOG=1 3
check "no guard: that is the manager's part" test -z "$(pids left ipsec-guard)"
check "a tunnel is brought up by hand" up left ours

title "a process dies"
kill -9 "$(pids left ipsec-keys)"
check "the manager is told" wait_for 5 told 'STATUS=a process died' 1
check "and that all is well again" wait_for 10 told READY=1 2
check "the tunnel is back" wait_for 10 is_up left ours

title "the daemon dies"
kill -9 "$(pids left ipsecd)"
nobody() { [ -z "$(pids left ipsec-ike)$(pids left ipsec-kernel)" ]; }
check "nobody is left" wait_for 10 nobody
on left /usr/libexec/ipsec/ipsec-kernel --flush # ExecStopPost=
service
check "it is ready" wait_for 10 told READY=1 3
check "the tunnel is back" wait_for 10 is_up left ours

title "stop"
kill "$(pids left ipsecd)"
check "the manager is told" wait_for 5 told STOPPING=1 1
gone_all() { [ -z "$(pids left ipsecd)$(pids left ipsec-control)$(pids left ipsec-kernel)" ]; }
check "nobody is left" wait_for 10 gone_all
refuses "nor what the next one could go by" on left test -e /run/pluto/pluto.conns
finish
