#!/bin/bash
# 22-gold-v1.sh PEER: what was recorded of IKEv1 from Libreswan 4.10 to another Libreswan (libreswan) and to
# strongSwan 5.9 (strongswan), with us in Libreswan's place and its two files unchanged: as the initiator every
# line of the command and its exit status, as the responder (the peer begins then) the log. Numbers that differ
# from run to run are N, SPIs 0xX; repeats (010) come and go. What differs on purpose:
# - progress is told in the words of the page that people read, "STATE_MAIN_I1: sent MI1, expecting MR1";
# - what decides, ends the command: a refusal, a PSK that does not fit, an ICMP error. Libreswan waits for 64 s
#   more, so where it says "60 second timeout exceeded after 7 retransmits." we say what the peer did (WHY). What
#   comes behind that, the number and the exit status are the same; "starting keying attempt 2" is not said. An
#   ICMP error is itself the last line, and comes once;
# - a refusal in clear is told once (003), not at each repeat;
# - the refusal of Quick Mode is told (003), which Libreswan has in its log only;
# - Aggressive Mode with another PSK ends with 36, not with 0: no tunnel is up;
# - behind a refusal stands what was seen and what is allowed here; "packet from" may be the connection;
# - nothing is kept of a first message that is refused, so it has no number;
# - +UP is said of a connection that is to be up by itself (auto=start, keep), +ESN_YES where ESN can be had;
#   our ESP does not begin with AES_CBC_128-HMAC_SHA1_96 (OURS); CURVE25519 is called that, not DH31;
# - the octets that a tunnel carried are told when the kernel has told them: mostly behind both deletions;
# - the answer to Aggressive Mode waits for a repeat where it is larger than what came;
# - as the responder we say a thing once, not at each repeat, and do not answer a Delete with a Delete.
# Silence is awaited to its end once, in fw-drop-v1 with Libreswan; version-v1-to-v2 is the same at our end.
# shellcheck source=tests/uml/gold.sh
. "$(dirname "$0")/gold.sh"
SWAN[version]=1
# shellcheck disable=SC2034 # of lab.sh
SS_CHARON="i_dont_care_about_security_and_use_aggressive_mode_psk = yes"
OTHER="quite another lab secret, also long enough"
ACCEPT="	ikev1-policy=accept"$'\n'
PFS=() # the two suites on their defaults never agree in IKEv1
[ "${KIND[right]}" = libreswan ] || PFS=(pfs=no)
# of Phase 1 that the peer begins; of Phase 2 that the peer, and that we begin
IKE_SUITE="cipher=AES_CBC_256 integ=HMAC_SHA2_256 group=MODP2048" THEIRS=AES_CBC_128-HMAC_SHA1_96 OURS=AES_CBC_256-HMAC_SHA2_256_128
[ "${KIND[right]}" = libreswan ] ||
	IKE_SUITE="cipher=AES_CBC_128 integ=HMAC_SHA2_256 group=CURVE25519" THEIRS=AES_CBC_128-HMAC_SHA2_256_128 OURS=AES_GCM_16_256-NONE

