# shellcheck shell=bash disable=SC2034 # names for those who source this
# The lab of the network tests; sourced by them. Hosts are network namespaces:
#
#   lpc ------ left ======== router ======== right ------ rpc
#   10.0.1.33  .1  192.0.2.1 .254   .254 198.51.100.1  .1  10.0.2.33
#   fd00:1::33 ::1 2001:db8:1::1 ::fe  ::fe 2001:db8:2::1 ::1  fd00:2::33
#
# left and right see /etc, /run and /var/log of their own and a /usr with our staged installation and
# Debian's strongSwan in it, so that either suite runs there as if it were installed; or Libreswan
# instead of both, whose command has the name of ours (LAB_LEFT=libreswan, LAB_RIGHT=libreswan). All of
# it is in memory and goes away with the test. A test says aloud what it does, so that it can be read as
# a tutorial; it ends with finish, or with Ctrl-C.
#
#   ours        this tree, as installed by meson into build/stage
#   strongswan  Debian's, with its userspace ESP (kernel-libipsec), or SS_ESP=kernel
#   libreswan   Debian's; its ESP is the kernel's: under tests/uml/run

set -u
TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
LAB_BUILD=${LAB_BUILD:-$TOP/build}
LAB_PREFIX=cs$$-
LAB_HOSTS=${LAB_HOSTS:-lpc left router right rpc}
IKE=2
PSK="one secret of the lab, long enough for every PRF"
LAB=
FAILED=0
FAULTS=

LEFT=192.0.2.1 RIGHT=198.51.100.1 LEFT6=2001:db8:1::1 RIGHT6=2001:db8:2::1
LEFT_NET=10.0.1.0/24 RIGHT_NET=10.0.2.0/24 LEFT_NET6=fd00:1::/64 RIGHT_NET6=fd00:2::/64
LPC=10.0.1.33 RPC=10.0.2.33 LPC6=fd00:1::33 RPC6=fd00:2::33

# ---- saying and checking -----------------------------------------------------

title() { printf '\n== %s\n' "$*"; }
die() { printf '%s: %s\n' "${0##*/}" "$*" >&2; exit 1; }
ok() { printf 'ok    %s\n' "$*"; }
bad() { printf 'FAIL  %s\n' "$*"; FAILED=$((FAILED + 1)); FAULTS+="; $*"; }

# on HOST COMMAND...: quietly
on() {
	local ns="/run/netns/$LAB_PREFIX$1" mnt="$LAB/$1/mnt"
	shift
	if [ -e "$mnt" ]; then set -- --mount="$mnt" --wd=/ -- "${LAB_ENV[@]}" "$@"
	else set -- -- "${LAB_ENV[@]}" "$@"; fi
	nsenter --net="$ns" "$@"
}
LAB_ENV=(env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 TZ=UTC)

# behind HOST COMMAND...: in the background, silently; it ends with the lab
behind() {
	{ on "$@"; } >/dev/null 2>&1 </dev/null &
	disown
}

# run HOST COMMAND...: shown as at a prompt, with its output, which stays in $OUT; gives its status
run() {
	local host=$1 status
	shift
	printf '%s# %s\n' "$host" "$*"
	on "$host" "$@" >"$LAB/out" 2>&1 </dev/null
	status=$?
	OUT=$(tr -d '\0' <"$LAB/out")
	[ -z "$OUT" ] || printf '%s\n' "$OUT"
	return $status
}

# check WHAT COMMAND...: it must succeed
check() {
	local what=$1
	shift
	if "$@"; then ok "$what"; else bad "$what"; fi
}
# refuses WHAT COMMAND...: it must not
refuses() {
	local what=$1
	shift
	if "$@"; then bad "$what"; else ok "$what"; fi
}
# says WHAT PATTERN: the output of the last run has a line like this
says() { check "$1" grep -qE -- "$2" <<<"$OUT"; }

# pids HOST NAME: of that host's processes alone; others on this machine may have the same names
pids() {
	local p
	for p in $(ip netns pids "$LAB_PREFIX$1"); do
		# shellcheck disable=SC2053 # a pattern
		[[ $(cat "/proc/$p/comm" 2>/dev/null) == $2 ]] && echo "$p"
	done
	return 0
}

