#!/bin/bash
# 24-commands.sh: every command in both spellings, as lines and as JSON, each with its exit status; and
# what other programs look for: NetworkManager, Open vSwitch, OVN, netdata, sosreport, exporters.
. "$(dirname "$0")/lab.sh"
C=vpn.example.com

# ends STATUS COMMAND...
ends() {
	local want=$1 status
	shift
	run left "$@"
	status=$?
	[ $status = "$want" ] || echo "it is $status"
	check "exit status $want" test $status = "$want"
}
# json STATUS ipsec ...: each line is an object, the last is request_done with the exit status, and
# nothing stands on standard error
json() {
	local want=$1 status
	shift
	on left "$@" --json >"$LAB/json" 2>"$LAB/err" </dev/null
	status=$?
	# shellcheck disable=SC2016 # $want is jq's
	if [ $status = "$want" ] && [ ! -s "$LAB/err" ] && jq -es --argjson want "$want" \
		'all(type == "object") and (last | .event == "request_done" and .exit == $want)' \
		"$LAB/json" >/dev/null; then
		ok "$* --json: exit status $want, $(wc -l <"$LAB/json") objects"
	else
		bad "$* --json: exit status $status, wanted $want"
		cat "$LAB/json" "$LAB/err"
	fi
}
# both STATUS COMMAND...: as lines and as JSON
both() { ends "$@" && json "$@"; }
# matches WHAT PYTHON-REGEX [GROUP-1]: in the output of the last run, as the other program has it
matches() {
	check "$1" python3 -c 'import re, sys
m = re.search(sys.argv[1], sys.argv[2])
sys.exit(not m or (len(sys.argv) > 3 and m.group(1) != sys.argv[3]))' "$2" "$OUT" "${@:3}"
}
# post VERB BODY: straight to the control socket; gives the HTTP status
post() {
	on left curl -s -o /run/answer -w '%{http_code}' --unix-socket /run/pluto/pluto.ctl \
		-d "$2" "http://ipsec/v1/$1"
}
# asked STATUS VERB BODY
asked() {
	local status
	status=$(post "$2" "$3")
	[ "$status" = "$1" ] || echo "it is $status"
	check "POST $2 $3: $1" test "$status" = "$1"
}

lab_up
tunnel left ours
tunnel right ours

title "what needs no daemon"
both 0 ipsec --version
matches "Open vSwitch finds the version" '^Libreswan v?(.*)$'
check "a script that cuts it finds 4.10" test "$(sed -e 's/.*Libreswan U\?//' -e 's/ (.*//' <<<"$OUT")" = 4.10
both 0 ipsec versioncode
both 0 ipsec help
both 0 ipsec --directory
says "the helpers" '^/usr/libexec/ipsec$'
both 0 ipsec fipsstatus
says "as Libreswan" '^000 FIPS mode disabled$'
both 0 ipsec checkconfig
both 0 ipsec addconn --checkconfig
both 0 /usr/libexec/ipsec/addconn --config /etc/ipsec.conf --checkconfig
both 0 ipsec algparse ike=aes256-sha2_256-dh19
both 3 ipsec algparse ike=aes999
both 2 ipsec algparse
both 0 ipsec readwriteconf --conn $C
says "its connection" "^conn $C"
both 21 ipsec readwriteconf --conn nosuch
both 0 ipsec checknss --nssdir /nowhere
both 0 ipsec --stopnflog
both 0 /usr/libexec/ipsec/_stackmanager start
ends 0 ipsec pluto --version
ends 0 ipsec whack --debug help
says "classes of debug events" '^updown '

title "wrong words"
both 2 ipsec
both 2 ipsec up
both 2 ipsec up a b
both 2 ipsec trafficstatsu
says "the nearest word" 'did you mean "trafficstatus"\?'
both 2 ipsec auto --trafficstatsu
says "with dashes too" 'did you mean "trafficstatus"\?'
both 2 ipsec whack --initate --name $C
says "and in whack's spelling" 'did you mean "initiate"\?'
both 2 ipsec up $C --asynchronos
says "an option" 'did you mean "--asynchronous"\?'
both 2 ipsec whack --fetchcrls
says "what there is instead" 'not part of this version: certificates come'
both 2 ipsec debug bass
says "a class" 'did you mean "base"\?'
both 2 ipsec delete-sa x
both 3 ipsec add $C --config /nowhere

