#!/bin/bash
# 21-mistakes.sh: what a new user does wrong on the first day. Each mistake gets one clear message that
# says what to do next and an exit status that is not 0, and does no harm to a tunnel that runs.
. "$(dirname "$0")/lab.sh"
lab_up

# mistake WHAT STATUS PATTERN COMMAND...: ends with STATUS and says it in at most three lines
mistake() {
	local what=$1 want=$2 pattern=$3 status
	shift 3
	run left "$@"
	status=$?
	check "$what: exit status $want, not $status" test $status = "$want"
	says "$what: says what to do" "$pattern"
	check "$what: in few words before the verdict" test "$(grep -vcE '^000 "' <<<"$OUT")" -le 5
}
unharmed() {
	is_up left ours || { bad "$1: the tunnel is gone"; return; }
	on lpc ping -q -c 2 -i 0.1 -W 1 $RPC >/dev/null || bad "$1: traffic does not pass"
	ok "$1: the running tunnel is not harmed"
}

title "before anything runs"
tunnel left ours
tunnel right ours
mistake "the daemon does not run" 33 'ipsec start' ipsec auto --up vpn.example.com
mistake "status without a daemon" 33 'ipsec start' ipsec status
mistake "not root" 4 'root' setpriv --reuid 65534 --clear-groups ipsec start
mistake "an unknown command" 2 'help' ipsec pu vpn.example.com
says "and what may have been meant" '"?up"?'

title "what the host lacks"
on left mount -t tmpfs none /dev/net
mistake "no TUN device" 1 '/dev/net/tun.*modprobe tun' ipsec start
on left umount /dev/net
on left mount --bind -o ro /run /run
mistake "a run directory that cannot be written" 1 '(cannot make|cannot write) /run/pluto.*Read-only' ipsec start
on left umount /run

title "another program has port 500"
behind left python3 -c 'import socket, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(("", 500)); time.sleep(60)'
sleep 0.3
run left ipsec start
refuses "start does not end 0" test $? = 0
says "names the port" '500'
for p in $(pids left python3); do kill "$p"; done
sleep 0.2

title "the tunnel that must not be harmed"
start right ours
on left bash -c 'cd /tmp; exec 9>/tmp/lock-of-a-script; ipsec start'
check "the tunnel comes up" up left ours
unharmed "so far"
check "it keeps no descriptor of who started it" test -z "$(on left bash -c "ls -l /proc/$(pids left ipsecd)/fd" | grep lock-of-a-script)"
check "nor its folder" test "$(on left readlink "/proc/$(pids left ipsecd)/cwd")" = /

title "while it runs"
mistake "start again" 0 'already running' ipsec start
mistake "an unknown conn" 21 'vpn.exmaple.com' ipsec auto --up vpn.exmaple.com
unharmed "an unknown conn"

on left cp /etc/ipsec.conf /etc/ipsec.conf.good
on left sed -i 's/rightsubnet=/rihgtsubnet=/' /etc/ipsec.conf
mistake "a typo in a keyword" 3 'ipsec.conf:[0-9]+.*rihgtsubnet.*rightsubnet' ipsec checkconfig
run left ipsec reload
refuses "reload does not end 0" test $? = 0
unharmed "a typo in a keyword"