# wait_for SECONDS COMMAND...: until it succeeds; longer where everything is slow (LAB_SLOW times)
wait_for() {
	local until=$((${EPOCHREALTIME/./} + $1 * 1000000 * ${LAB_SLOW:-1}))
	shift
	until "$@" >/dev/null 2>&1; do
		[ "${EPOCHREALTIME/./}" -lt "$until" ] || return 1
		sleep 0.1
	done
}

# ---- the hosts -----------------------------------------------------------------

# wire HOST DEVICE ADDRESS ADDRESS6 HOST DEVICE ADDRESS ADDRESS6
wire() {
	ip -n "$LAB_PREFIX$1" link add "$2" type veth peer name "$6" netns "$LAB_PREFIX$5"
	while [ $# -gt 0 ]; do
		ip -n "$LAB_PREFIX$1" addr add "$3" dev "$2"
		ip -n "$LAB_PREFIX$1" addr add "$4" dev "$2" nodad
		ip -n "$LAB_PREFIX$1" link set "$2" up
		shift 4
	done
}

# own_view HOST SUITE: its own /etc, /run, /var/log, and a /usr with the suites
own_view() {
	local tries=0 d=$LAB/$1 usr=$LAB/stage/usr:$STRONGSWAN/usr etc=$STRONGSWAN/etc
	[ "${2:-}" != libreswan ] || { usr=$LIBRESWAN/usr etc=$LIBRESWAN/etc; }
	mkdir -p "$d/etc" "$d/work" "$d/run" "$d/log" "$d/tmp" "$d/lib/ipsec/nss"
	chmod 755 "$d" "$d/etc" "$d/run" "$d/log"
	chmod 1777 "$d/tmp"
	touch "$d/mnt"
	# Linux 6.18 numbers mount namespaces per processor and refuses to bind one whose number is not
	# above our own: another try gets another number
	until unshare --mount="$d/mnt" --propagation private true 2>"$LAB/unshare"; do
		[ $((tries++)) -lt 50 ] || die "no mount namespace: $(cat "$LAB/unshare")"
	done
	nsenter --mount="$d/mnt" --net="/run/netns/$LAB_PREFIX$1" bash -eu -c '
		mount -t overlay -o "lowerdir=$2:/usr" overlay /usr
		mount -t overlay -o "lowerdir=$3:/etc,upperdir=$1/etc,workdir=$1/work" overlay /etc
		mount --bind "$1/log" /var/log
		mount --bind "$1/run" /run
		mount --bind "$1/lib" /var/lib
		mount -t sysfs sysfs /sys
		rm -f /etc/ipsec.conf /etc/ipsec.secrets
		echo "192.0.2.1 roadwarrior.example.com
198.51.100.1 vpn.example.com" >>/etc/hosts
		mkdir -p /etc/swanctl /run/lock /run/pluto
	' lab "$d" "$usr" "$etc"
}

lab_up() {
	[ "$(id -u)" = 0 ] || die "needs root: network namespaces"
	STRONGSWAN=$("$TOP/tools/peers" strongswan) || die "no strongSwan"
	[[ ${LAB_LEFT:-}${LAB_RIGHT:-} != *libreswan* ]] || LIBRESWAN=$("$TOP/tools/peers" libreswan) || die "no Libreswan"
	[ -d "$LAB_BUILD/stage" ] || die "no staged installation: DESTDIR=$LAB_BUILD/stage meson install -C $LAB_BUILD"
	LAB=$(mktemp -d /tmp/clearswan-lab.XXXXXX)
	trap lab_down EXIT
	trap 'exit 130' INT TERM HUP
	# tidies up after it when this test is killed, whatever it had removed by then; else nothing is there
	setsid bash -c '. "$1"; LAB=$2 LAB_PREFIX=$3; tail --pid="$4" -f /dev/null; lab_down' \
		guard "${BASH_SOURCE[0]}" "$LAB" "$LAB_PREFIX" $$ >/dev/null 2>&1 </dev/null &
	disown
	mount -t tmpfs -o mode=755 lab "$LAB"
	mount --make-private "$LAB"
	cp -a "$LAB_BUILD/stage" "$LAB/stage"
	local h
	for h in $LAB_HOSTS; do
		ip netns add "$LAB_PREFIX$h"
		ip -n "$LAB_PREFIX$h" link set lo up
		mkdir "$LAB/$h"
	done
	wire lpc eth0 $LPC/24 $LPC6/64 left lan0 10.0.1.1/24 fd00:1::1/64
	wire left eth0 $LEFT/24 $LEFT6/64 router left0 192.0.2.254/24 2001:db8:1::fe/64
	wire right eth0 $RIGHT/24 $RIGHT6/64 router right0 198.51.100.254/24 2001:db8:2::fe/64
	wire rpc eth0 $RPC/24 $RPC6/64 right lan0 10.0.2.1/24 fd00:2::1/64
	gateway lpc 10.0.1.1 fd00:1::1
	gateway rpc 10.0.2.1 fd00:2::1
	gateway left 192.0.2.254 2001:db8:1::fe
	gateway right 198.51.100.254 2001:db8:2::fe
	for h in left router right; do
		on "$h" sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
		on "$h" bash -c 'for k in send_redirects accept_redirects rp_filter; do
			for f in /proc/sys/net/ipv4/conf/*/$k; do echo 0 >"$f"; done; done'
	done
	own_view left "${LAB_LEFT:-}"
	own_view right "${LAB_RIGHT:-}"
	wait_for 5 on left ping -6 -q -c 1 -W 1 $RIGHT6 || die "the lab's IPv6 does not come up"
}
gateway() {
	ip -n "$LAB_PREFIX$1" route add default via "$2"
	ip -n "$LAB_PREFIX$1" -6 route add default via "$3"
}

# Ends what runs in our own namespaces, each by its id, and removes everything.
lab_down() {
	local status=$? h p n
	trap '' INT TERM HUP
	trap - EXIT
	[ -n "$LAB" ] || exit $status
	for n in TERM TERM KILL; do
		[ "$n" = TERM ] || sleep 0.2
		for h in $LAB_HOSTS; do
			for p in $(ip netns pids "$LAB_PREFIX$h" 2>/dev/null); do kill -$n "$p" 2>/dev/null; done
		done
		wait_for 3 nobody_left && break
	done
	[ -z "${LAB_KEEP:-}" ] || { mkdir -p "$LAB_KEEP"; for h in left right; do cp -r "$LAB/$h/log" "$LAB_KEEP/$h" 2>/dev/null; done; }
	for h in $LAB_HOSTS; do umount "$LAB/$h/mnt" 2>/dev/null; done
	for h in $LAB_HOSTS; do ip netns del "$LAB_PREFIX$h" 2>/dev/null; done
	umount "$LAB" 2>/dev/null || umount -l "$LAB"
	rmdir "$LAB"
	exit $status
}
nobody_left() {
	local h
	for h in $LAB_HOSTS; do [ -z "$(ip netns pids "$LAB_PREFIX$h" 2>/dev/null)" ] || return 1; done
}

# finish: what came out; logs of both ends if it went wrong
finish() {
	if [ "$FAILED" != 0 ]; then
		local h f
		for h in left right; do
			for f in "$LAB/$h"/log/*.log; do
				[ -s "$f" ] && { printf '\n---- %s of %s\n' "${f##*/}" "$h"; tail -${LAB_LOG_LINES:-40} "$f"; }
			done
		done
		printf '\n%s: %d checks failed: %s\n' "${0##*/}" "$FAILED" "${FAULTS#; }"
		exit 1
	fi
	printf '\n%s: all is well\n' "${0##*/}"
	exit 0
}

