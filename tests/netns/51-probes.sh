#!/bin/bash
# 51-probes.sh PEER: "ipsec diagnose" asks the peer of a tunnel that does not come up, and tells a filter, a refusal, the
# version, the algorithms and "does not know us" apart; with at most 40 packets, none to anybody else.
. "$(dirname "$0")/lab.sh"
peer=${1:-strongswan}
# shellcheck source=tests/netns/verdicts.sh
. "$(dirname "$0")/verdicts.sh"
# so many diagnoses in a row are no attack
SS_CHARON="dos_protection = no"
lab_up
ROWS=$LAB/rows
nopfs= # strongSwan has none by default
[ "$peer" != ours ] || nopfs=pfs=no

# the router counts what left sends to the peer's IKE, and what it sends to anybody else
count_packets() {
	on router nft -f - <<-X
	table inet lab_count
	delete table inet lab_count
	table inet lab_count {
		counter ike {}
		counter echo {}
		counter others {}
		chain forward { type filter hook forward priority -10;
			iifname left0 ip daddr $RIGHT udp dport 500 counter name ike
			iifname left0 ip daddr $RIGHT udp dport 4500 @th,64,32 0 counter name ike
			iifname left0 ip daddr $RIGHT icmp type echo-request counter name echo
			iifname left0 ip daddr != $RIGHT counter name others
		}
	}
	X
}
counted() { on router nft -j list counter inet lab_count "$1" | jq '.nftables[] | select(.counter) | .counter.packets'; }

