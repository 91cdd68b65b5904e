#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# vm: smp=2 mem=1536 timeout=200
# A disk in a file: what is written is read, through the page cache and past
# it; it is thin, flushes, and grows.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../vdisk.sh"

DEVICE=fileio/f0

vdisk_begin
modprobe loop || true
truncate -s 700M "$WORK/fs"
mkdir "$WORK/mnt"
mkfs.ext4 -q -E lazy_itable_init=1,lazy_journal_init=1,nodiscard "$WORK/fs"
mount -o loop "$WORK/fs" "$WORK/mnt"
defer umount "$WORK/mnt"
defer device_disable $DEVICE

# What the operator does wrong is said, and nothing stays behind.
device_add $DEVICE
expect_complaint "no path" $DEVICE "path: must be set"
device_set $DEVICE path=relative/file
expect_complaint "relative path" $DEVICE "path: must be set, and begin with /"
device_set $DEVICE path="$WORK/mnt/none/file" size=1M
expect_complaint "no directory" $DEVICE "path: .*no such directory"
device_set $DEVICE path="$WORK/mnt/file" size=0
expect_complaint "no file" $DEVICE "path: .*no such file; size creates it"
device_set $DEVICE path="$WORK/mnt"
expect_complaint "a directory" $DEVICE "path: .*directory"
expect_fail "a bad size" device_set $DEVICE size=12Q
expect_fail "a bad block size" device_set $DEVICE block_size=768

# run WHERE SETTING...: everything that a disk must do
run() {
	local where=$1 bs

	shift
	echo "== $where $*"
	device_set $DEVICE path="$where/file" size=64M "$@" enable=1
	bs=$(device_get $DEVICE block_size)
	expect_eq "$where: size" "$(device_get $DEVICE size)" $((64 << 20))
	expect_fail "set while enabled" device_set $DEVICE direct=1
	lun_add 0 f0
	expect_eq "$where: capacity" "$(blockdev --getsize64 "$DISK")" \
		$((64 << 20))
	expect_eq "$where: blocks" "$(blockdev --getss "$DISK")" "$bs"

	verify_disk "$DISK" --bsrange="$bs-256k" --ba="$bs" \
		--size=16M
	verify_disk "$DISK" --bs=128k --size=8M --fsync=16
	verify_disk "$DISK" --bs=4k --size=1M --sync=1
	cmp -n $((16 << 20)) "$DISK" "$where/file" ||
		die "$where: the file differs"

	# What is discarded reads as zeroes, and takes no room.
	expect_eq "$where: thin" "$(device_get $DEVICE thin)" 1
	blkdiscard "$DISK"
	cmp -n $((64 << 20)) "$DISK" /dev/zero || die "$where: not zeroes"
	expect_eq "$where: room" "$(stat -c %b "$where/file")" 0
	verify_disk "$DISK" --bs=64k --size=4M
	blkdiscard -z -o 1M -l 1M "$DISK"
	cmp -n $((1 << 20)) -i $((1 << 20)):0 "$DISK" /dev/zero ||
		die "$where: zeroes"
	sg_sync "$DISK"
	sg_get_lba_status -l 0 -m 4096 "$DISK" >"$WORK/status"
	expect_match "$where: status" "$(cat "$WORK/status")" "mapped"

	# Behind the file's end there are zeroes, and nothing fails.
	truncate -s 32M "$where/file"
	cmp -n $((1 << 20)) -i $((40 << 20)):0 "$DISK" /dev/zero ||
		die "$where: behind the end"
	device_set $DEVICE size=96M
	wait_for "the new size" 30 bigger 96
	lun_del 0
	device_disable $DEVICE
	rm "$where/file"
	device_set $DEVICE size=64M
}

bigger() {
	blockdev --rereadpt "$DISK" 2>/dev/null
	sg_turs "$DISK" >/dev/null 2>&1
	echo 1 >"/sys/class/scsi_device/$HOST:0:0:0/device/rescan"
	[ "$(blockdev --getsize64 "$DISK")" -eq $(($1 << 20)) ]
}

mkdir "$WORK/tmp"
mount -t tmpfs -o size=200M tmpfs "$WORK/tmp"
defer umount "$WORK/tmp"
defer device_disable $DEVICE
run "$WORK/tmp" block_size=512
run "$WORK/mnt" block_size=512
run "$WORK/mnt" block_size=4096 write_cache=0
run "$WORK/mnt" direct=1 write_cache=1
run "$WORK/mnt" direct=1 write_cache=0

# A file system on it.
device_set $DEVICE path="$WORK/mnt/file" size=200M direct=0 block_size=512 \
	write_cache=1 enable=1
lun_add 0 f0
mkfs.ext4 -q "$DISK"
mkdir "$WORK/inner"
mount -o discard "$DISK" "$WORK/inner"
cp -r /usr/include/linux "$WORK/inner/"
umount "$WORK/inner"
e2fsck -fn "$DISK" >"$WORK/fsck" 2>&1 || die "$(cat "$WORK/fsck")"
mount "$DISK" "$WORK/inner"
diff -r /usr/include/linux "$WORK/inner/linux"
umount "$WORK/inner"

# Another device cannot have the same file.
device_add fileio/f1 path="$WORK/mnt/file"
expect_complaint "the same file twice" fileio/f1 "path: .*in use"
lun_del 0
device_disable $DEVICE