on left bash -c 'head -c 64M /dev/urandom >/etc/ipsec.conf'
SECONDS=0
run left ipsec checkconfig
status=$?
check "64 MB of random bytes: not 0" test $status = 3
check "64 MB of random bytes: in seconds ($SECONDS)" test $SECONDS -lt 5
check "64 MB of random bytes: not a flood of words" test ${#OUT} -lt 4000
run left ipsec reload
refuses "reload does not end 0" test $? = 0
unharmed "64 MB of random bytes"
on left cp /etc/ipsec.conf.good /etc/ipsec.conf

before=$(on left stat -c %s /var/log/pluto.log)
on left sed -i "s/^config setup/&\n    logappend=no/" /etc/ipsec.conf
run left ipsec reload
check "a reload does not empty the log" test "$(on left stat -c %s /var/log/pluto.log)" -ge "$before"
on left sed -i "s/^config setup/&\n    listen=$LEFT/" /etc/ipsec.conf
mistake "another listen= needs a restart" 0 'listen= has changed; it takes effect with: ipsec restart' ipsec reload
unharmed "another listen="
on left cp /etc/ipsec.conf.good /etc/ipsec.conf
run left ipsec reload

on left chmod 644 /etc/ipsec.secrets
run left ipsec rereadsecrets
says "a file of secrets that all can read: it says how to mend it" 'chmod 600'
unharmed "wrong mode"
on left chmod 600 /etc/ipsec.secrets

title "no secret for a peer"
put left /etc/ipsec.secrets <<<'@someone @else : PSK "not for this peer, whoever it is"'
run left ipsec rereadsecrets
unharmed "the secret is gone"
down left ours >/dev/null
mistake "no secret" 32 'ipsec\.secrets' ipsec auto --up vpn.example.com

title "another secret than the peer's"
put left /etc/ipsec.secrets <<<"$LEFT $RIGHT : PSK \"quite another secret than the other end has\""
run left ipsec rereadsecrets
run left ipsec auto --up vpn.example.com
check "exit status 36" test $? = 36
says "the line of the requirement page" '^002 "vpn.example.com" #[0-9]+: IKE SA authentication request rejected by peer: AUTHENTICATION_FAILED'
put left /etc/ipsec.secrets <<<"$LEFT $RIGHT : PSK \"$PSK\""
run left ipsec rereadsecrets

title "algorithms, selectors, silence"
tunnel left ours ike=aes128-sha1-dh14
run left ipsec auto --replace vpn.example.com
run left ipsec auto --up vpn.example.com
refuses "IKE algorithms: not 0" test $? = 0
says "IKE algorithms: NO_PROPOSAL_CHOSEN" 'NO_PROPOSAL_CHOSEN'
tunnel left ours esp=aes_ctr128-sha1
run left ipsec auto --replace vpn.example.com
run left ipsec auto --up vpn.example.com
check "ESP algorithms: 37" test $? = 37
says "ESP algorithms: the page's line" '^002 "vpn.example.com" #[0-9]+: IKE_AUTH response contained the error notification NO_PROPOSAL_CHOSEN'
tunnel left ours peerts=10.9.9.0/24
run left ipsec auto --replace vpn.example.com
run left ipsec auto --up vpn.example.com
check "selectors: 38" test $? = 38
says "selectors: the page's line" '^002 "vpn.example.com" #[0-9]+: IKE_AUTH response contained the error notification TS_UNACCEPTABLE'
tunnel left ours
run left ipsec auto --replace vpn.example.com
check "right again, it comes up" up left ours
check "traffic passes" ping_through 3
down left ours >/dev/null

title "nobody is there"
stop right ours
SECONDS=0
run left ipsec auto --up vpn.example.com
status=$?
says "the page's line" '^000 "vpn.example.com" #[0-9]+: ERROR: asynchronous network error report on eth0 \([^)]*\), complainant 198\.51\.100\.1: Connection refused \[errno 111, origin ICMP type 3 code 3 \(not authenticated\)\]'
check "exit status 31" test $status = 31
check "at once, not after a minute ($SECONDS s)" test $SECONDS -lt 10

title "a firewall between"
drop 'udp dport 500'
tunnel left ours retransmit-timeout=4s
run left ipsec auto --replace vpn.example.com
run left ipsec auto --up vpn.example.com
check "exit status 31" test $? = 31
for s in 0.5 1 2; do
	says "the page's line, $s s" "^010 \"vpn.example.com\" #[0-9]+: STATE_PARENT_I1: retransmission; will wait $s seconds for response"
done
finish
