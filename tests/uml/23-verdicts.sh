#!/bin/bash
# 23-verdicts.sh libreswan|strongswan ikev1|ikev2 [CASE...]: what people know to go wrong, between us (left) and Libreswan
# (right), each end beginning once (with strongSwan it is tested without a kernel's ESP, but for what the kernel loses): the verdict is right, claims no more than it may and comes in time; and what is printed as the
# fix for either end, applied there as it is printed, brings the tunnel up.
# In a tunnel that is up, who began it matters little: we in IKEv2, the peer in IKEv1. A healthy tunnel has no finding.
# A verdict is a row of $OUT/23-verdicts-PEER-VERSION.tsv: class, peer, role, rank, certainty, seconds, fix.
# shellcheck source=tests/uml/gold.sh
. "$(dirname "$0")/gold.sh"
OTHER="quite another lab secret, also long enough"
SETUP=([left]="	ikev1-policy=accept"$'\n' [right]="	ikev1-policy=accept"$'\n')
PEER=$1 VERSION=$2
shift 2
CASES=" $* "
ROWS=${OUT:-$LAB_BUILD}/23-verdicts-$PEER-$VERSION.tsv
: >"$ROWS"
OUT=
UNSURE= # what is wanted is not what is wrong: from here it looks the same
ENDS=("ikev2=$([ $VERSION = ikev1 ] && echo no || echo yes)") # what both have in each case
if [ "$PEER" = strongswan ]; then
	SWAN[version]=${VERSION#ikev} SWAN_CHILDREN=(vpn)
	ENDS+=(pfs=no) # as it has it
fi

# ---- verdicts --------------------------------------------------------------------

# Events -> class, certainty and cause at rank 1, seconds from what decides it (a packet, or what was sent last); its fixes.
# shellcheck disable=SC2016 # jq's
VERDICT='map(select(.event)) |
	def ours: test("^(conn|local|probe|diag|found|request|secrets?|load|config|service|log)_|_(initiate|initiating|retransmit|deleting)$");
	map(select(.event == "diag_finding" or .event == "found_finding")) as $found |
	($found | map(select(.rank == 1)) | .[0]) as $f |
	if $f == null then "none\tnone\t\t-" else
		(map(select(.time <= $f.time and (.event | ours | not))) | max_by(.time)) as $decides |
		"\($f.class)\t\($f.certainty)\t\($f.cause)\t\(if $f.event == "diag_finding" and $decides then $f.time - $decides.time | . * 1000 | round / 1000 else "-" end)",
		(.[] | select((.event == "diag_fix" or .event == "found_fix") and .class == $f.class) | "\(.where)\t\(.kind)\t\(.text)")
	end'
declare -A SURE=([possible]=1 [likely]=2 [certain]=3 [none]=9)
# wants CLASS CERTAINTY FILE: what the file has at rank 1; its fixes are in FIXES
wants() {
	local class certainty cause took rank=1
	jq -rs "$VERDICT" "$3" 2>/dev/null | awk '!seen[$0]++' >"$LAB/picked"
	mapfile -t FIXES <"$LAB/picked"
	IFS=$'\t' read -r class certainty cause took <<<"${FIXES[0]:-}"
	FIXES=("${FIXES[@]:1}")
	printf 'left: %s\n' "$cause"
	check "$ROLE, $VERSION, $WHAT: $1, at most $2: $class, $certainty" \
		[ "$class" = "$1" -a "${SURE[$certainty]}" -le "${SURE[$2]}" ]
	# 2 s, or 3 s of silence; the machine below is slow
	[ "${took:=-}" = - ] || check "in time: $took s" in_time "$took"
	[ "$class" = "$1" ] || rank=-
	[ -n "$UNSURE" ] || printf '%s\t%s\t%s\t%s\t%s\t%s\tn/a\n' "$1" "$PEER" "$ROLE" "$rank" "$certainty" "$took" >>"$ROWS"
}
in_time() { [ "${1%.*}" -lt 3 ]; }
row_fix() { sed -i "\$s|[^\t]*\$|$1|" "$ROWS"; }
# we CLASS CERTAINTY [COMMAND...]: we begin
we() {
	local want=$1 sure=$2
	shift 2
	[ $# -gt 0 ] || set -- timeout 8 ipsec --json up $NAME
	ROLE=${BEGAN:-initiator}
	printf 'left# %s\n' "$*"
	ask left "$@"
	wants "$want" "$sure" "$LAB/left/said"
}
# they CLASS CERTAINTY: the peer begins
they() {
	local first=(/usr/libexec/ipsec/whack --asynchronous --initiate --name $NAME)
	[ "$PEER" != strongswan ] || first=("$STATUS" strongswan initiate child=vpn timeout=3000)
	ROLE=responder
	printf 'right# %s\n' "${first[*]}"
	tell left 'ipsec --json events >/run/heard 2>/dev/null </dev/null & echo $! >/run/hearing; sleep 0.5'
	ask right "${first[@]}"
	wait_for 3 grep -q '"diag_f[a-z]*"' "$LAB/left/run/heard"
	nap 0.3
	tell left 'kill $(cat /run/hearing)'
	ask left ipsec --json status
	check "ipsec status has it" grep -q "\"found_finding\".*\"$1\"" "$LAB/left/said"
	# what is found already is no news
	if grep -q '"diag_finding"' "$LAB/left/run/heard"; then wants "$1" "$2" "$LAB/left/run/heard"
	else wants "$1" "$2" "$LAB/left/said"; fi
}

# ---- fixes -----------------------------------------------------------------------

# again: both ends anew; no MTU was learned here, which gold.sh has to forget
again() {
	local h
	# a peer that still tries would find us without the connection
	for h in right left; do
		reread $h
		unload $h
	done
	for h in left right; do check "$h loads it" load $h; done
}
reread() { # reread HOST: its secrets; Libreswan's command is a script that starts a dozen programs
	case ${KIND[$1]} in
	ours) ask "$1" ipsec rereadsecrets ;;
	libreswan) ask "$1" /usr/libexec/ipsec/whack --rereadsecrets ;;
	esac
}
reload() { # reload HOST
	unload "$1"
	check "$1 loads it" load "$1"
}
# apply here|peer: the fixes for this end, or for the peer in ipsec.conf's words, as they are printed
apply() {
	local where kind text host=left key n=0 again=
	[ "$1" = here ] || host=right
	for text in "${FIXES[@]}"; do
		IFS=$'\t' read -r where kind text <<<"$text"
		case $1-$where-$kind in
		*-words) continue ;;
		here-here-* | peer-*ipsec.conf*) ;;
		*) continue ;;
		esac
		printf '%s# fix (%s): %s\n' $host "$kind" "$text"
		n=$((n + 1))
		case $kind in
		command) ask $host sh -c "${text#run: }" ;;
		conn)
			text=${text##*write: } key=${text%%=*}
			[ "$key" != keyexchange ] || key=ikev2 # two words for it
			ask $host sed -i -e "/^[[:space:]]*$key=/d" -e "/^conn vpn/a\\	$text" /etc/ipsec.conf
			again=1
			;;
		"config setup")
			text=${text##*write: } key=${text%%=*}
			ask $host sed -i -e "/^[[:space:]]*$key=/d" -e "/^config setup/a\\	$text" /etc/ipsec.conf
			;;
		ipsec.secrets) # the secret is not the program's to know
			text=${text##*write: }
			file $host /etc/ipsec.secrets "${text/\"...\"/\"$PSK\"}"$'\n'
			reread $host
			;;
		esac
	done
	check "there is a fix for $host" [ $n -gt 0 ]
	[ -z "$again" ] || reload $host
	# it tries with long pauses
	[ $host = right ] || [ "$ROLE" = initiator ] || has left 1 || reload right
}
# cured: it comes up, carries packets, and nothing is found any more
cured() {
	local before=$FAILED from=left
	[ "$ROLE" = initiator ] || from=right
	has $from 1 || check "$ROLE, $VERSION, $WHAT: it comes up" begin $from
	check "$ROLE, $VERSION, $WHAT: cured" answered lpc $RPC
	wait_for 2 nothing || { grep '"found_finding"' "$LAB/left/said"; bad "nothing is found any more"; }
	if [ "$FAILED" = "$before" ]; then row_fix works; else row_fix FAILED; fi
}
nothing() { ask left ipsec --json status && ! grep -q '"found_finding"' "$LAB/left/said"; }
answered() { run "$1" ping -q -c 2 -i 0.2 -w 20 "${@:2}" && [[ $OUT == *", 2 received"* ]]; }
# fault WHAT LINE...: both ends anew, with a fault
fault() {
	WHAT=$1
	title "$VERSION: $1"
	both "${ENDS[@]}" rightupdown=%disabled "${@:2}"
	ask left rm -rf /var/lib/clearswan # as if it had never worked
	again
}

