#!/bin/bash
# The lab under User-Mode Linux: the kernel's ESP works there, and Libreswan and strongSwan, both with
# the kernel's ESP, build a tunnel between them. Without that no other test there means anything.
# shellcheck source=tests/netns/lab.sh
. "$(dirname "$0")/../netns/lab.sh"
LAB_LEFT=libreswan SS_ESP=kernel
lab_up

title "Libreswan to strongSwan, ESP by the kernel"
tunnel left libreswan
tunnel right strongswan
start right strongswan
start left libreswan
check "up" up left libreswan
check "traffic" ping_through
show left libreswan
says "counted by the kernel" 'inBytes=[1-9]'
finish
