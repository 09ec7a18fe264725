#!/bin/bash
# ipsec verify where no daemon runs: that fails, what is well does not.
set -u
ipsec=$1
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
bad=0

# wants STATUS PATTERN...: of what verify says; "!" before a pattern: it does not
wants() {
	local want=$1 said status
	shift
	said=$("$ipsec" --rundir "$dir" --config "$dir/ipsec.conf" --secretsfile "$dir/ipsec.secrets" verify $option 2>&1)
	status=$?
	for pattern; do
		if [ "${pattern#!}" = "$pattern" ]; then
			grep -qE -- "$pattern" <<<"$said" && continue
		else
			grep -qE -- "${pattern#!}" <<<"$said" || continue
		fi
		echo "\"$pattern\" does not hold:"; echo "$said"; bad=1
	done
	[ "$status" = "$want" ] || { echo "exit $status instead of $want:"; echo "$said"; bad=1; }
}

option=
if [ "$(id -u)" != 0 ]; then
	wants 4 'needs root'
	exit $bad
fi
printf 'conn host\n\tleft=127.0.0.1\n\tright=192.0.2.2\n\tauthby=secret\n\tauto=add\n' >"$dir/ipsec.conf"
echo '127.0.0.1 192.0.2.2 : PSK "a secret that is long enough"' >"$dir/ipsec.secrets"
chmod 600 "$dir/ipsec.secrets"
wants 1 '^FAIL  daemon: does not run' 'repair: ipsec start' '^ok    configuration: ' '^ok    secrets: ' \
	'^ok    pre-shared keys: ' '^ok    addresses: ' '!forwarding' '!rp_filter'
echo '@a @b : PSK "of other people, long enough"' >"$dir/ipsec.secrets"
wants 1 '^FAIL  pre-shared keys: "host"' 'repair: 127.0.0.1 192.0.2.2 : PSK'
chmod 644 "$dir/ipsec.secrets"
wants 1 '^WARN  secrets: ' "chmod 600 '$dir/ipsec.secrets'"
printf 'conn host\n\tleft=192.0.2.1\n\tright=192.0.2.2\n\tnonsense=1\n\tauto=add\n' >"$dir/ipsec.conf"
option=--json
wants 1 '"check":"daemon","result":"FAIL"' '"event":"request_done","exit":1'
exit $bad
