#!/bin/bash
# 10-libreswan.sh [SETUP-LINE...]: we and Libreswan, whose ESP is the kernel's; both roles.
# shellcheck source=tests/netns/lab.sh
. "$(dirname "$0")/../netns/lab.sh"
LAB_RIGHT=libreswan
lab_up
lines=("${@/#/setup:}")

title "to Libreswan"
tunnel left ours "${lines[@]}"
tunnel right libreswan
start right libreswan
start left ours
check "up" up left ours
check "traffic" ping_through
show left ours
says "counted" 'inBytes=[1-9]'
check "down" down left ours
wait_for 5 is_down right libreswan
check "Libreswan knows" is_down right libreswan

title "from Libreswan"
check "up" up right libreswan
check "traffic" ping_through
show right libreswan
says "counted by the kernel" 'inBytes=[1-9]'
check "down" down right libreswan
check "we know" wait_for 5 is_down left ours
finish