# fresh [LINE...]: our end anew
fresh() {
	on left ipsec delete vpn.example.com >/dev/null 2>&1
	tunnel left ours "$@"
	on left ipsec rereadsecrets >/dev/null
	on left ipsec add vpn.example.com >/dev/null
}
# other_end [LINE...]: the peer anew
other_end() {
	tunnel right "$peer" "$@"
	case $peer in
	ours)
		on right ipsec delete vpn.example.com >/dev/null 2>&1
		on right ipsec rereadsecrets >/dev/null
		on right ipsec add vpn.example.com >/dev/null
		;;
	strongswan) on right swanctl --load-all >/dev/null ;;
	esac
}
only() { # the peer's algorithms, in its words
	if [ "$peer" = ours ]; then echo "ike=aes256-sha2_256-modp2048"; else echo "proposals = aes256-sha256-modp2048"; fi
}
# diagnosed CLASS CERTAINTY [OPTION...]: the finding at rank 1; its events are in $LAB/said
diagnosed() {
	local want=$1 sure=$2 class certainty from took sent rank=-
	shift 2
	count_packets
	printf 'left# ipsec diagnose %s\n' "$* vpn.example.com"
	from=${EPOCHREALTIME/./}
	on left timeout 40 ipsec --json diagnose "$@" vpn.example.com >"$LAB/said" 2>&1 </dev/null
	took=$(((${EPOCHREALTIME/./} - from) / 1000))
	jq -r 'select(.line) | .line' "$LAB/said"
	read -r class certainty < <(jq -rs 'map(select(.event == "found_finding" and .rank == 1)) | .[0] | "\(.class) \(.certainty)"' "$LAB/said")
	check "the verdict is $want ($sure): $class ($certainty)" [ "$class $certainty" = "$want $sure" ]
	sent=$(($(counted ike) + $(counted echo)))
	check "it took $sent packets, 40 are allowed" [ "$sent" -le 40 ]
	check "none went to anybody else" [ "$(counted others)" = 0 ]
	check "the probes took less than 8 s: $(probed) s" holds "$(probed) < 8"
	printf '%s\t%s\t%s ms\t%s packets\n' "$class" "$certainty" "$took" "$sent" >>"$ROWS"
	[ "$class" != "$want" ] || rank=1
	printf '%s\t%s\tinitiator\t%s\t%s\t-\tn/a\n' "$want" "$peer" "$rank" "$certainty" >>"$LAB_ROWS"
	APPLIED=0
}
# how long the probes took
probed() { jq -rs 'map(select(.event | startswith("probe_")) | .time) | if length > 0 then max - min else 0 end' "$LAB/said"; }
holds() { jq -en "$1" >/dev/null; }
# apply: the fixes for this end, as they are printed
apply() {
	local text key
	while read -r text; do
		printf 'left# fix: %s\n' "$text"
		text=${text##*write: } key=${text%%=*}
		[ "$key" != keyexchange ] || on left sed -i -e "/^[[:space:]]*ikev2=/d" /etc/ipsec.conf # the same in old words
		on left sed -i -e "/^[[:space:]]*$key=/d" -e "/^conn vpn/a\\    $text" /etc/ipsec.conf
		on left ipsec replace vpn.example.com >/dev/null
		APPLIED=$((APPLIED + 1))
	done < <(jq -r 'select(.event == "found_fix" and .where == "here" and .kind == "conn") | .text' "$LAB/said")
}
cured() {
	local before=$FAILED
	check "the tunnel comes up" up left ours
	check "traffic passes" wait_for 5 ping_through 3
	[ $APPLIED = 0 ] || if [ $FAILED = "$before" ]; then row_fix works; else row_fix FAILED; fi
}
# among WHAT EVENT CONDITION: one of these events is so
among() { check "$1" in_said "map(select(.event == \"$2\")) | any($3)"; }
in_said() { jq -es "$1" "$LAB/said" >/dev/null; }

tunnel left ours
tunnel right "$peer"
start right "$peer"
start left ours

title "a tunnel that is up: the peer is asked nothing"
check "it comes up" up left ours
count_packets
check "nothing is found" run left ipsec diagnose --transforms vpn.example.com
check "no packet of IKE was sent" [ "$(counted ike)" = 0 ]

title "IKEv2 here, IKEv1 there"
fresh pfs=no
IKE=1 other_end ${nopfs:+$nopfs}
diagnosed ike-version-mismatch certain
apply
cured

title "IKEv1 here, IKEv2 there"
IKE=1 fresh
other_end
diagnosed ike-version-mismatch certain
apply
cured

title "no algorithm of ike= in common"
fresh ike=aes128-sha2_512-modp3072
other_end "$(only)"
diagnosed ike-proposal-mismatch certain
among "what the peer takes, exactly" probe_answer '.answer == "taken" and .chosen == "aes256-sha2_256-modp2048"'
apply
cured

title "the same, and every transform is looked for"
fresh ike=aes128-sha2_512-modp3072
diagnosed ike-proposal-mismatch certain --transforms
among "all that it takes" probe_transforms '.encr == "AES_CBC_256" and .prf == "HMAC_SHA2_256" and
	.integ == "HMAC_SHA2_256_128" and .ke == "MODP2048" and .is_all == 1'
apply
cured

title "IKEv1: no algorithm of ike= in common"
IKE=1 fresh pfs=no ike=aes128-sha2_512-modp3072
IKE=1 other_end "$(only)" ${nopfs:+$nopfs}
diagnosed ike-proposal-mismatch certain
apply
cured

title "the peer has algorithms only that are out of date"
fresh
if [ "$peer" = ours ]; then other_end "ike=3des-sha1-modp1024"; else other_end "proposals = 3des-sha1-modp1024"; fi
diagnosed dh2-removed certain
apply
cured

title "the peer has no connection for us"
fresh
other_end peer=203.0.113.9
diagnosed conn-not-loaded-or-daemon-down likely
other_end

title "a filter on UDP port 500 alone"
fresh
drop udp dport 500
diagnosed ike-udp500-blocked certain
apply
cured
no_drop

title "a filter on UDP port 4500 alone"
fresh encapsulation=yes
drop udp dport 4500
diagnosed udp4500-blocked certain
by_hand router "let UDP port 4500 through" nft delete table inet lab_drop
fresh encapsulation=yes # the attempt would wait for its next repeat
cured

title "a filter on both"
fresh
drop udp dport "{ 500, 4500 }"
diagnosed ike-udp500-blocked possible
no_drop

title "a third of all packets is lost, whatever they are"
fresh
loss 30
run left ipsec diagnose $CONN
no_loss
refuses "nothing is said of a filter" grep -qE "diagnosis:.*\[(ike-udp500|udp4500|esp)-blocked\]" <<<"$OUT"

title "nobody listens there"
fresh
stop right "$peer"
diagnosed peer-not-listening-icmp certain
among "nor on UDP port 4500" found_finding '.rank == 1 and (.cause | test("nor on UDP port 4500"))'

title "what was found"
cat "$ROWS"
finish
