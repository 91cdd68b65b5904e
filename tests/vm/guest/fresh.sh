#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# On the machine of ../fresh.sh, at each of its boots: what is left of the
# commands, and then what they made. It says on ttyS1 how that went.
cd /root || exit
exec >/dev/ttyS1 2>&1
set -eEuo pipefail
trap 'systemctl --no-pager --failed; dmesg | tail -n 20; systemctl poweroff' ERR

disk() {
	DISK=$(lsblk --scsi -no NAME,VENDOR | awk '$2 == "SCST" { print $1 }')
	[ -n "$DISK" ] && [ -b "/dev/$DISK" ]
}

wait_disk() {
	local i

	for ((i = 0; i < 60; i++)); do
		! disk || return 0
		sleep 1
	done
	echo "there is no disk"
	return 1
}

# Since there is anything of ours
quiet_log() {
	! dmesg | sed -n '/scst: loading/,$p' | grep -vE -f dmesg.allow |
		grep -E -f dmesg.bad
}

run() {
	echo "== $(cat "$1")"
	bash -e "$1"
}

if [ ! -e data ]; then
	run command3
	run command4
	wait_disk
	lsblk --scsi
	[ "$(stat -c '%U %G %a' /dev/scst_user)" = "root scst 660" ]
	dd if=/dev/urandom of=data bs=1M count=8 status=none
	dd if=data of="/dev/$DISK" bs=64k oflag=direct conv=fsync status=none
	run command6
	quiet_log
	sync
	systemctl reboot
else
	wait_disk
	dd if="/dev/$DISK" bs=1M count=8 iflag=direct status=none | cmp - data
	[ "$(systemctl is-system-running --wait)" = running ]
	quiet_log
	scstctl show
	echo "fresh: all is there again"
	systemctl poweroff
fi