FORM_MORE='s/^[A-Z][a-z]{2} [ 0-9]{2} [0-9:.]+: //; s/msgid([:=])[0-9a-f]{8}/msgid\1N/; s/length=[0-9]+/length=N/; /^000 .*starting keying attempt/d; /schedule EVENT_REVIVE_CONNS/d
	s/^((031 )?"[^"]*" #[0-9]+: STATE_[A-Z0-9_]+: ).*(  [A-Z])/\1WHY\3/
	s/^(18[0-9] "[^"]*" #)[0-9]+:.*/\1N/; s/^(031 "[^"]*" #[0-9]+: )(STATE_V2_PARENT_I1|the peer [^ ]* refuses our IKE_SA_INIT).*/\1WHY/
	/STATE_(MAIN|QUICK)_R[0-9]\)/s/and (NOT )?sending/and sending or not/; s/^(packet from [^ ]*|"[^"]*" #[0-9]+): (sending notification)/\2/
	s/^("[^"]*") #[0-9]+: (responding to Main Mode|Oakley Transform|no acceptable Oakley)/\1: \2/
	s/(no acceptable (Oakley Transform|Proposal in IPsec SA)|authby=PSK and xauth=no|match computed value|preshared secrets\?\)|no connection is known for [^ ;]*)[:;, (].*/\1/'
RECORDED='s/initiating IKEv1 (Main|Aggressive) Mode connection/initiating \1 Mode/
	s/sent Main Mode request/STATE_MAIN_I1: sent MI1, expecting MR1/
	s/sent Main Mode I2/STATE_MAIN_I2: sent MI2, expecting MR2/
	s/sent Main Mode I3/STATE_MAIN_I3: sent MI3, expecting MR3/
	s/sent Main Mode R1/STATE_MAIN_R1: sent MR1, expecting MI2/
	s/sent Main Mode R2/STATE_MAIN_R2: sent MR2, expecting MI3/
	s/sent Aggressive Mode request/STATE_AGGR_I1: sent AI1, expecting AR1/
	s/sent Aggressive Mode response, expecting confirmation/STATE_AGGR_R1: sent AR1, expecting AI2/
	s/sent Quick Mode request/STATE_QUICK_I1: sent QI1, expecting QR1/
	s/sent Quick Mode reply, inbound IPsec SA installed, expecting confirmation/STATE_QUICK_R1: sent QR1, inbound IPsec SA installed, expecting QI2/
	s/received and ignored (notification payload: .*_(ID_INFORMATION|QUICK))/received \1/'
without_pfs() { RECORDED+='; s/\+PFS//; s/pfsgroup=MODP2048/pfsgroup=no-pfs/'; }
[ "${#PFS[@]}" = 0 ] || without_pfs
# soon COMMAND... <<expected: of ours, whom something other than time decided
soon() {
	local from=$SECONDS
	expect left "$@"
	check "at once" test $((SECONDS - from)) -lt 20
}
goes_up() {
	soon ipsec auto --up $NAME <<-X
		002 "vpn.example.com" #1: initiating IKEv1 Main Mode connection
		102 "vpn.example.com" #1: sent Main Mode request
		104 "vpn.example.com" #1: sent Main Mode I2
		106 "vpn.example.com" #1: sent Main Mode I3
		002 "vpn.example.com" #1: Peer ID is ID_IPV4_ADDR: '198.51.100.1'
		004 "vpn.example.com" #1: IKE SA established {auth=PRESHARED_KEY cipher=AES_CBC_256 integ=HMAC_SHA2_256 group=MODP2048}
		002 "vpn.example.com" #2: initiating Quick Mode IKEv1+PSK+ENCRYPT+TUNNEL+PFS+IKE_FRAG_ALLOW+ESN_NO {using isakmp#1 msgid:06aae7db proposal=defaults pfsgroup=MODP2048}
		115 "vpn.example.com" #2: sent Quick Mode request
		004 "vpn.example.com" #2: IPsec SA established tunnel mode {ESP=>0xac360773 <0xf61d206e xfrm=$OURS DPD=passive}
		exit 0
	X
}
# quick_refused NOTIFY WHAT: Phase 1 comes up, WHAT is offered and refused
quick_refused() {
	soon ipsec auto --up $NAME <<-X
		002 "vpn.example.com" #1: initiating IKEv1 Main Mode connection
		102 "vpn.example.com" #1: sent Main Mode request
		104 "vpn.example.com" #1: sent Main Mode I2
		106 "vpn.example.com" #1: sent Main Mode I3
		002 "vpn.example.com" #1: Peer ID is ID_IPV4_ADDR: '198.51.100.1'
		004 "vpn.example.com" #1: IKE SA established {auth=PRESHARED_KEY cipher=AES_CBC_256 integ=HMAC_SHA2_256 group=MODP2048}
		002 "vpn.example.com" #2: initiating Quick Mode IKEv1+PSK+ENCRYPT+TUNNEL+PFS+IKE_FRAG_ALLOW+ESN_NO {using isakmp#1 msgid:c4229d9b $2}
		115 "vpn.example.com" #2: sent Quick Mode request
		003 "vpn.example.com" #1: received notification payload: $1
		031 "vpn.example.com" #2: STATE_QUICK_I1: 60 second timeout exceeded after 7 retransmits.  No acceptable response to our first Quick Mode message: perhaps peer likes no proposal
		000 "vpn.example.com" #2: starting keying attempt 2 of an unlimited number, but releasing whack
		exit 31
	X
}

refused_in_clear() {
	soon ipsec auto --up $NAME <<-'X'
		002 "vpn.example.com" #1: initiating IKEv1 Main Mode connection
		102 "vpn.example.com" #1: sent Main Mode request
		003 "vpn.example.com" #1: ignoring informational payload NO_PROPOSAL_CHOSEN, msgid=00000000, length=12
		003 "vpn.example.com" #1: received and ignored notification payload: NO_PROPOSAL_CHOSEN
		031 "vpn.example.com" #1: STATE_MAIN_I1: 60 second timeout exceeded after 7 retransmits.  No response (or no acceptable response) to our first IKEv1 message
		000 "vpn.example.com" #1: starting keying attempt 2 of an unlimited number, but releasing whack
		exit 31
	X
}

# ---- the log -------------------------------------------------------------------

# The peer begins: what was recorded of a responder on the right is ours, on the left.
mirror() {
	sed 's/192\.0\.2\.1/@/g; s/198\.51\.100\.1/192.0.2.1/g; s/@/198.51.100.1/g
		s/10\.0\.1\./@/g; s/10\.0\.2\./10.0.1./g; s/@/10.0.2./g'
}
log() { mapfile -t LOG <"$LAB/left/log/ike.log"; }
mark() { log && MARK=${#LOG[@]} SEEN=$MARK GOT=''; }
# has_line LINE: $GOT, what came behind the mark, has it
has_line() {
	log
	[ ${#LOG[@]} != "$SEEN" ] || return
	SEEN=${#LOG[@]}
	got "$(printf '%s\n' "${LOG[@]:MARK}")"
	[[ $'\n'$GOT$'\n' == *$'\n'"$1"$'\n'* ]]
}
# logged WHAT <<expected: since mark, all that and in that order; other lines may be there, too
logged() {
	SEEN=''
	expected
	wait_for 5 has_line "${EXPECTED##*$'\n'}"
	if [ -z "$EXPECTED" ] || differences | grep '^<'; then
		bad "in the log as recorded: $1"
		printf '%s\n' "$GOT"
	else ok "in the log as recorded: $1"; fi
}
# peer_begins WHAT <<expected: our log; we have given up what we began, and strongSwan does not go on with it
peer_begins() {
	ask left ipsec auto --down $NAME
	[ "${KIND[right]}" = libreswan ] || unload right
	mark
	if [ "${KIND[right]}" = libreswan ]; then ask right /usr/libexec/ipsec/whack --asynchronous --initiate --name $NAME
	else ask right "$STATUS" strongswan initiate child=vpn timeout=2000; fi
	logged "the peer begins: $1" <<<"$(mirror)" # not in a pipe, where a failure would not count
}
# silence: three repeats of ours, and nothing else
silence() {
	mark
	ask left ipsec whack --initiate --asynchronous --name $NAME
	logged "silence" <<-'X'
		"vpn.example.com" #1: initiating IKEv1 Main Mode connection
		"vpn.example.com" #1: sent Main Mode request
		"vpn.example.com" #1: STATE_MAIN_I1: retransmission; will wait 0.5 seconds for response
		"vpn.example.com" #1: STATE_MAIN_I1: retransmission; will wait 1 seconds for response
	X
	ask left ipsec auto --down $NAME
}

# ---- the scenarios ---------------------------------------------------------------

lab_up
agents
SETUP=([left]=$ACCEPT [right]=$ACCEPT)
both ikev2=no "${PFS[@]}"
start right "${KIND[right]}"
start left ours

title "healthy-v1"
goes_up
three_pings lpc $RPC
counted left 198.51.100.1
counted right 192.0.2.1
expect left ipsec auto --down $NAME <<'X'
002 "vpn.example.com": terminating SAs using this connection
002 "vpn.example.com" #2: deleting state (STATE_QUICK_I2) aged 6.791292s and sending notification
002 "vpn.example.com" #1: deleting state (STATE_MAIN_I4) aged 7.091105s and sending notification
005 "vpn.example.com" #2: ESP traffic information: in=252B out=252B
exit 0
X
check "the peer knows" wait_for 10 has right 0
peer_begins "healthy-v1" <<X
"vpn.example.com" #1: responding to Main Mode
"vpn.example.com" #1: sent Main Mode R1
"vpn.example.com" #1: sent Main Mode R2
"vpn.example.com" #1: Peer ID is ID_IPV4_ADDR: '192.0.2.1'
"vpn.example.com" #1: IKE SA established {auth=PRESHARED_KEY $IKE_SUITE}
"vpn.example.com" #1: the peer proposed: 10.0.2.0/24 -<all>-> 10.0.1.0/24
"vpn.example.com" #2: responding to Quick Mode proposal {msgid:06aae7db}
"vpn.example.com" #2:     us: 10.0.2.0/24===198.51.100.1  them: 192.0.2.1===10.0.1.0/24
"vpn.example.com" #2: sent Quick Mode reply, inbound IPsec SA installed, expecting confirmation tunnel mode {ESP=>0xf61d206e <0xac360773 xfrm=$THEIRS DPD=passive}
"vpn.example.com" #2: IPsec SA established tunnel mode {ESP=>0xf61d206e <0xac360773 xfrm=$THEIRS DPD=passive}
X
three_pings rpc $LPC
end right
logged "the peer ends it" <<'X'
"vpn.example.com" #1: received Delete SA(0xf61d206e) payload: deleting IPsec State #2
"vpn.example.com" #2: deleting state (STATE_QUICK_R2) aged 6.79054s and sending notification
"vpn.example.com" #1: deleting state (STATE_MAIN_R3) aged 7.156491s and sending notification
X
logged "what it carried" <<'X'
"vpn.example.com" #2: ESP traffic information: in=252B out=252B
X

title "psk-v1"
SECRET[right]=$OTHER
both ikev2=no
again
soon ipsec auto --up $NAME <<'X'
002 "vpn.example.com" #1: initiating IKEv1 Main Mode connection
102 "vpn.example.com" #1: sent Main Mode request
104 "vpn.example.com" #1: sent Main Mode I2
106 "vpn.example.com" #1: sent Main Mode I3
031 "vpn.example.com" #1: STATE_MAIN_I3: 60 second timeout exceeded after 7 retransmits.  Possible authentication failure: no acceptable response to our first encrypted message
000 "vpn.example.com" #1: starting keying attempt 2 of an unlimited number, but releasing whack
exit 31
X
peer_begins "psk-v1" <<'X'
"vpn.example.com" #1: responding to Main Mode
"vpn.example.com" #1: sent Main Mode R1
"vpn.example.com" #1: sent Main Mode R2
"vpn.example.com" #1: probable authentication failure (mismatch of preshared secrets?): malformed payload in packet
X

title "psk-v1-aggressive"
SWAN[conn]="aggressive = yes
	proposals = aes256-sha256-modp2048"
both ikev2=no aggressive=yes "ike=aes256-sha2_256;dh14"
again
soon ipsec auto --up $NAME <<'X'
003 "vpn.example.com" #1: IKEv1 Aggressive Mode with PSK is vulnerable to dictionary attacks and is cracked on large scale by TLA's
002 "vpn.example.com" #1: initiating IKEv1 Aggressive Mode connection
110 "vpn.example.com" #1: sent Aggressive Mode request
002 "vpn.example.com" #1: Peer ID is ID_IPV4_ADDR: '198.51.100.1'
003 "vpn.example.com" #1: received Hash Payload does not match computed value
223 "vpn.example.com" #1: sending notification INVALID_HASH_INFORMATION to 198.51.100.1:500
002 "vpn.example.com" #1: deleting state (STATE_AGGR_I1) aged 60.008339s and NOT sending notification
002 "vpn.example.com" #1: deleting ISAKMP SA but connection is supposed to remain up; schedule EVENT_REVIVE_CONNS
036 "vpn.example.com" #1: encountered fatal error in state STATE_AGGR_I1
exit 36
X
peer_begins "psk-v1-aggressive" <<'X'
"vpn.example.com" #1: IKEv1 Aggressive Mode with PSK is vulnerable to dictionary attacks and is cracked on large scale by TLA's
"vpn.example.com" #1: Peer ID is ID_IPV4_ADDR: '192.0.2.1'
"vpn.example.com" #1: responding to Aggressive Mode, state #1, connection "vpn.example.com" from 192.0.2.1
"vpn.example.com" #1: sent Aggressive Mode response, expecting confirmation
X
SECRET[right]='' SWAN[conn]=''

title "ts-v1"
SWAN[net]=10.0.3.0/24
both ikev2=no "${PFS[@]}" right:rightsubnet=10.0.3.0/24
again
quick_refused INVALID_ID_INFORMATION "proposal=defaults pfsgroup=MODP2048"
peer_begins "ts-v1" <<'X'
"vpn.example.com" #1: the peer proposed: 10.0.2.0/24 -<all>-> 10.0.3.0/24
"vpn.example.com" #1: cannot respond to IPsec SA request because no connection is known for 10.0.2.0/24===198.51.100.1...192.0.2.1===10.0.3.0/24
"vpn.example.com" #1: sending encrypted notification INVALID_ID_INFORMATION to 192.0.2.1:500
X
SWAN[net]=''

title "esp-proposal-v1"
SWAN[child]="esp_proposals = aes128-sha1"
both ikev2=no "${PFS[@]}" left:esp=aes_gcm256 right:esp=aes128-sha1
again
quick_refused NO_PROPOSAL_CHOSEN "proposal=AES_GCM_16_256-NONE pfsgroup=MODP2048"
peer_begins "esp-proposal-v1" <<'X'
"vpn.example.com" #1: the peer proposed: 10.0.2.0/24 -<all>-> 10.0.1.0/24
"vpn.example.com" #2: no acceptable Proposal in IPsec SA
"vpn.example.com" #2: sending encrypted notification NO_PROPOSAL_CHOSEN to 192.0.2.1:500
X

title "pfs-v1"
SWAN[child]="esp_proposals = aes128-sha1-modp2048"
both ikev2=no left:pfs=no left:esp=aes128-sha1 right:pfs=yes "right:esp=aes128-sha1;dh14"
again
without_pfs
quick_refused NO_PROPOSAL_CHOSEN "proposal=AES_CBC_128-HMAC_SHA1_96 pfsgroup=no-pfs"
SWAN[child]="esp_proposals = aes128-sha1"
both ikev2=no right:pfs=no right:esp=aes128-sha1 left:pfs=yes "left:esp=aes128-sha1;dh14"
again
peer_begins "pfs-v1" <<'X'
"vpn.example.com" #1: the peer proposed: 10.0.2.0/24 -<all>-> 10.0.1.0/24
"vpn.example.com" #2: we require PFS but Quick I1 SA specifies no GROUP_DESCRIPTION
"vpn.example.com" #2: sending encrypted notification NO_PROPOSAL_CHOSEN to 192.0.2.1:500
X
SWAN[child]=''

title "ike-proposal-v1"
SWAN[conn]="proposals = aes128-sha1-modp3072"
both ikev2=no "left:ike=aes256-sha2_256;dh14" "right:ike=aes128-sha1;dh15"
again
refused_in_clear
peer_begins "ike-proposal-v1" <<'X'
"vpn.example.com" #1: responding to Main Mode
"vpn.example.com" #1: Oakley Transform [AES_CBC (128), HMAC_SHA1, MODP3072] refused
"vpn.example.com" #1: no acceptable Oakley Transform
"vpn.example.com" #1: sending notification NO_PROPOSAL_CHOSEN to 192.0.2.1:500
X
SWAN[conn]=''

title "version-v2-to-v1"
both left:ikev2=yes right:ikev2=no
again
soon ipsec auto --up $NAME <<'X'
181 "vpn.example.com" #1: initiating IKEv2 connection
181 "vpn.example.com" #1: sent IKE_SA_INIT request to 198.51.100.1:500
003 "vpn.example.com" #1: dropping unexpected IKE_SA_INIT message containing NO_PROPOSAL_CHOSEN notification; message payloads: N; missing payloads: SA,KE,Ni
031 "vpn.example.com" #1: STATE_V2_PARENT_I1: 60 second timeout exceeded after 7 retransmits.  No response (or no acceptable response) to our first IKEv2 message
000 "vpn.example.com" #1: starting keying attempt 2 of an unlimited number, but releasing whack
exit 31
X
peer_begins "version-v1-to-v2-accept" <<'X'
packet from 192.0.2.1:500: initial Main Mode message received but no connection has been authorized with authby=PSK and xauth=no
X

title "version-v1-to-v2-accept"
SWAN[version]=2
both left:ikev2=no right:ikev2=yes "${PFS[@]}"
again
if [ "${KIND[right]}" = libreswan ]; then silence; else refused_in_clear; fi
peer_begins "version-v2-to-v1" <<'X'
"vpn.example.com": ISAKMP_v2_IKE_SA_INIT message from 192.0.2.1:500 received on 198.51.100.1:500 but no suitable connection found with IKEv2 policy: the connection for these addresses is for IKEv1; responding with NO_PROPOSAL_CHOSEN
X

if [ "${KIND[right]}" = libreswan ]; then # strongSwan has no such setting
	title "version-v1-to-v2"
	stop right libreswan
	SETUP[right]=''
	both left:ikev2=no right:ikev2=yes
	start right libreswan
	ask left ipsec auto --replace $NAME
	silence

	title "fw-drop-v1"
	run router iptables-legacy -A FORWARD -p udp -m multiport --dports 500,4500 -j DROP
	expect left ipsec auto --up $NAME <<-'X'
		002 "vpn.example.com" #1: initiating IKEv1 Main Mode connection
		102 "vpn.example.com" #1: sent Main Mode request
		031 "vpn.example.com" #1: STATE_MAIN_I1: 60 second timeout exceeded after 7 retransmits.  No response (or no acceptable response) to our first IKEv1 message
		000 "vpn.example.com" #1: starting keying attempt 2 of an unlimited number, but releasing whack
		exit 31
	X
	says "to the letter" ': STATE_MAIN_I1: 60 second timeout exceeded after 7 retransmits\.  No response'
	check "every repeat is told" test "$(grep -c '^010 .*: STATE_MAIN_I1: retransmission; will wait [0-9.]* seconds for response$' <<<"$OUT")" = 7
	run router iptables-legacy -F FORWARD
fi

title "not-running-v1"
if [ "${KIND[right]}" = libreswan ]; then stop right libreswan; else stop_strongswan right TERM; fi
both ikev2=no "${PFS[@]}"
ask left ipsec auto --replace $NAME
soon ipsec auto --up $NAME <<'X'
002 "vpn.example.com" #1: initiating IKEv1 Main Mode connection
102 "vpn.example.com" #1: sent Main Mode request
000 "vpn.example.com" #1: ERROR: asynchronous network error report on eth0 (192.0.2.1:500), complainant 198.51.100.1: Connection refused [errno 111, origin ICMP type 3 code 3 (not authenticated)]
exit 31
X

title "version-v1-to-v2 at our end"
SETUP[left]='' SWAN[version]=1
both left:ikev2=yes right:ikev2=no
stop left ours
start left ours
if [ "${KIND[right]}" = libreswan ]; then
	SETUP[right]=$ACCEPT
	both left:ikev2=yes right:ikev2=no
fi
start right "${KIND[right]}"
peer_begins "version-v1-to-v2" <<'X'
packet from 192.0.2.1:500: ignoring IKEv1 packet as policy is set to silently drop all IKEv1 packets
X
finish
