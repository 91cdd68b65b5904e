#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# vm: mem=1536 timeout=240
# File systems on a disk of ours keep a tree of files.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../vdisk.sh"

TREE=/usr/include/linux

vdisk_begin
device_add fileio/f0 path="$WORK/f0" size=400M enable=1
defer device_disable fileio/f0
lun_add 0 f0
mkdir "$WORK/mnt"

# try TYPE CHECK...: its check has to find nothing
try() {
	local type=$1

	shift
	modprobe "$type"
	"mkfs.$type" -q "$DISK"
	mount -t "$type" "$DISK" "$WORK/mnt"
	cp -r "$TREE" "$WORK/mnt/a"
	cp -r "$TREE" "$WORK/mnt/b"
	rm -r "$WORK/mnt/a"
	fstrim "$WORK/mnt"
	umount "$WORK/mnt"
	"$@" "$DISK" >"$WORK/check" 2>&1 || die "$type: $(cat "$WORK/check")"
	echo 3 >/proc/sys/vm/drop_caches
	mount -t "$type" "$DISK" "$WORK/mnt"
	diff -r "$TREE" "$WORK/mnt/b" || die "$type: the tree differs"
	umount "$WORK/mnt"
	blkdiscard -f "$DISK"
}

try ext4 e2fsck -fn
try xfs xfs_repair -n
