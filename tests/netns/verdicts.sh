# shellcheck shell=bash disable=SC2034 # names for those who source this
# What the tests of the diagnosis share; sourced after lab.sh, when peer says what the other end (right) is. A case:
#
#   fault NAME                                what is broken, said aloud; then the test breaks it
#   verdict CLASS CERTAINTY [COMMAND...]      a command here (left; "ipsec up" if none) fails, and says why; BEGAN is our
#                                             role in a tunnel that is up (initiator)
#   shortlist CLASS INSTEAD CERTAINTY         the same, where one end cannot know: INSTEAD is said, CLASS named as possible
#   responder_verdict CLASS CERTAINTY [COMMAND...]   the peer's attempt (or what COMMAND does there) fails, and our end,
#                                             which answers, says why: left, or right when the peer is ours, too
#   apply, apply_peer                         the fixes for that end, or for its peer, as they are printed
#   exactly CERTAINTY                         the last verdict is not less certain than that, either
#   cured [COMMAND...]                        now it comes up and carries traffic, COMMAND succeeds, and no finding is left
#   by_hand HOST WORDS COMMAND...             a fix that is printed in words, which have WORDS in them, done by COMMAND there
#   by_words WORDS COMMAND...                 the same, done by a function of the test
#
# A verdict is right when CLASS has rank 1, is no more certain than CERTAINTY, and came in time: 2 s after the packet
# that decides it, or 3 s of silence. Each one is a row of $LAB_ROWS, for tests/netns/verdicts_page:
#
#   CLASS PEER ROLE RANK CERTAINTY SECONDS FIX   (rank -: not found, listed: see shortlist; fix: works, FAILED, none here, n/a: not tried)

CONN=vpn.example.com
# a machine of tests/uml/run gives back what lies in this folder
LAB_ROWS=${LAB_ROWS:-$([ -n "${LAB_MACHINE:-}" ] && echo /mnt/out || echo "$LAB_BUILD/verdicts")/$(basename "$0" .sh)${peer:+-$peer}.tsv}
mkdir -p "$(dirname "$LAB_ROWS")"
: >"$LAB_ROWS"

# Whose verdict it is, what it is, and how many of its fixes were applied
JUDGE=left ROLE=initiator APPLIED=

fault() {
	title "$@"
	APPLIED=
}

# fresh [LINE...]: our end anew, as tunnel() has it with these lines, and those that all cases have
FRESH=()
# shellcheck disable=SC2120 # some have none
fresh() {
	tunnel left ours "${FRESH[@]}" "$@"
	reloaded left
}
# fresh_peer [LINE...]: the same for the other end
# shellcheck disable=SC2120 # some have none
fresh_peer() {
	tunnel right "$peer" "$@"
	reloaded right
}
# reloaded HOST: it has what its files say, and nothing of before
reloaded() {
	if [ "$1" = right ] && [ "$peer" = strongswan ]; then
		on right swanctl --terminate --ike vpn --force >/dev/null 2>&1
		on right swanctl --load-all >/dev/null
		return
	fi
	on "$1" ipsec rereadsecrets >/dev/null
	on "$1" ipsec delete $CONN >/dev/null 2>&1
	on "$1" ipsec add $CONN >/dev/null
}

# ---- verdicts --------------------------------------------------------------------------

# Events as lines of JSON in $LAB/said -> class and certainty at rank 1, rank of $want, seconds, what they are counted
# from. A packet decides when it comes; silence begins with what was sent last.
VERDICT='
def ours: test("^(conn|local|probe|diag|found|request|secrets|load|config|service)_|_(initiate|initiating|retransmit)$");
map(select(.event)) |
map(select(.event == "diag_finding" or .event == "found_finding")) as $found |
($found | map(select(.rank == 1)) | .[0]) as $first |
(map(select(.time <= $first.time and (.event | ours | not))) | max_by(.time)) as $decides |
[ $first.class // "none", $first.certainty // "-",
  (if $first.class == $want then 1 else ($found | map(select(.class == $want)) | .[0].rank // "-") end),
  (if $first.event != "diag_finding" or $decides == null then "-" else ($first.time - $decides.time) * 1000 | round / 1000 end),
  (if $decides.event // "" | test("_sent$|_xauth_in$|_asking$") then 3 else 2 end) ] | map(tostring) | join(" ")'

certainty_of() { case $1 in possible) echo 1 ;; likely) echo 2 ;; certain) echo 3 ;; *) echo 9 ;; esac; }

