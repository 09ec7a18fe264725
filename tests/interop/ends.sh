# shellcheck shell=bash disable=SC2034,SC2154 # names for those who source this; v is the caller's
# The two ends of a cell, for tests/interop/lane; sourced after tests/netns/lab.sh, some of whose words it
# makes cheaper: under User-Mode Linux a fork of bash takes 30 ms and a program as much again. We are left,
# the peer is right; KIND says what each is.

declare -A ASK ANSWER KIND SETUP
NAME=vpn.example.com
# of XAUTH; the hash is what openssl passwd -6 -salt lab says
USER_NAME=road PASSWORD="the password of road"
PASSWORD_HASH='$6$lab$FgZFGUEyUmyGuwhA5HH3gAgek5qxIDLQCugtpdpuVDtoiQGzmWl2FD3vbhr8LFQNv7y69OmGJiiF8by3YKtlV1'

# ---- commands ------------------------------------------------------------------

# In each host a shell waits for commands: one costs one program, which dash starts by vfork.
agents() {
	local h fd
	for h in $LAB_HOSTS; do
		mkfifo "$LAB/$h/ask" "$LAB/$h/answer"
		behind "$h" dash -c 'exec 3<>"$1/ask" 4<>"$1/answer"
			while read -r _ <&3; do . "$1/command" >"$1/said" 2>&1 </dev/null; echo $? >&4; done' agent "$LAB/$h"
		exec {fd}<>"$LAB/$h/ask"
		ASK[$h]=$fd
		exec {fd}<>"$LAB/$h/answer"
		ANSWER[$h]=$fd
	done
}
# tell HOST LINE: a line for its shell; what it says is in $OUT, its status ours
tell() {
	local status
	printf '%s\n' "$2" >"$LAB/$1/command"
	echo >&"${ASK[$1]}"
	read -r -t $((40 * ${LAB_SLOW:-1})) -u "${ANSWER[$1]}" status || { echo "$1 hangs: $2"; FAILED=1; finish; }
	IFS='' read -r -d '' OUT <"$LAB/$1/said"
	return "$status"
}
# ask HOST COMMAND...: quietly
ask() {
	local host=$1 word line=''
	shift
	for word; do line+="'${word//\'/\'\\\'\'}' "; done
	tell "$host" "$line"
}
run() {
	local status
	printf '%s# %s\n' "$1" "${*:2}"
	ask "$@"
	status=$?
	printf '%s' "$OUT"
	return $status
}
NEVER=$(mktemp -u)
mkfifo "$NEVER" && exec {NAP}<>"$NEVER" && rm "$NEVER"
nap() { ! read -r -t "$1" -u "$NAP"; }
wait_for() {
	local until=$((${EPOCHREALTIME/./} + $1 * 1000000 * ${LAB_SLOW:-1}))
	shift
	until "$@" >/dev/null 2>&1; do
		[ "${EPOCHREALTIME/./}" -lt "$until" ] || return 1
		nap 0.2
	done
}
file() { # file HOST PATH TEXT
	tell "$1" "umask 077; printf '%s' '${3//\'/\'\\\'\'}' >$2"
}

# ---- files ---------------------------------------------------------------------

