# shellcheck shell=bash
# What the tests of devices ask (15-vti.sh, 16-xfrmi.sh); sourced after lab.sh.

has_device() { [ "$(on "$1" ip -o link show group 901664 | grep -c ": $2@")" = 1 ]; }
packets() { on left cat "/sys/class/net/$1/statistics/rx_packets" "/sys/class/net/$1/statistics/tx_packets" | tr '\n' ' '; }
passes() { # passes DEVICE COMMAND...: what the command sends goes through it, both ways
	local rx tx rx2 tx2
	read -r rx tx <<<"$(packets "$1")"
	"${@:2}" || return 1
	read -r rx2 tx2 <<<"$(packets "$1")"
	[ "$rx2" -gt "$rx" ] && [ "$tx2" -gt "$tx" ]
}