# ---- what lies between the hosts ---------------------------------------------------

# nat HOST: the router hides the addresses of HOST (left, right) behind its own.
nat() {
	local out=right0
	[ "$1" = left ] || out=left0
	if legacy; then on router iptables-legacy -t nat -A POSTROUTING -o $out -j MASQUERADE; return; fi
	on router nft -f - <<-X
	table inet lab_nat {
		chain post { type nat hook postrouting priority srcnat; oifname "$out" masquerade; }
	}
	X
}
no_nat() {
	if legacy; then on router iptables-legacy -t nat -F POSTROUTING; return; fi
	on router nft delete table inet lab_nat
}
# User-Mode Linux has no nf_tables for inet.
legacy() { [ "${LAB_MACHINE:-}" = uml ]; }
# loss PERCENT: of what the router forwards, at random. What goes through shuffle() is forwarded twice,
# and counts once.
loss() {
	on router nft -f - <<-X
	table inet lab_loss {
		chain forward { type filter hook forward priority filter;
			oifname != "shuffle0" numgen random mod 100 < $1 counter drop; }
	}
	X
}
no_loss() { on router nft delete table inet lab_loss; }
# drop MATCH...: the router drops packets like these, in nft's words
drop() {
	on router nft -f - <<-X
	table inet lab_drop {
		chain forward { type filter hook forward priority filter; $* drop; }
	}
	X
}
no_drop() { on router nft delete table inet lab_drop; }
# sever: the router forwards nothing, until mend
sever() { on router sysctl -qw net.ipv4.ip_forward=0 net.ipv6.conf.all.forwarding=0; }
mend() { on router sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1; }
# Packets overtake one another on their way through the router.
shuffle() {
	behind router python3 "$TOP/tests/netns/shuffle.py" "$@"
	wait_for 5 on router ip link show shuffle0 || die "no shuffle0"
	for d in left0 right0; do
		on router ip rule add iif $d table 7
		on router ip -6 rule add iif $d table 7
	done
	on router ip link set shuffle0 up
	on router ip route add default dev shuffle0 table 7
	on router ip -6 route add default dev shuffle0 table 7
}