# judged CLASS CERTAINTY: what is in $LAB/said is held against them
judged() {
	local want=$1 most=$2 class certainty rank took limit
	sed -i '$ { /}$/!d }' "$LAB/said" # who was ended while it wrote
	jq -r 'select(.line and (.event | test("^(diag|found)_"))) | .line' "$LAB/said" 2>/dev/null
	read -r class certainty rank took limit < <(jq -rs --arg want "$want" "$VERDICT" "$LAB/said" 2>/dev/null)
	check "the verdict is $want (at most $most): ${class:-none} (${certainty:--})" \
		[ "${class:-none}" = "$want" -a "$(certainty_of "${certainty:--}")" -le "$(certainty_of "$most")" ]
	[ "${took:--}" = - ] || check "it comes in time: $took s after what decides it" \
		awk -v t="$took" -v most="$limit" -v slow="${LAB_SLOW:-1}" 'BEGIN { exit !(t <= (most + 0.5) * slow) }'
	printf '%s\t%s\t%s\t%s\t%s\t%s\tn/a\n' "$want" "${peer:-none}" "$ROLE" "${rank:--}" "${certainty:--}" "${took:--}" >>"$LAB_ROWS"
}
# exactly CERTAINTY: what was judged last is no less certain, either
exactly() { check "it is $1, and no less" [ "$(tail -1 "$LAB_ROWS" | cut -f5)" = "$1" ]; }
row_fix() { sed -i "\$s|[^\t]*\$|$1|" "$LAB_ROWS"; }

# shortlist CLASS INSTEAD CERTAINTY [COMMAND...]: from here it looks like INSTEAD, which names CLASS among what it can be, too
shortlist() {
	local want=$1
	shift
	verdict "$@"
	check "it can also be $want" grep -qE "\"event\":\"(diag|found)_suspect\".*\"class\":\"$want\"" "$LAB/said"
	sed -i "\$s/^[^\t]*/$want/; \$s/\t1\t/\tlisted\t/" "$LAB_ROWS"
}

# Is it said yet?
is_said() { grep -qE '"event":"(diag|found)_finding"' "$LAB/said"; }
said_or_over() { is_said || ! kill -0 "$1"; }
# heard PID: what the command or the stream PID says: until it ends, or a verdict is there with all that belongs to it
heard() {
	wait_for 20 said_or_over "$1"
	sleep 0.3
	ended "$1"
}
# ended PID: of a command in the background, which is a shell that has the command as its child
ended() {
	# shellcheck disable=SC2046 # none, or several
	kill $(ps -o pid= --ppid "$1") "$1" 2>/dev/null
	wait "$1" 2>/dev/null
}

