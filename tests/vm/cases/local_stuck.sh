#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# vm: timeout=180
# A backend that hangs: its device goes offline, other logical units do not
# notice, nobody who configures waits, and all is well once it comes back.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../vdisk.sh"

DM=vm-stuck

resume() {
	dmsetup resume --noudevsync $DM
}

# what reads from it hangs from now on
suspend() {
	dmsetup suspend --noflush --nolockfs --noudevsync $DM
	dd if="$stuck" of=/dev/null bs=4k count=1 iflag=direct \
		2>/dev/null &
	READER=$!
	wait_for "a command to be under way" 30 in_flight
}

in_flight() {
	read -r reads _ <"/sys/block/${stuck##*/}/inflight"
	[ "$reads" -gt 0 ]
}

state_is() {
	[ "$(cat "/sys/class/scsi_device/$HOST:0:0:1/device/state")" = "$1" ]
}

# The midlayer never gives back what the core has: it did not end in error.
reader_hangs() {
	kill -0 $READER
}

host_gone() {
	[ ! -e "/sys/class/scsi_host/host$1" ]
}

vdisk_begin
modprobe -a dm_mod loop
truncate -s 16M "$WORK/image"
loop=$(losetup -f --show "$WORK/image")
defer losetup -d "$loop"
dmsetup create --noudevsync --noudevrules $DM \
	--table "0 32768 linear $loop 0"
defer dmsetup remove --noudevsync --noudevrules $DM
[ -e /dev/mapper/$DM ] || dmsetup mknodes $DM
device_add blockio/b0 path=/dev/mapper/$DM enable=1
defer device_disable blockio/b0
device_add nullio/n0 enable=1
lun_add 0 n0
other=$DISK
lun_add 1 b0
stuck=$DISK

echo 1 >/sys/module/scst_local/parameters/offline_after
echo 1 >"/sys/class/scsi_device/$HOST:0:0:1/device/timeout"
suspend
defer resume
wait_for "the disk to go offline" 30 state_is offline
reader_hangs || die "the read ended before the device ended it"
dd if="$other" of=/dev/null bs=4k count=16 iflag=direct status=none
resume
wait $READER || true
echo running >"/sys/class/scsi_device/$HOST:0:0:1/device/state"
verify_disk "$stuck" --bs=4k --size=4M

# A reset that cannot succeed fails, in bounded time.
echo 60 >"/sys/class/scsi_device/$HOST:0:0:1/device/timeout"
suspend
expect_fail "reset of what hangs" timeout 100 sg_reset -N -d "$stuck"
reader_hangs || die "the read ended before the device ended it"

# Nor do these wait.
old=$HOST
timeout 30 rmdir "$LOCAL/nexuses/me"
host_gone "$old" && die "the host went before its command ended"
timeout 30 mkdir "$LOCAL/nexuses/me"
HOST=$(cat "$LOCAL/nexuses/me/host")
resume
wait $READER || true
wait_for "the old host to go" 60 host_gone "$old"
wait_for "LUN 1 at the new host" 30 disk_there 1
verify_disk "$(disk_path 1)" --bs=4k --size=4M