# ---- the cases -------------------------------------------------------------------

healthy() {
	for ROLE in initiator responder; do
		fault "healthy"
		cured
		check "ipsec diagnose finds nothing" ask left ipsec diagnose $NAME
	done
}
psk() {
	local class=psk-mismatch-v1 sure=likely
	[ $VERSION = ikev1 ] || class=psk-mismatch-v2 sure=certain
	SECRET[left]=$OTHER
	fault "the secrets differ"
	we $class likely
	apply here
	cured
	fault "the secrets differ"
	they $class $sure
	apply here
	cured
	SECRET=([right]="$OTHER")
	fault "the secrets differ, there"
	we $class likely
	apply peer
	cured
	SECRET=()
}
ike() {
	local lines=("left:ike=aes256-sha2_256;dh14" "right:ike=aes128-sha1;dh15")
	# our defaults in IKEv2 have no SHA-1
	if [ $VERSION = ikev2 ]; then fault "IKE algorithms, our defaults" "${lines[1]}"
	else fault "IKE algorithms" "${lines[@]}"; fi
	we ike-proposal-mismatch likely
	apply peer
	cured
	fault "IKE algorithms" "${lines[@]}"
	they ike-proposal-mismatch certain
	apply here
	cured
}
esp() {
	fault "ESP algorithms" left:esp=aes_gcm256 right:esp=aes128-sha1
	we esp-proposal-mismatch likely
	apply peer
	cured
	fault "ESP algorithms" left:esp=aes_gcm256 right:esp=aes128-sha1
	they esp-proposal-mismatch certain
	apply here
	cured
}
pfs() {
	[ $VERSION = ikev1 ] || return 0
	fault "PFS" left:pfs=no left:esp=aes128-sha1 right:pfs=yes "right:esp=aes128-sha1;dh14"
	we esp-proposal-mismatch likely
	apply peer
	cured
	fault "PFS" left:pfs=yes "left:esp=aes128-sha1;dh14" right:pfs=no right:esp=aes128-sha1
	they esp-proposal-mismatch certain
	apply here
	cured
}
ts() {
	local class=ts-mismatch-v${VERSION#ikev}
	fault "networks" right:rightsubnet=10.0.3.0/24
	we $class likely
	apply peer
	cured
	fault "networks" left:rightsubnet=10.0.3.0/24
	they $class certain
	apply here
	cured
}
# strongSwan has ranges where the kernel does ESP.
range() {
	[ "$PEER" = strongswan ] || return 0
	SWAN[net]=10.0.2.10-10.0.2.77
	fault "the peer has a range"
	they non-cidr-selector certain
	apply here
	cured
	fault "the peer has a range"
	they non-cidr-selector certain
	check "what is to be done there" grep -q "write the networks as networks" "$LAB/left/said"
	unset "SWAN[net]"
	both "${ENDS[@]}"
	reload right
	cured
}
# The secret is the first that is found, the algorithms are right behind it.
two() {
	SECRET[left]=$OTHER
	fault "secrets and ESP algorithms" left:esp=aes_gcm256 right:esp=aes128-sha1
	we psk-mismatch-v${VERSION#ikev} likely
	apply here
	SECRET=()
	we esp-proposal-mismatch likely
	apply peer
	cured
}
# Libreswan refuses IKEv2 with the notification of other algorithms, and says nothing to IKEv1.
version() {
	local other=yes
	[ $VERSION = ikev1 ] || other=no
	fault "versions" right:ikev2=$other
	UNSURE=1
	if [ $VERSION = ikev1 ]; then we ike-udp500-blocked possible; else we ike-proposal-mismatch likely; fi
	UNSURE=
	check "the version is named" grep -q '"diag_suspect".*ike-version-mismatch' "$LAB/left/said"
	fault "versions" left:ikev2=$other
	they ike-version-mismatch certain
	apply here
	cured
}
# IKEv1 is off until a connection asks for it; the one for that address is for IKEv2, so the versions differ.
off() {
	[ $VERSION = ikev2 ] || return 0
	SETUP[left]=''
	fault "IKEv1 is off here" right:ikev2=no
	ask left ipsec restart
	they ike-version-mismatch certain
	apply peer
	cured
	SETUP[left]="	ikev1-policy=accept"$'\n'
}
silence() {
	fault "IKE is dropped"
	drop udp dport 500
	we ike-udp500-blocked possible
	no_drop
	end left
	cured
}
nobody() {
	fault "nobody listens"
	stop right libreswan
	we peer-not-listening-icmp certain
	start right libreswan
	cured
}
unloaded() {
	fault "not loaded"
	unload left
	we conn-not-loaded-or-daemon-down certain
	apply here
	cured
	fault "not loaded"
	unload left
	they conn-not-loaded-or-daemon-down certain
	check "loaded, as it says" ask left ipsec add $NAME
	reload right # it tries with long pauses
	cured
}
# The peer's algorithms are others than yesterday.
drifted() {
	local worked="ike=aes256-sha2_256;dh14"
	fault "an update" "$worked"
	ROLE=initiator
	cured
	end left
	ask right sed -i "s/ike=.*/ike=aes128-sha1;dh15/" /etc/ipsec.conf
	reload right
	if [ $VERSION = ikev2 ]; then
		we defaults-changed-by-upgrade likely
		apply peer
	else
		they defaults-changed-by-upgrade certain
		apply here
	fi
	cured
}
# what is wrong while the tunnel is up
is_up_by() {
	ROLE=initiator
	[ $VERSION = ikev2 ] || ROLE=responder
	cured
}
# found CLASS CERTAINTY [COMMAND...]: whoever began
found() {
	local began=$ROLE
	BEGAN=$ROLE we "$@"
	ROLE=$began
}
esp_dropped() {
	fault "ESP is dropped"
	is_up_by
	title "$VERSION: ESP is dropped on the way"
	ask router iptables-legacy -I FORWARD -p esp -j DROP
	found esp-blocked likely ipsec --json diagnose $NAME
	ask router iptables-legacy -F FORWARD
	cured
	title "$VERSION: ESP is dropped here"
	ask left iptables-legacy -I INPUT -p esp -j DROP
	found esp-blocked certain ipsec --json diagnose $NAME
	ask left iptables-legacy -F INPUT
	cured
}
nat_rule() {
	fault "NAT before IPsec" left:nat-exempt=no
	is_up_by
	ask left iptables-legacy -t nat -I POSTROUTING -o eth0 -j MASQUERADE
	refuses "it carries nothing now" ask lpc ping -q -c 2 -i 0.2 -W 1 $RPC
	found nat-before-ipsec certain ipsec --json diagnose $NAME
	apply here
	cured
	ask left iptables-legacy -t nat -F POSTROUTING
}
lost_one() {
	local spi
	fault "the kernel has lost an SA"
	is_up_by
	ask left ip xfrm state list dst 192.0.2.1
	[[ $OUT =~ spi\ (0x[0-9a-f]+) ]] && spi=${BASH_REMATCH[1]}
	ask left ip xfrm state delete src 198.51.100.1 dst 192.0.2.1 proto esp spi "$spi"
	nap 1
	found sad-desync certain ipsec --json status
	ROLE=initiator apply here # it has come back by itself: nobody has to try anew
	check "it carries packets again" answered lpc $RPC
	row_fix works
	anew
}
# anew: what was taken out is told of for a quarter of an hour
anew() {
	ask left ipsec stop
	ask left ipsec start
}
flushed() {
	fault "the kernel has lost all"
	is_up_by
	ask left ip xfrm state flush
	nap 1
	found foreign-xfrm-writer certain ipsec --json status
	check "it carries packets again" answered lpc $RPC
	anew
}
# Another strongSwan here, for whom systemd is a stand-in: a group of processes and who ends it. It has a tunnel of the
# same networks, and takes its policies in and out all the time.
second_daemon() {
	local group=/sys/fs/cgroup/system.slice/strongswan-starter.service
	tell left "mountpoint -q /sys/fs/cgroup || mount -t cgroup2 none /sys/fs/cgroup; mkdir -p $group"
	file left /run/systemctl "#!/bin/sh
[ \"\$1 \$2 \$3\" = 'disable --now strongswan-starter.service' ] || exit 1
kill \$(cat $group/cgroup.procs)
while grep -q . $group/cgroup.procs; do sleep 0.1; done"
	tell left 'chmod 755 /run/systemctl; mount --bind /run/systemctl /usr/bin/systemctl'
	file left /etc/strongswan.d/lab.conf "charon { port = 0
	port_nat_t = 0
	plugins { kernel-libipsec { load = no } } }"
	file left /etc/swanctl/swanctl.conf "connections { old {
	local_addrs = 192.0.2.1
	remote_addrs = 198.51.100.1
	local { auth = psk }
	remote { auth = psk }
	children { old { local_ts = 10.0.1.0/24
		remote_ts = 10.0.2.0/24 } }
} }"
	# the first process is its parent, as of each service's own
	tell left "(setsid sh -c 'echo \$\$ >$group/cgroup.procs; exec /usr/lib/ipsec/charon' >/dev/null 2>&1 </dev/null &)"
	wait_for 30 ask left test -S /run/charon.vici
	check "a second daemon is there" ask left swanctl --load-conns
	tell left 'while swanctl --install --child old && swanctl --uninstall --child old; do sleep 1; done >/dev/null 2>&1 </dev/null &'
}
# taken: how often policies of ours were, in TAKEN
taken() {
	ask left grep -c "somebody.* took our" /var/log/ike.log
	TAKEN=$((OUT))
}
taken_again() { taken && [ $TAKEN -gt "$1" ]; }
writer() {
	local seen
	fault "another daemon has the same policies"
	is_up_by
	second_daemon
	check "it takes ours out" wait_for 5 taken_again 0
	check "again and again" wait_for 5 taken_again $((TAKEN + 3))
	found foreign-xfrm-writer certain ipsec --json status
	check "it is named" grep -q "another program (charon, process [0-9]* of strongswan-starter.service)" "$LAB/left/said"
	ROLE=initiator apply here # the tunnel is there: nobody has to try anew
	taken
	seen=$TAKEN
	check "it has ended" ask left sh -c '! kill -0 "$(cat /run/charon.pid)"'
	check "it carries packets" answered lpc $RPC
	nap 3
	check "it carries packets still" answered lpc $RPC
	taken
	if [ $TAKEN = "$seen" ]; then row_fix works; else bad "nothing is taken out any more"; fi
	ask left umount /usr/bin/systemctl
	anew
}
# The kernel could do AES-GCM when the daemon began, and now its module (of the whole machine) is not to be had. The peer
# has the same kernel, and so does its ESP itself from then on: this is the last case.
no_gcm() {
	echo "install gcm /bin/false" >/etc/modprobe.d/lab.conf
	check "the module can go" wait_for 5 modprobe -r gcm
}
other_kernel() {
	[ "$PEER" = strongswan ] || return 0
	local edit='s/"kernel":"[^"]*"/"kernel":"6.1.0-30-amd64"/'
	stop right strongswan
	SS_ESP='' start right strongswan
	SWAN[child]="esp_proposals = aes256gcm16"
	if [ $VERSION = ikev2 ]; then
		fault "the kernel lacks an algorithm" left:esp=aes_gcm256
		no_gcm
		we kernel-lacks-esp certain
		apply here
		cured
		rm /etc/modprobe.d/lab.conf
		end left
	fi
	fault "another kernel" left:esp=aes_gcm256
	[ $VERSION = ikev1 ] || anew
	is_up_by
	end left
	check "the record is edited" wait_for 5 ask left sed -i "$edit" /var/lib/clearswan/last-good/$NAME.json
	no_gcm
	reload left
	if [ $VERSION = ikev2 ]; then we kernel-regression likely; else they kernel-regression likely; fi
	check "it says what was, and what is" grep -q "it was Linux 6.1.0-30-amd64, and $(uname -r) now, which refuses it" "$LAB/left/said"
	apply here
	cured
}
log_lost() {
	[ $VERSION = ikev2 ] || return 0 # a tunnel of IKEv1 ends when the daemon is started again
	local from
	for from in left right; do
		fault "nothing can be written to the log"
		ask left sed -i 's,logfile=.*,logfile=/dev/full,' /etc/ipsec.conf
		ask left ipsec stop
		ask left ipsec start
		check "it comes up" begin $from
		ROLE=initiator
		[ $from = left ] || ROLE=responder
		found log-evidence-missing certain ipsec --json status
		apply here
		check "the tunnel has stayed" answered lpc $RPC
		wait_for 5 nothing || bad "nothing is found any more"
		check "the log is there" test -s "$LAB/left/log/pluto.log"
	done
}

lab_up
agents
both "${ENDS[@]}"
start right "$PEER"
start left ours
for c in healthy psk ike esp pfs ts range two version off silence nobody unloaded drifted esp_dropped nat_rule lost_one flushed writer log_lost other_kernel; do
	[[ $CASES != "  " && $CASES != *" $c "* ]] || $c
done
finish
