#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# vm: smoke
# Logical units come and go at an initiator that is there, say what they were
# told to say, and keep what is written.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../vdisk.sh"

disk_gone() {
	[ ! -e "/sys/class/scsi_device/$HOST:0:0:$1" ]
}

vdisk_begin
device_add nullio/n0 size=64M vendor=ACME product=Anvil serial=n0-1 enable=1
device_add fileio/f0 path="$WORK/f0" size=16M enable=1
defer device_disable fileio/f0
lun_add 0 n0
null=$DISK
lun_add 3 f0
file=$DISK

sg_turs "$null"
inquiry=$(sg_inq "$null")
expect_match "vendor" "$inquiry" "Vendor identification: ACME"
expect_match "product" "$inquiry" "Product identification: Anvil"
expect_match "serial" "$(sg_inq -p sn "$null")" "n0-1"
expect_eq "capacity" "$(blockdev --getsize64 "$null")" $((64 << 20))
expect_match "scheduler" "$(cat "/sys/block/${null##*/}/queue/scheduler")" \
	"\[none\]"
expect_eq "LUNs" "$(sg_luns "$null" | sed -n 's/^ *\(00[0-9a-f]*\)$/\1/p' |
	tr '\n' ' ')" "0000000000000000 0003000000000000 "

dd if=/dev/urandom of="$WORK/data" bs=1M count=4 status=none
dd if="$WORK/data" of="$file" bs=256k oflag=direct conv=fsync status=none
dd if="$file" bs=64k count=64 iflag=direct status=none |
	cmp - "$WORK/data" || die "the disk differs"
cmp -n $((4 << 20)) "$WORK/f0" "$WORK/data" || die "the file differs"

# A unit that goes, and one that says no.
lun_del 0
wait_for "LUN 0 to go" 30 disk_gone 0
sg_turs "$file"
expect_fail "write to what is read-only" sh -c "
	echo 1 >$LOCAL/groups/all/luns/3/read_only &&
	dd if=/dev/zero of=$file bs=4k count=1 oflag=direct"
cmp -n $((4 << 20)) "$WORK/f0" "$WORK/data" || die "the file has changed"

# The initiator goes with its units, and comes back to them.
rmdir "$LOCAL/nexuses/me"
wait_for "the host to go" 30 disk_gone 3
mkdir "$LOCAL/nexuses/me"
HOST=$(cat "$LOCAL/nexuses/me/host")
wait_for "LUN 3 to come back" 30 disk_there 3