no_shuffle() {
	local d
	for d in left0 right0; do
		on router ip rule del iif $d table 7
		on router ip -6 rule del iif $d table 7
	done
}

# ---- a host's suite ------------------------------------------------------------------

# put HOST FILE: standard input becomes the file there
put() {
	on "$1" bash -c 'mkdir -p "$(dirname "$1")"; umask 077; cat >"$1"' put "$2"
}

# start HOST KIND
start() {
	case $2 in
	ours)
		on "$1" chmod 600 /etc/ipsec.secrets
		if [ -n "${QUIET:-}" ]; then on "$1" ipsec start >/dev/null; else run "$1" ipsec start; fi
		;;
	strongswan)
		put "$1" /etc/strongswan.d/lab.conf <<-X
		charon {
			retransmit_timeout = ${SS_RETRANSMIT:-1.0}
			retransmit_tries = ${SS_TRIES:-4}
			retransmit_base = 1.4
			${SS_CHARON:-}
			i_dont_care_about_security_and_use_aggressive_mode_psk = yes
			plugins { kernel-libipsec { load = $([ "${SS_ESP:-}" = kernel ] && echo no || echo yes) } }
			filelog { lab { path = /var/log/charon.log
				time_format = %H:%M:%S
				flush_line = yes
				default = ${SS_DEBUG:-1} } }
		}
		X
		echo "swanctl { load = random }" | put "$1" /etc/strongswan.d/lab-swanctl.conf
		behind "$1" /usr/lib/ipsec/charon
		# asked only then: under User-Mode Linux each time takes a second that charon could have had
		wait_for 30 strongswan_begins "$1"
		wait_for 30 on "$1" swanctl --stats || { bad "strongSwan does not start on $1"; return 1; }
		on "$1" swanctl --load-all >"$LAB/out" 2>&1 || { cat "$LAB/out"; bad "strongSwan refuses its configuration"; return 1; }
		;;
	libreswan)
		on "$1" ipsec initnss >/dev/null
		on "$1" /usr/libexec/ipsec/pluto --config /etc/ipsec.conf >"$LAB/out" 2>&1 </dev/null ||
			{ cat "$LAB/out"; bad "Libreswan does not start on $1"; return 1; }
		wait_for 20 on "$1" ipsec whack --briefstatus || { bad "Libreswan does not answer on $1"; return 1; }
		# it reads the connections a moment later
		wait_for 20 libreswan_loaded "$1" || { bad "Libreswan does not load its connections on $1"; return 1; }
		;;
	esac
}
stop() {
	case $2 in
	ours) run "$1" ipsec stop ;;
	strongswan) stop_strongswan "$1" TERM ;;
	libreswan) run "$1" ipsec whack --shutdown ;;
	esac
}
strongswan_begins() { [[ $(<"$LAB/$1/log/charon.log") == *spawning* ]]; }
libreswan_loaded() {
	local want
	want=$(on "$1" grep -cE '^[[:space:]]*auto=(add|start|route|ondemand)' /etc/ipsec.conf)
	[ "$(on "$1" ipsec whack --status | grep -cE '^000 "[^"]*": .*policy: ')" -ge "$want" ]
}
stop_strongswan() {
	local p
	p=$(on "$1" cat /run/charon.pid)
	kill "-$2" "$p"
	wait_for 10 gone "$p"
	on "$1" rm -f /run/charon.pid /run/charon.vici
}
gone() { ! kill -0 "$1" 2>/dev/null; }

up() {
	case $2 in
	ours | libreswan) run "$1" ipsec auto --up "${3:-vpn.example.com}" ;;
	strongswan) run "$1" swanctl --initiate --child "${3:-vpn}" --timeout 30 ;;
	esac
}
down() {
	case $2 in
	ours | libreswan) run "$1" ipsec auto --down "${3:-vpn.example.com}" ;;
	strongswan) run "$1" swanctl --terminate --ike "${3:-vpn}" ;;
	esac
}
rekey_child() {
	case $2 in
	ours) run "$1" ipsec whack --rekey-child --name vpn.example.com ;;
	libreswan) run "$1" ipsec whack --rekey-ipsec --name vpn.example.com ;;
	strongswan) run "$1" swanctl --rekey --child vpn ;;
	esac
}
rekey_ike() {
	case $2 in
	ours | libreswan) run "$1" ipsec whack --rekey-ike --name vpn.example.com ;;
	strongswan) run "$1" swanctl --rekey --ike vpn ;;
	esac
}
show() {
	case $2 in
	ours | libreswan) run "$1" ipsec trafficstatus ;;
	strongswan) run "$1" swanctl --list-sas ;;
	esac
}
# is_up HOST KIND: a Child SA is there
is_up() {
	case $2 in
	ours | libreswan) [ -n "$(on "$1" ipsec trafficstatus 2>/dev/null)" ] ;;
	strongswan) on "$1" swanctl --list-sas | grep -q INSTALLED ;;
	esac
}
is_down() { ! is_up "$@"; }
# spis HOST KIND: of its Child SAs, inbound first, one a line
spis() {
	case $2 in
	ours | libreswan) on "$1" ipsec status | grep -oE 'esp\.[0-9a-f]+@' | sort -u ;;
	strongswan) on "$1" swanctl --list-sas | grep -oE '^ *(in|out) +[0-9a-f]{8}' | awk '{ print $2 }' | sort -u ;;
	esac
}
ike_spi() {
	case $2 in
	ours | libreswan) on "$1" ipsec showstates | grep -E 'ESTABLISHED_IKE_SA|STATE_(MAIN|AGGR)_.*newest' | grep -oE '#[0-9]+:' | sort -u ;;
	strongswan) on "$1" swanctl --list-sas | grep -oE '[0-9a-f]{16}_i' | sort -u ;;
	esac
}