verdict() {
	local want=$1 most=$2
	shift 2
	[ $# -gt 0 ] || set -- ipsec --json up $CONN
	JUDGE=left ROLE=${BEGAN:-initiator}
	printf 'left# %s\n' "$*"
	: >"$LAB/said"
	on left "$@" >"$LAB/said" 2>&1 </dev/null &
	# diagnose looks on when the first is found
	if [[ " $* " == *" diagnose "* ]]; then wait $!; else heard $!; fi
	judged "$want" "$most"
}

# noticed HOST CLASS CERTAINTY COMMAND...: HOST, one of ours, finds it by itself while (or after) COMMAND
noticed() {
	local host=$1 want=$2 most=$3 events
	shift 3
	JUDGE=$host
	: >"$LAB/said"
	on "$host" ipsec --json events >"$LAB/said" 2>/dev/null </dev/null &
	events=$!
	sleep "$(awk -v s="${LAB_SLOW:-1}" 'BEGIN { print 0.3 * s }')"
	"$@" >"$LAB/attempt" 2>&1 &
	heard $events
	ended $!
	judged "$want" "$most"
	check "ipsec status of that end has it, too" \
		grep -q "\"event\":\"found_finding\".*\"class\":\"$want\"" <<<"$(on "$host" ipsec --json status 2>/dev/null)"
}

# responder HOST: who answers
responder() { if [ "$peer" = ours ]; then echo right; else echo left; fi; }
peer_tries() { if [ "$peer" = ours ]; then up left ours; else up right "$peer"; fi; }
responder_verdict() {
	local want=$1 most=$2
	shift 2
	[ $# -gt 0 ] || set -- peer_tries
	ROLE=responder
	noticed "$(responder)" "$want" "$most" "$@"
}

# ---- fixes -----------------------------------------------------------------------------

# fixes PATTERN: kind and text of each of the verdict, for whom PATTERN names
fixes() {
	jq -rs --arg where "$1" '(map(select(.event == "diag_finding" or .event == "found_finding")) | .[0].class) as $class | .[] |
		select((.event == "diag_fix" or .event == "found_fix") and .class == $class and .kind != "words" and (.where | test($where))) |
		"\(.kind)\t\(.text)"' "$LAB/said" | awk '!seen[$0]++'
}

# conn_line HOST LINE: in the conn of a Libreswan-like ipsec.conf
conn_line() {
	local key=${2%%=*}
	on "$1" sed -i -e "/^[[:space:]]*$key=/d" -e "/^conn $CONN/a\\    $2" /etc/ipsec.conf
	# one word for another
	case $key in
	keyexchange) on "$1" sed -i '/^[[:space:]]*ikev2=/d' /etc/ipsec.conf ;;
	esac
}
# secret_line HOST LINE: the secret is not the program's to know; a line for the same ends gives way
secret_line() {
	local line=${2/\"...\"/\"$PSK\"}
	{
		printf '%s\n' "$line"
		on "$1" cat /etc/ipsec.secrets | grep -vF -- "${line%%:*}:"
	} >"$LAB/secrets"
	put "$1" /etc/ipsec.secrets <"$LAB/secrets"
}
# swanctl_line LINE: in the connection or, where it belongs there, in its child
swanctl_line() {
	local key=${1%% *} where='remote_addrs = ' word
	case $key in local_ts | remote_ts | mode | esp_proposals | inactivity | start_action) where='children { vpn {' ;; esac
	if [[ $1 == *\{* ]]; then # local { id = X }, which is there
		word=${1#*\{ } word=${word% \}}
		on right sed -i "/^[[:space:]]*$key { /,/}/s/${word%% *} = [^ }]*/$word/" /etc/swanctl/swanctl.conf
		return
	fi
	if [ "$key" = remote_addrs ]; then # where others are put
		on right sed -i "s/^\([[:space:]]*\)$key = .*/\1$1/" /etc/swanctl/swanctl.conf
		return
	fi
	on right sed -i -e "/^[[:space:]]*$key = /d" -e "/$where/a $1" /etc/swanctl/swanctl.conf
}

# apply_one HOST KIND TEXT
apply_one() {
	local text=${3##*write: } is_swan=
	[ "$1" = right ] && [ "$peer" = strongswan ] && is_swan=1
	printf '%s# fix (%s): %s\n' "$1" "$2" "$3"
	case $2 in
	command)
		reread "$1"
		on "$1" timeout 20 bash -c "${3#run: }" >"$LAB/out" 2>&1 </dev/null || cat "$LAB/out" # traffic is the proof
		return
		;;
	conn)
		if [ "$is_swan" ]; then swanctl_line "$text"; else conn_line "$1" "$text"; fi
		;;
	"config setup")
		on "$1" sed -i -e "/^[[:space:]]*${text%%=*}=/d" -e "/^config setup/a\\    $text" /etc/ipsec.conf
		on "$1" ipsec restart >/dev/null
		;;
	ipsec.secrets) secret_line "$1" "$text" ;;
	esac
	DIRTY=1
}
# reread HOST: what was written is read, before a command wants it
reread() {
	[ "$DIRTY" ] || return 0
	DIRTY=
	if [ "$1" = right ] && [ "$peer" = strongswan ]; then
		on right swanctl --load-all >"$LAB/out" 2>&1 || { bad "the peer refuses the fix"; cat "$LAB/out"; }
		return
	fi
	on "$1" ipsec auto --rereadsecrets >/dev/null
	on "$1" ipsec auto --replace $CONN >"$LAB/out" 2>&1 || { bad "ipsec.conf with the fix is refused"; cat "$LAB/out"; }
}
# applied HOST PATTERN
applied() {
	local kind text
	APPLIED=0 DIRTY=
	while IFS=$'\t' read -r kind text; do
		apply_one "$1" "$kind" "$text"
		APPLIED=$((APPLIED + 1))
	done < <(fixes "$2")
	[ $APPLIED != 0 ] || { row_fix "none here"; return 0; }
	reread "$1"
}
apply() { applied $JUDGE '^here$'; }
apply_peer() {
	local other=right words='^at the peer(, as ipsec.conf has it)?$'
	[ $JUDGE = left ] || other=left
	[ "$peer" != strongswan ] || words='^at the peer(, as swanctl.conf has it)?$'
	applied $other "$words"
}

by_hand() { by_words "$2" on "$1" "${@:3}"; }
by_words() {
	check "the fix in words: $1" grep -qF "$1" "$LAB/said"
	"${@:2}" >"$LAB/out" 2>&1 || { bad "it cannot be done"; cat "$LAB/out"; }
	APPLIED=$((${APPLIED:-0} + 1))
}

nothing_found() { ! grep -q 'diagnosis:' <<<"$(on $JUDGE ipsec status 2>/dev/null)"; }
tries() { if [ "$ROLE" = responder ] && [ "$peer" != ours ]; then up right "$peer"; else up left ours; fi; }
# the first may be taken for a repeat of the attempt that failed, whose time is not over
carries() { is_up left ours || tries || tries; }
# shellcheck disable=SC2120 # most have none
cured() {
	local before=$FAILED
	check "the tunnel comes up" carries
	check "traffic passes" wait_for 5 ping_through 3
	[ $# = 0 ] || check "$* succeeds" "$@"
	check "nothing is found any more" wait_for 3 nothing_found
	nothing_found || on $JUDGE ipsec status | grep diagnosis:
	[ "${APPLIED:-0}" = 0 ] || if [ $FAILED = "$before" ]; then row_fix works; else row_fix FAILED; fi
}