# Who proves itself how is the same in every cell; in Main Mode a secret is found by addresses only, which a
# NAT changes.
secrets() {
	local text=": PSK \"$PSK\""$'\n'"@$USER_NAME : XAUTH \"$PASSWORD\""$'\n' ids
	for ids in "$LEFT $RIGHT" "$LEFT6 $RIGHT6" "@warrior.example.com @gateway.example.com" "@$LONG_LEFT @$LONG_RIGHT"; do
		text+="$ids : PSK \"$PSK\""$'\n'
	done
	for h in left right; do
		file $h /etc/ipsec.secrets "$text"
		ask $h mkdir -p /etc/ipsec.d
		file $h /etc/ipsec.d/passwd "$USER_NAME:$PASSWORD_HASH:$NAME"$'\n'
	done
}
# pair [LINE...]: both ends get their files and load them. A LINE is one of a conn of ipsec.conf, the same
# in both files, "KEYWORD=" to leave it out; "left:LINE", "right:LINE": in that end's file only;
# "libreswan:LINE" in Libreswan's; "swan:LINE" in strongSwan's connection, "child:LINE" in its child,
# "more:LINE" in its file. Libreswan's updown script is called where a case says "rightupdown=": it starts a
# dozen programs each time, and needs more time than all else.
pair() {
	local host
	for host in left right; do
		write $host "$@"
		must "$host loads it" load $host
	done
}
write() { # write HOST LINE...
	local host=$1 l conn='' k swan='' child='' more=''
	local -A v=()
	shift
	for l in left=$LEFT leftid=$LEFT leftsubnet=$LEFT_NET right=$RIGHT rightid=$RIGHT rightsubnet=$RIGHT_NET \
		rightupdown=%disabled "$@"; do
		[[ $l != left:* && $l != right:* || $l == "$host":* ]] || continue
		[[ $l != libreswan:* || ${KIND[$host]} = libreswan ]] || continue
		l=${l#"$host":} l=${l#libreswan:}
		case $l in
		swan:*) swan+="	${l#*:}"$'\n' ;;
		child:*) child+="		${l#*:}"$'\n' ;;
		more:*) more+="${l#*:}"$'\n' ;;
		*=) unset "v[${l%=}]" ;;
		*) v[${l%%=*}]=${l#*=} ;;
		esac
	done
	case ${KIND[$host]} in
	strongswan) swanctl_conf "$host" ;;
	*)
		for k in "${!v[@]}"; do conn+="	$k=${v[$k]}"$'\n'; done
		file "$host" /etc/ipsec.conf "config setup
	logfile=/var/log/pluto.log
${SETUP[$host]}
conn $NAME
$conn	authby=secret
	ikev2=$([ "$VERSION" = ikev1 ] && echo no || echo yes)
	auto=add
