#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# vm: smp=2 mem=1536 timeout=200
# A disk on a block device: what is written is read, limits are the device's,
# and the block that fails is named.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../vdisk.sh"

DEVICE=blockio/b0

vdisk_begin
device_add $DEVICE
expect_complaint "no path" $DEVICE "path: must be set"
device_set $DEVICE path="$WORK/none"
expect_complaint "no file" $DEVICE "path: .*no such file"
device_set $DEVICE path=/etc/passwd
expect_complaint "a file" $DEVICE "path: .*not a block device"

# scsi_debug ADD_HOST PARAMETER...: sets DEBUG
scsi_debug() {
	local before

	before=$(ls /sys/block)
	modprobe scsi_debug delay=0 "$@"
	DEBUG=
	wait_for scsi_debug 30 scsi_debug_there "$before"
}

scsi_debug_there() {
	local disk

	for disk in /sys/block/*; do
		disk=${disk##*/}
		grep -qx "$disk" <<<"$1" || DEBUG=/dev/$disk
	done
	[ -n "$DEBUG" ] && [ -e "$DEBUG" ]
}

scsi_debug_gone() {
	rmmod scsi_debug
}

# read_device DEVICE SKIP COUNT: in MiB, past the page cache, which knows
# nothing of what others do below it
read_device() {
	dd if="$1" bs=1M skip="$2" count="$3" iflag=direct status=none
}

same_bytes() {
	read_device "$DEBUG" 0 16 | cmp -n $((16 << 20)) "$DISK" - ||
		die "the device differs"
}

# run SETTING...
run() {
	echo "== $*"
	device_set $DEVICE path="$DEBUG" "$@" enable=1
	lun_add 0 b0
	expect_eq "capacity" "$(blockdev --getsize64 "$DISK")" \
		"$(blockdev --getsize64 "$DEBUG")"
	expect_eq "physical block" "$(blockdev --getpbsz "$DISK")" \
		"$(blockdev --getpbsz "$DEBUG")"
	verify_disk "$DISK" --bsrange=4k-1m --ba=4k --size=16M
	same_bytes
	verify_disk "$DISK" --bs=16k --size=4M --fsync=8
	verify_disk "$DISK" --bs=4k --size=1M --sync=1
	sg_sync "$DISK"
}

end() {
	lun_del 0
	device_disable $DEVICE
	scsi_debug_gone
}

scsi_debug dev_size_mb=64 sector_size=512 physblk_exp=3 lbpu=1 lbprz=1 \
	unmap_granularity=8 max_queue=64
run
expect_eq "thin" "$(device_get $DEVICE thin)" 1
sg_vpd -p bl "$DISK" >"$WORK/limits"
expect_match "limits" "$(cat "$WORK/limits")" "unmap granularity: 8 "
blkdiscard -o 1M -l 1M "$DISK"
read_device "$DEBUG" 1 1 | cmp -n $((1 << 20)) - /dev/zero ||
	die "discarded, and still there"
blkdiscard -z -o 4M -l 1M "$DISK"
cmp -n $((1 << 20)) -i $((4 << 20)):0 "$DISK" /dev/zero || die "zeroes"
expect_fail "held by us" mkfs.ext4 -q "$DEBUG"

# Memory of the initiator that is not aligned to sectors: sg's, by the byte.
dd if=/dev/urandom of="$DISK" bs=64k count=1 oflag=direct 2>/dev/null
sg_raw -r 512 -o "$WORK/block" "$DISK" 28 0 0 0 0 5 0 0 1 0 >/dev/null 2>&1
cmp -n 512 -i 2560:0 "$DISK" "$WORK/block" || die "sg_raw"

# The device is missing at the end of its life, or so it says.
device_add blockio/b1 path="$DEBUG"
expect_complaint "twice" blockio/b1 "path: .*in use"
end

# Sectors 0x1234 to 0x123d cannot be read.
scsi_debug dev_size_mb=64 opts=2
device_set $DEVICE path="$DEBUG" enable=1
lun_add 0 b0
dd if="$DISK" of=/dev/null bs=$((0x1234 * 512)) count=1 iflag=direct \
	2>/dev/null || die "the sectors before"
expect_sense "medium error" "Medium Error" \
	sg_raw -r 32768 "$DISK" 28 0 0 0 0x12 0x00 0 0 0x40 0
expect_match "the bad block" "$(cat "$WORK/sense")" "[Ii]nfo.*1234"
end

# Write-protected.
scsi_debug dev_size_mb=16 wp=1
device_set $DEVICE path="$DEBUG"
expect_complaint "protected" $DEVICE "path: .*write-protected"
device_set $DEVICE read_only=1 enable=1
lun_add 0 b0
expect_eq "read-only" "$(blockdev --getro "$DISK")" 1
end
device_set $DEVICE read_only=0

# Blocks of 4096 bytes.
scsi_debug dev_size_mb=64 sector_size=4096
device_set $DEVICE path="$DEBUG" block_size=512
expect_complaint "blocks" $DEVICE "block_size: .*4096"
run block_size=4096
end
