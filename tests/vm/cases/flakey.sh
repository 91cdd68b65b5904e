#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# vm: timeout=240
# What the initiator flushed is there after a power cut: dm-flakey drops all
# writes from one moment on, below the file system that has our file.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../vdisk.sh"

DM=vm-flakey
DEVICE=fileio/f0

# switch TABLE: nothing that waits is written first
switch() {
	dmsetup suspend --noflush --nolockfs $DM
	dmsetup load $DM --table "$1"
	dmsetup resume --noudevsync $DM
}

vdisk_begin
modprobe -a dm_mod dm_flakey loop ext4
truncate -s 256M "$WORK/image"
loop=$(losetup -f --show "$WORK/image")
defer losetup -d "$loop"
good="0 524288 flakey $loop 0 1000 0"
cut="0 524288 flakey $loop 0 0 1000 1 drop_writes"
dmsetup create --noudevsync --noudevrules $DM --table "$good"
defer dmsetup remove --noudevsync --noudevrules $DM
[ -e /dev/mapper/$DM ] || dmsetup mknodes $DM
mkfs.ext4 -q /dev/mapper/$DM
mkdir "$WORK/mnt"
device_add $DEVICE

# cut_power ATTRIBUTE=VALUE...: with the device set to that
cut_power() {
	echo "== $*"
	mount /dev/mapper/$DM "$WORK/mnt"
	device_set $DEVICE path="$WORK/mnt/disk" size=64M "$@" enable=1
	lun_add 0 f0
	dd if=/dev/urandom of="$WORK/data" bs=1M count=8 status=none
	dd if="$WORK/data" of="$DISK" bs=64k oflag=direct status=none
	sg_sync "$DISK"
	switch "$cut"
	# what nobody flushed may be lost
	dd if=/dev/zero of="$DISK" bs=64k seek=256 count=64 oflag=direct \
		status=none
	lun_del 0
	echo 0 >"$SCST/devices/$DEVICE/enable"
	wait_for "$DEVICE to close" 30 device_is $DEVICE disabled
	umount "$WORK/mnt"
	switch "$good"
	echo 3 >/proc/sys/vm/drop_caches
	mount /dev/mapper/$DM "$WORK/mnt"
	cmp -n $((8 << 20)) "$WORK/mnt/disk" "$WORK/data" ||
		die "flushed, and lost ($*)"
	rm "$WORK/mnt/disk"
	umount "$WORK/mnt"
}

cut_power direct=0
cut_power direct=1