# preloaded HOST: before its suite starts; its clocks can be put forward and strongSwan's name changed (tests/netns/preload.c)
preloaded() {
	put "$1" /run/lab.clock < <(head -c 8 /dev/zero)
	put "$1" /etc/ld.so.preload <<<"$LAB_BUILD/tests/netns/preload.so"
	on "$1" chmod 644 /run/lab.clock /etc/ld.so.preload
}
# hours_pass HOST SECONDS: in no time
hours_pass() {
	printf '%s, %s seconds later\n' "$1" "$2"
	on "$1" python3 -c 'import struct, sys
with open("/run/lab.clock", "r+b") as f:
	ns = struct.unpack("=q", f.read(8))[0] + int(sys.argv[1]) * 10**9
	f.seek(0)
	f.write(struct.pack("=q", ns))' "$2"
}
# vendor HEX: strongSwan on right begins anew and says that it is the product with this vendor ID
vendor() {
	put right /run/lab.vendor < <(xxd -r -p <<<"$1")
	on right chmod 644 /run/lab.vendor
	[ -z "$(pids right charon)" ] || stop_strongswan right TERM
	SS_CHARON="send_vendor_id = yes" start right strongswan
}

# ---- configurations ----------------------------------------------------------------------

# tunnel HOST KIND [LINE...]: net to net, IKEv2 (IKE=1: IKEv1), pre-shared key. Lines: for ours, of the conn
# ("rekey=no"), "setup:..." of config setup; for strongSwan, of the connection, "child:..." of its
# child, "me=ADDRESS", "peer=ADDRESS", "ts=NET", "peerts=NET" for both.
tunnel() {
	local host=$1 kind=$2 me=$LEFT peer=$RIGHT ts=$LEFT_NET peerts=$RIGHT_NET l setup='' conn='' child=''
	shift 2
	[ "$host" = left ] || { me=$RIGHT peer=$LEFT ts=$RIGHT_NET peerts=$LEFT_NET; }
	local id=$me peerid=$peer
	# what it worked with before is of another test
	[ "$kind" != ours ] || [ -n "${LAB_REMEMBERS:-}" ] || on "$host" rm -rf /var/lib/clearswan
	for l in "$@"; do
		case $l in
		me=*) me=${l#*=} id=${l#*=} ;;
		peer=*) peer=${l#*=} peerid=${l#*=} ;;
		id=*) id=${l#*=} ;;
		peerid=*) peerid=${l#*=} ;;
		ts=*) ts=${l#*=} ;;
		peerts=*) peerts=${l#*=} ;;
		setup:*) setup+="	${l#setup:}"$'\n' ;;
		child:*) child+="			${l#child:}"$'\n' ;;
		*) conn+="	$l"$'\n' ;;
		esac
	done
	case $kind in
	ours | libreswan)
		put "$host" /etc/ipsec.conf <<-X
		config setup
		    logfile=/var/log/pluto.log
		$setup
		conn vpn.example.com
		    left=$me
		    leftid=$id
		    ${ts:+leftsubnet=$ts}
		    right=$peer
		    rightid=$peerid
		    ${peerts:+rightsubnet=$peerts}
		    authby=secret
		    ikev2=$([ "$IKE" = 1 ] && echo no || echo yes)
		    auto=add
		$conn
		X
		put "$host" /etc/ipsec.secrets <<<"$id $peerid : PSK \"$PSK\""
		;;
	strongswan)
		put "$host" /etc/swanctl/swanctl.conf <<-X
		connections {
			vpn {
				version = $IKE
				local_addrs = $me
				remote_addrs = $peer
				local { auth = psk
					id = ${id#@} }
				remote { auth = psk
					id = ${peerid#@} }
		$conn
				children { vpn {
					local_ts = $ts
					remote_ts = $peerts
		$child
				} }
			}
		}
		secrets { ike-vpn {
			id-1 = ${id#@}
			id-2 = ${peerid#@}
			secret = "$PSK" } }
		X
		;;
	esac
}

# ping_through [COUNT] [OPTION...]: from behind left to behind right, all answered
ping_through() {
	local n=${1:-3}
	shift
	run lpc ping -q -c "$n" -i 0.05 -W 2 "$@" $RPC && grep -q ' 0% packet loss' <<<"$OUT"
}
ping6_through() {
	local n=${1:-3}
	shift
	run lpc ping -6 -q -c "$n" -i 0.05 -W 2 "$@" $RPC6 && grep -q ' 0% packet loss' <<<"$OUT"
}
# stream: TCP from behind left to behind right, in the background, until $LAB/enough is there; wait for
# $STREAM_FROM and $STREAM_TO then: what was sent and what arrived is in $LAB/sent and $LAB/arrived
stream() {
	on rpc python3 -c '
import socket
s = socket.create_server(("0.0.0.0", 5001))
c, n = s.accept()[0], 0
while d := c.recv(1 << 16):
	n += len(d)
print(n)' >"$LAB/arrived" &
	STREAM_TO=$!
	wait_for 5 on rpc bash -c 'ss -ltn | grep -q :5001'
	on lpc python3 -c '
import os, socket, sys, time
s, n = socket.create_connection((sys.argv[1], 5001)), 0
while not os.path.exists(sys.argv[2]):
	n += s.send(b"x" * 1000)
	time.sleep(0.002 * int(sys.argv[3]))
s.close()
print(n)' $RPC "$LAB/enough" "${LAB_SLOW:-1}" >"$LAB/sent" &
	STREAM_FROM=$!
}