title "the daemon does not run"
for words in "auto --up $C" "up $C" "auto --status" status "whack --status" trafficstatus "whack --trafficstatus" \
	"auto --ready" rereadsecrets "whack --shutdown" "reload" "debug all" "events" "listall"; do
	# shellcheck disable=SC2086
	both 33 ipsec $words
	says "the next step" 'Pluto is not running \(no "/run/pluto/pluto.ctl"\).*ipsec start'
done
both 0 ipsec stop
both 0 ipsec --dry-run start
says "the command" '^ipsec start$'
refuses "and does nothing" on left ipsec briefstatus

title "the service"
start right ours
json 0 ipsec start
ends 0 ipsec start
says "twice is no mistake" '^ipsec is already running'
both 0 ipsec restart
ends 4 setpriv --reuid 65534 --clear-groups ipsec status
ends 4 setpriv --reuid 65534 --clear-groups ipsec stop

title "connections"
for words in "auto --add $C" "add $C" "auto --replace $C" "replace $C" "whack --name $C --route" "auto --unroute $C" \
	"ondemand $C" "unroute $C" "auto --up $C" "up $C" "auto $C up" "whack --initiate --name $C" \
	"--async up $C" "auto --asynchronous --up $C"; do
	# shellcheck disable=SC2086
	both 0 ipsec $words
done
check "it is up" is_up left ours
for words in "add nosuch" "replace nosuch" "up nosuch" "down nosuch" "route nosuch" "unroute nosuch" "ondemand nosuch" \
	"start nosuch" "delete nosuch" "rekey-ike nosuch" "rekey-child nosuch" "trafficstatus nosuch" \
	"connectionstatus nosuch" "delete-sa 999"; do
	# shellcheck disable=SC2086
	both 21 ipsec $words
	says "021" '^021 '
done
ends 0 ipsec --showonly --up $C
says "the command" "^ipsec up '$C'$"

title "seeing"
ping_through 3 >/dev/null
for words in status "auto --status" "whack --status" briefstatus connectionstatus "connectionstatus $C" showstates \
	"whack --showstates" trafficstatus "traffic" "trafficstatus $C" "whack --trafficstatus --name $C" \
	globalstatus shuntstatus addresspoolstatus listall "whack --listall" "--rundir /run/pluto briefstatus"; do
	# shellcheck disable=SC2086
	json 0 ipsec $words
done
run left ipsec status
says "a name for each interface" '^000 interface eth0 UDP 192\.0\.2\.1:4500$'
says "the configured log file" '^000 logfile=/var/log/pluto\.log$'
says "no debugging" '^000 debug: none$'
says "networks' bits" "^000 \"$C\":   conn_prio: 24,24; "
says "algorithms" "^000 \"$C\":   ESP algorithm newest: AES_GCM_16_256-NONE; pfsgroup=<Phase1>$"
matches "Open vSwitch sees it loaded" '"(.*)": [0-9a-f]+.*(?:===|\.\.\.).*' "$C"
matches "Open vSwitch sees it active" '#\d+: .*"(.*)".*esp[.:][0-9a-f]+@.*' "$C"
matches "netdata sees it established" '000 #\d+: "([^"]+)".*established' "$C"
run left ipsec whack --trafficstatus
matches "netdata counts" '006 #\d+: "([^"]+)", type=ESP, add_time=\d+, inBytes=252, outBytes=252' "$C"
matches "exporters count" "#\d+: \"(.*?)\".*, add_time=\d+, inBytes=\d+, outBytes=\d+, id='198.51.100.1'" "$C"
run left ipsec whack --listall
says "secrets, not their values" "^000     1: PSK $LEFT $RIGHT$"
refuses "no value" grep -q lab <<<"$OUT"
run left ipsec globalstatus
says "totals" '^total\.ike\.ikev2\.established=1$'

