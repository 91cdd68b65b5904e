#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# vm: smp=2 mem=1024 timeout=150
# A CD drive: discs come and go, an initiator may lock it, and what is read is
# the disc.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../vdisk.sh"

DEVICE=cdrom/c0

vdisk_begin
modprobe sr_mod
dd if=/dev/urandom of="$WORK/one" bs=2048 count=3000 status=none
dd if=/dev/urandom of="$WORK/two" bs=2048 count=2000 status=none
# The last block is not whole.
head -c 1000 /dev/urandom >>"$WORK/two"
: >"$WORK/empty"

device_add $DEVICE path=relative
expect_complaint "relative path" $DEVICE "path: must begin with /"
device_set $DEVICE path="$WORK/empty"
expect_complaint "empty" $DEVICE "path: .*empty"
device_set $DEVICE path="" enable=1
lun_add 0 c0
expect_eq "type" "$(cat "/sys/class/scsi_device/$HOST:0:0:0/device/type")" 5
expect_sense "no disc" "[Mm]edium not present" \
	sg_raw -v "$DISK" 0 0 0 0 0 0

ready() {
	sg_turs "$DISK" >/dev/null 2>&1
}

# disc_is FILE BLOCKS
disc_is() {
	wait_for "the disc" 10 ready
	expect_match "capacity" "$(sg_readcap "$DISK" 2>&1)" \
		"Number of.*blocks=$2"
	dd if="$DISK" bs=2048 count="$2" status=none 2>/dev/null |
		head -c "$(stat -c %s "$1")" | cmp - "$1" ||
		die "another disc than $1"
}

device_set $DEVICE path="$WORK/one"
disc_is "$WORK/one" 3000
device_set $DEVICE path="$WORK/two"
disc_is "$WORK/two" 2001

# A disc that is none leaves the one that is there.
expect_fail "no such disc" device_set $DEVICE path="$WORK/none"
expect_match "no such disc" "$(dmesg | tail -n 2)" "c0: path: .*none"
expect_eq "path" "$(device_get $DEVICE path)" "$WORK/two"
disc_is "$WORK/two" 2001

# Locked by an initiator
expect_eq "unlocked" "$(device_get $DEVICE locked)" 0
# Not through sr, which unlocks the drive when it is closed.
GENERIC=$(disk_path 0 scsi_generic)
sg_prevent "$GENERIC"
expect_eq "locked" "$(device_get $DEVICE locked)" 1
expect_fail "eject while locked" device_set $DEVICE eject=1
expect_match "eject while locked" "$(dmesg | tail -n 2)" "c0: eject: .*locked"
expect_fail "change while locked" device_set $DEVICE path="$WORK/one"
disc_is "$WORK/two" 2001
device_set $DEVICE eject=2
expect_eq "taken" "$(device_get $DEVICE path)" ""
sg_prevent --allow "$GENERIC"
device_set $DEVICE path="$WORK/one"
disc_is "$WORK/one" 3000

# The button, and the initiator's tray
device_set $DEVICE eject=1
expect_sense "tray open" "[Mm]edium not present" sg_raw -v "$DISK" 0 0 0 0 0 0
sg_start --load "$DISK"
disc_is "$WORK/one" 3000
sg_start --eject "$DISK"
device_set $DEVICE path="$WORK/two"
disc_is "$WORK/two" 2001
lun_del 0
device_disable $DEVICE
