#!/bin/bash
# 50-diagnosis.sh PEER: what goes wrong gets the right verdict, at the first rank; and, where apply stands, the fix for this
# end, applied as it is printed, brings the tunnel up.
. "$(dirname "$0")/lab.sh"
peer=${1:-strongswan}
lab_up
ROWS=$LAB/rows

# fresh [LINE...]: our end anew
# shellcheck disable=SC2120 # some have none
fresh() {
	tunnel left ours "$@"
	on left ipsec rereadsecrets >/dev/null
	on left ipsec delete vpn.example.com >/dev/null 2>&1
	on left ipsec add vpn.example.com >/dev/null
}
# verdict CLASS CERTAINTY [COMMAND...]: the finding at rank 1 of a failing up; its events are in $LAB/said
verdict() {
	local want=$1 sure=$2 class certainty took
	shift 2
	[ $# -gt 0 ] || set -- ipsec --json up vpn.example.com
	printf 'left# %s\n' "$*"
	on left timeout 20 "$@" >"$LAB/said" 2>&1 </dev/null
	jq -r 'select(.line and (.event | startswith("diag_"))) | .line' "$LAB/said" 2>/dev/null
	read -r class certainty took < <(jq -rs '(map(select(.event == "v2_initiate" or .event == "v1_initiate" or .event == "v2_child_initiate")) | .[0].time) as $from |
		map(select(.event == "diag_finding" and .rank == 1)) | .[0] | "\(.class) \(.certainty) \(if $from then .time - $from else 0 end)"' "$LAB/said")
	check "the verdict is $want ($sure): $class ($certainty) after $took s" [ "$class $certainty" = "$want $sure" ]
	printf '%s\t%s\t%s\n' "$class" "$certainty" "$took" >>"$ROWS"
}
# apply: the fixes for this end, as they are printed
apply() {
	local kind text key
	while IFS=$'\t' read -r kind text; do
		printf 'left# fix (%s): %s\n' "$kind" "$text"
		case $kind in
		command) on left bash -c "${text#run: }" ;;
		conn)
			text=${text##*write: } key=${text%%=*}
			on left sed -i -e "/^[[:space:]]*$key=/d" -e "/^conn vpn/a\\    $text" /etc/ipsec.conf
			on left ipsec replace vpn.example.com >/dev/null
			;;
		"config setup")
			on left sed -i "/^config setup/a\\    ${text##*write: }" /etc/ipsec.conf
			on left ipsec restart >/dev/null
			;;
		ipsec.secrets)
			# the secret is not the program's to know
			text=${text##*write: }
			put left /etc/ipsec.secrets <<<"${text/\"...\"/\"$PSK\"}"
			on left ipsec rereadsecrets >/dev/null
			;;
		esac
	done < <(jq -r 'select(.event == "diag_fix" and .where == "here" and .kind != "words") | "\(.kind)\t\(.text)"' "$LAB/said")
}
# cured: without the fault it comes up, and no finding is left
cured() {
	check "the tunnel comes up" up left ours
	check "traffic passes" wait_for 5 ping_through 3
	run left ipsec connectionstatus vpn.example.com
	refuses "nothing is found any more" grep -q diagnosis <<<"$OUT"
}

tunnel left ours
tunnel right "$peer"
start right "$peer"
start left ours

title "healthy: no finding"
check "it comes up" up left ours
run left ipsec status
refuses "nothing is found" grep -q diagnosis: <<<"$OUT"
check "ipsec diagnose finds nothing either" run left ipsec diagnose vpn.example.com

title "IKEv2: the secrets differ"
fresh # as it was
put left /etc/ipsec.secrets <<<"$LEFT $RIGHT : PSK \"another secret than that of the other end\""
on left ipsec rereadsecrets >/dev/null
verdict psk-mismatch-v2 likely
apply
cured

title "IKEv2: a packet filter on the way drops IKE"
fresh # as it was
drop udp dport 500
verdict ike-udp500-blocked possible timeout 6 ipsec --json up vpn.example.com
no_drop
cured

title "IKEv2: no algorithm of ike= in common"
fresh ike=aes128-sha2_512-modp3072
on right sed -i "s/version = 2/version = 2\n proposals = aes256-sha256-modp2048/" /etc/swanctl/swanctl.conf
on right swanctl --load-all >/dev/null
verdict ike-proposal-mismatch likely
fresh ike=aes256-sha2_256-modp2048
cured

title "IKEv2: no algorithm of esp= in common"
on right sed -i "s/local_ts/esp_proposals = aes256gcm16\n local_ts/" /etc/swanctl/swanctl.conf
on right swanctl --load-all >/dev/null
fresh ike=aes256-sha2_256-modp2048 esp=aes128-sha2_512
verdict esp-proposal-mismatch likely
fresh ike=aes256-sha2_256-modp2048
cured

title "IKEv2: the networks differ"
fresh ike=aes256-sha2_256-modp2048 peerts=10.9.0.0/24
verdict ts-mismatch-v2 likely
fresh ike=aes256-sha2_256-modp2048
cured

title "nobody listens there"
fresh
stop right strongswan
verdict peer-not-listening-icmp certain
start right strongswan

title "no secret here"
fresh
put left /etc/ipsec.secrets <<<"10.9.9.9 : PSK \"of somebody else, and long enough\""
on left ipsec rereadsecrets >/dev/null
verdict psk-not-found-locally certain
apply
cured

title "what was found"
cat "$ROWS"
finish