"
		;;
	esac
}
# The same for strongSwan, which is always right; a child for each pair of networks. In IKEv1 it has PFS only
# where the group is named, and says or takes no other group then.
swanctl_conf() {
	local remote=${v[left]} children='' l r ls=${v[leftsubnets]:-${v[leftsubnet]:-dynamic}} rs=${v[rightsubnets]:-${v[rightsubnet]:-dynamic}}
	if [ "$VERSION" = ikev1 ] && [ "${v[pfs]:-}" != no ]; then
		[[ $swan == *proposals* ]] || swan+="	proposals = aes256-sha256-modp2048"$'\n'
		[[ $child == *esp_proposals* ]] || child+="		esp_proposals = aes128-sha1-modp2048, aes256gcm16-modp2048"$'\n'
	fi
	SWAN_CHILDREN=()
	for l in ${ls//[\{\}]/}; do
		for r in ${rs//[\{\}]/}; do
			SWAN_CHILDREN+=("vpn${SWAN_CHILDREN:+${#SWAN_CHILDREN[@]}}")
			children+="	${SWAN_CHILDREN[-1]} {
		local_ts = $r${v[rightprotoport]:+[${v[rightprotoport]}]}
		remote_ts = $l${v[leftprotoport]:+[${v[leftprotoport]}]}
		mode = ${v[type]:-tunnel}
$child	}
"
		done
	done
	file "$1" /etc/swanctl/swanctl.conf "connections { vpn {
	version = ${VERSION#ikev}
	local_addrs = ${v[right]}
	remote_addrs = ${remote/defaultroute/any}
	local { auth = psk
		id = ${v[rightid]#@} }
	remote { auth = psk
		id = ${v[leftid]#@} }
$swan	children {
$children	}
} }
secrets { ike { secret = \"$PSK\" }
	xauth { id = $USER_NAME
		secret = \"$PASSWORD\" } }
$more"
}

# ---- what is done with them ------------------------------------------------------

STATUS=$LAB_BUILD/tests/interop/interop_status

load() {
	case ${KIND[$1]} in
	ours) ask "$1" ipsec auto --add $NAME ;;
	libreswan) ask "$1" /usr/libexec/ipsec/addconn --ctlsocket /run/pluto/pluto.ctl $NAME ;;
	strongswan) ask "$1" swanctl --load-all ;;
	esac
}
# unload HOST: its tunnels go away and the connection, too
unload() {
	case ${KIND[$1]} in
	ours) ask "$1" ipsec auto --delete $NAME ;;
	libreswan) ask "$1" /usr/libexec/ipsec/whack --delete --name $NAME ;;
	strongswan) ask "$1" "$STATUS" strongswan terminate ike=vpn force=yes timeout=5000 ;;
	esac
}
begin() { # begin HOST: it must come up, says the one who begins
	case ${KIND[$1]} in
	ours) run "$1" ipsec auto --up $NAME ;;
	libreswan) run "$1" /usr/libexec/ipsec/whack --initiate --name $NAME && [[ $OUT == *"established Child SA"* || $OUT == *"IPsec SA established"* ]] ;;
	strongswan)
		local child
		for child in "${SWAN_CHILDREN[@]}"; do run "$1" "$STATUS" strongswan initiate "child=$child" timeout=30000 || return; done
		;;
	esac
}
end() {
	case ${KIND[$1]} in
	ours) run "$1" ipsec auto --down $NAME ;;
	libreswan) run "$1" /usr/libexec/ipsec/whack --terminate --name $NAME ;;
	strongswan) run "$1" "$STATUS" strongswan terminate ike=vpn timeout=30000 ;;
	esac
}
# In IKEv1 Libreswan refuses to be told: another Phase 2 is what it makes when it is to bring up what is up, another
# Phase 1 when its time is over, which a case must see to. From then on it is to be up, so that only Libreswan can end it:
# in HAS_ITS_WAY.
rekey() { # rekey HOST child|ike
	case ${KIND[$1]} in
	ours) run "$1" ipsec "rekey-$2" $NAME ;;
	libreswan)
		case $VERSION-$2 in
		ikev2-*) run "$1" /usr/libexec/ipsec/whack "--rekey-${2/child/ipsec}" --name $NAME ;;
		ikev1-child)
			HAS_ITS_WAY=$1
			run "$1" /usr/libexec/ipsec/whack --initiate --name $NAME
			;;
		esac
		;;
	strongswan) run "$1" "$STATUS" strongswan rekey "$2=vpn" ;;
	esac
}
# sas HOST: its Child SAs in CHILDREN, what they carried in IN and OUT_BYTES
sas() {
	local line
	CHILDREN=0 IN=0 SENT=0
	case ${KIND[$1]} in
	ours) ask "$1" "$STATUS" trafficstatus ;;
	libreswan) ask "$1" /usr/libexec/ipsec/whack --trafficstatus ;;
	strongswan) ask "$1" "$STATUS" strongswan list-sas ;;
	esac
	while read -r line; do
		if [[ $line =~ inBytes=([0-9]+),\ outBytes=([0-9]+) ]]; then
			CHILDREN=$((CHILDREN + 1)) IN=$((IN + BASH_REMATCH[1])) SENT=$((SENT + BASH_REMATCH[2]))
		elif [[ $line = state=INSTALLED ]]; then CHILDREN=$((CHILDREN + 1))
		elif [[ $line = bytes-in=* ]]; then IN=$((IN + ${line#*=}))
		elif [[ $line = bytes-out=* ]]; then SENT=$((SENT + ${line#*=})); fi
	done <<<"$OUT"
}
has() { sas "$1" && [ $CHILDREN = "$2" ]; } # has HOST COUNT: so many Child SAs
# keys HOST ike|child: in KEYS what tells its IKE SA or its Child SAs from others; in IKEv1 the newest, since
# those that were rekeyed may stay till their end
keys() {
	local line state=
	KEYS=
	case ${KIND[$1]} in
	ours) ask "$1" "$STATUS" showstates ;;
	libreswan) ask "$1" /usr/libexec/ipsec/whack --showstates ;;
	strongswan) ask "$1" "$STATUS" strongswan list-sas ;;
	esac
	while read -r line; do
		[[ $line != state=* ]] || state=${line#*=}
		[[ $2 = child || ! $line =~ (#[0-9]+):.*(ESTABLISHED_IKE_SA|STATE_(MAIN|AGGR|XAUTH|MODE_CFG)_.*newest) &&
			! $state,$line =~ ^ESTABLISHED,initiator-spi=(.*) ]] &&
			[[ $2 = ike || ! $line =~ (#[0-9]+):.*(ESTABLISHED_CHILD_SA|STATE_QUICK_[IR]2.*newest) &&
				! $state,$line =~ ^INSTALLED,spi-in=(.*) ]] ||
			KEYS+="${BASH_REMATCH[1]} "
	done <<<"$OUT"
}
