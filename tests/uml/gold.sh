# shellcheck shell=bash disable=SC2034 # names for those who source this
# What was recorded, and comparing with it (20-gold.sh, 22-gold-v1.sh); sourced with the peer's kind, which
# is at the right; we are at the left, in Libreswan's place. Numbers that differ from run to run are N, SPIs
# 0xX; repeats (010) come and go.
# shellcheck source=tests/netns/lab.sh
. "$(dirname "${BASH_SOURCE[0]}")/../netns/lab.sh"
# shellcheck source=tests/interop/ends.sh
. "$(dirname "${BASH_SOURCE[0]}")/../interop/ends.sh"
LONG_LEFT=left LONG_RIGHT=right
if [ "${1:-}" = strongswan ]; then SS_ESP=kernel; else LAB_RIGHT=libreswan; fi
KIND=([left]=ours [right]=${1:-libreswan})
PSK="one lab secret, long enough for every PRF"
declare -A SECRET SWAN # what a scenario has otherwise: of a host; of strongSwan's file

# ---- comparing -----------------------------------------------------------------

# For sed, and one process, since each costs a tenth of a second here. RECORDED and FORM_MORE are the test's
# own: what was recorded, as it has to be here; what of it is compared. A verdict follows the lines that are
# compared, in no recording.
FORM='/": ( {4}(evidence|fix|proven good|it can also be|to know more)|diagnosis:)/d; /^010 /d; s/, maxBytes=2\^63B//; /deleting connection instance/d; /^000 initiating all/d
	s/0x[0-9a-f]+/0xX/g; s/#[0-9]+/#N/g; s/add_time=[0-9]+/add_time=N/; s/aged [0-9.]+s/aged Ns/
	s/reqid [0-9]+/reqid N/; s/priority [0-9]+/priority N/; s/^[[:space:]]+//; s/[[:space:]]+$//
	G; /^(.*)\n\1$/d; s/\n.*//; h'
# expected <<lines; got TEXT: $EXPECTED, $GOT in form
expected() { EXPECTED=$(sed -E -e "$RECORDED" -e "$FORM_MORE" -e "$FORM"); }
got() { GOT=$(sed -E -e "$FORM_MORE" -e "$FORM" <<<"$1"); }
differences() {
	printf '%s\n' "$EXPECTED" >"$LAB/expected"
	printf '%s\n' "$GOT" >"$LAB/got"
	diff "$LAB/expected" "$LAB/got"
}
# expect HOST COMMAND... <<expected: its output in form, and "exit STATUS"
expect() {
	local status
	expected
	run "$@"
	status=$?
	got "${OUT}exit $status"
	if [ -n "$EXPECTED" ] && [ "$EXPECTED" = "$GOT" ]; then ok "as recorded: ${*:2}"; return; fi
	differences
	bad "as recorded: ${*:2}"
}
counted() { # counted HOST ID
	if [ "${KIND[$1]}" = strongswan ]; then
		check "the peer has counted them" sas "$1"
		check "in both directions" test "$IN $SENT" = "252 252"
		return
	fi
	expect "$1" ipsec trafficstatus <<-X
		006 #2: "vpn.example.com", type=ESP, add_time=1795423144, inBytes=252, outBytes=252, maxBytes=2^63B, id='$2'
		exit 0
	X
}
three_pings() { check "three pings" answered "$@"; }
answered() { run "$1" ping -q -c 3 -i 0.3 -w 60 "${@:2}" && [[ $OUT == *"3 packets transmitted, 3 received"* ]]; }

# ---- configurations ------------------------------------------------------------

conf() { # conf HOST IDS LINE...
	[ "${KIND[$1]}" != strongswan ] || return 0
	local l text="config setup"$'\n'"	logfile=/var/log/ike.log"$'\n'"${SETUP[$1]:-}"$'\n'"conn vpn.example.com"$'\n'
	for l in "${@:3}"; do text+="	$l"$'\n'; done
	file "$1" /etc/ipsec.conf "$text"
	file "$1" /etc/ipsec.secrets "$2 : PSK \"${SECRET[$1]:-$PSK}\""$'\n'
}
swan() { # swan HIS-ID OUR-ADDRESS OUR-ID OUR-NET [LINE]: strongSwan's, where it is at the right
	[ "${KIND[right]}" = strongswan ] || return 0
	file right /etc/swanctl/swanctl.conf "connections { vpn {
	version = ${SWAN[version]:-2}
	local_addrs = 198.51.100.1
	remote_addrs = $2
	${5:-}
	local { auth = psk
		id = $1 }
	remote { auth = psk
		id = $3 }
	children { vpn {
		local_ts = ${SWAN[net]:-10.0.2.0/24}
		remote_ts = $4
		${SWAN[child]:-}
	} }
} }
pools { lease { addrs = 100.64.13.0/24 } }
secrets { ike-vpn {
	id-1 = $1
	id-2 = $3
	secret = \"${SECRET[right]:-$PSK}\" } }
"
}
# both LINE...: net to net; "left:LINE", "right:LINE" in that end's file only; a later one replaces an earlier
both() {
	local h l key keys
	for h in left right; do
		local -A v=()
		keys=()
		for l in left=192.0.2.1 leftsubnet=10.0.1.0/24 right=198.51.100.1 rightsubnet=10.0.2.0/24 authby=secret "$@" auto=add; do
			[[ $l != left:* && $l != right:* || $l == "$h":* ]] || continue
			l=${l#"$h":} key=${l%%=*}
			[ -n "${v[$key]:-}" ] || keys+=("$key")
			v[$key]=$l
		done
		for key in "${!keys[@]}"; do keys[key]=${v[${keys[key]}]}; done
		conf $h "192.0.2.1 198.51.100.1" "${keys[@]}"
	done
	swan 198.51.100.1 192.0.2.1 192.0.2.1 10.0.1.0/24 "${SWAN[conn]:-}"
}
again() {
	local h
	# a path MTU that was learned lives for minutes
	for h in lpc rpc; do ask $h ip route flush cache; done
	# a peer that still tries would find us without the connection
	for h in right left; do
		[ "${KIND[$h]}" = strongswan ] || ask $h ipsec whack --rereadsecrets
		unload $h
		ask $h ip route flush cache
	done
	for h in left right; do check "$h loads it" load $h; done
}