title "SAs"
both 0 ipsec rekey-child $C
ends 0 ipsec whack --rekey-child --name $C
says "it says what comes of it" "^004 \"$C\" #[0-9]+: initiator rekeyed Child SA #[0-9]+"
ends 0 ipsec whack --rekey-ike --name $C
says "it says what comes of it" "^004 \"$C\" #[0-9]+: initiator rekeyed IKE SA #[0-9]+"
check "traffic passes" ping_through 2
json 0 ipsec delete-sa "$(on left ipsec trafficstatus | grep -oE '#[0-9]+')"
check "it is not up any more" is_down left ours
both 21 ipsec rekey-child $C

title "debugging"
for words in "debug all" "debug none base" "whack --debug no-base --debug routing" "whack --debug crypt --no-debug routing"; do
	# shellcheck disable=SC2086
	both 0 ipsec $words
done
says "what is set now" '^002 debug: crypt$'
run left ipsec status
says "status says it too" '^000 debug: crypt$'
ends 0 ipsec debug none routing
up left ours >/dev/null
down left ours >/dev/null
OUT=$(on left cat /var/log/pluto.log)
says "the class that was asked for" 'added route 10\.0\.2\.0/24'
refuses "no other class" grep -q 'ESTABLISHED ->' <<<"$OUT"
ends 0 ipsec debug none

title "how other programs call it"
put left /etc/nm.conf <<X
conn nm
	left=%defaultroute
	right=$RIGHT
	rightsubnet=$RIGHT_NET
	authby=secret
	ikev2=yes
X
ends 0 bash -c 'ipsec auto --replace --config - nm </etc/nm.conf' # NetworkManager
says "from standard input" '^002 added connection description "nm"$'
ends 0 ipsec delete nm
ends 0 ipsec auto --ctlsocket /run/pluto/pluto.ctl --config /etc/ipsec.conf --rereadsecrets # Open vSwitch
SECONDS=0
drop 'udp dport 500'
both 0 ipsec auto --ctlsocket /run/pluto/pluto.ctl --config /etc/ipsec.conf --start --asynchronous $C
check "it does not wait for the tunnel ($SECONDS s)" test $SECONDS -lt 3
no_drop
check "which comes up" wait_for 10 is_up left ours
both 0 ipsec status --ctlsocket /run/pluto/pluto.ctl
both 0 /usr/libexec/ipsec/whack --status
both 0 ipsec setup status
for words in listen "auto --ready" "auto --rereadsecrets" secrets "auto --rereadall" reload "addconn --autoall" "addconn $C"; do
	# shellcheck disable=SC2086
	both 0 ipsec $words
done
on left timeout 2 ipsec events --json >"$LAB/events" &
sleep 0.7
both 0 ipsec auto --down $C
wait $!
check "events tell of it" jq -es 'any(.event == "conn_terminating")' "$LAB/events"

title "what up says when it cannot"
put left /etc/more.conf <<X
conn any
	left=$LEFT
	right=%any
	authby=secret
	ikev2=yes
conn elsewhere
	left=203.0.113.1
	right=203.0.113.2
	authby=secret
	ikev2=yes
X
for c in any elsewhere; do ends 0 ipsec add $c --config /etc/more.conf; done
both 29 ipsec up any
says "the line" 'cannot initiate connection without knowing peer IP address'
both 22 ipsec up elsewhere
says "the line" 'we cannot identify ourselves with either end of this connection'
both 2 ipsec up any --remote-host nowhere
put left /etc/ipsec.secrets <<<"@someone @else : PSK \"$PSK\""
ends 0 ipsec rereadsecrets
both 32 ipsec up $C
says "the line" "^003 .*no PSK found for '$LEFT' and '$RIGHT'"
tunnel left ours
ends 0 ipsec rereadsecrets

title "the control socket, without our command"
asked 200 trafficstatus ''
check "objects" on left jq -es 'last | .event == "request_done" and .exit == 0' /run/answer
asked 404 nosuch '{}'
asked 400 up '{}'
asked 400 up '{"nom": "x"}'
asked 400 up '{"name": 5}'
asked 400 up 'name=x'
asked 400 delete-sa '{"serial": 0}'
check "with a reason" on left jq -e '.error == "serial is not the number of an SA"' /run/answer
check "and the daemon is well" on left ipsec briefstatus

title "the end"
json 0 ipsec whack --delete --name $C
json 0 ipsec whack --shutdown
both 33 ipsec whack --shutdown
refuses "no device is left" run left ip link show ipsec0
finish
