#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# vm: smoke smp=2 timeout=300
# A disk that a process serves over the ring: what is written is read, in all
# sizes, by one queue and by several; it flushes, unmaps and grows; the device
# is in configfs like any other.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../vdisk.sh"
. "$(dirname "$0")/../user.sh"

bigger() {
	sg_turs "$DISK" >/dev/null 2>&1
	echo 1 >"/sys/class/scsi_device/$HOST:0:0:0/device/rescan"
	[ "$(blockdev --getsize64 "$DISK")" -eq "$1" ]
}

user_begin
dd if=/dev/urandom of="$WORK/data" bs=1M count=8 status=none

# Nobody serves what there is not, and wishes come true.
expect_fail "attach to nothing" "$HANDLER" nobody "$WORK/disk"
expect_match "it is said" "$(dmesg | tail -n 3)" "no devices/user/nobody"
device_add user/u0 enable=1
expect_eq "before the handler" "$(device_get user/u0 state)" waiting
expect_fail "a bad block size" "$HANDLER" u0 "$WORK/disk" bs=768
expect_fail "a bad depth" "$HANDLER" u0 "$WORK/disk" depth=3
handler_start u0 "$WORK/disk"
expect_eq "with the handler" "$(device_get user/u0 state)" enabled
expect_eq "the handler" "$(device_get user/u0 handler)" serving
expect_fail "a second handler" "$HANDLER" u0 "$WORK/disk2"
lun_add 0 u0
expect_eq "capacity" "$(blockdev --getsize64 "$DISK")" $((64 << 20))

dd if="$WORK/data" of="$DISK" bs=1M oflag=direct conv=fsync status=none
dd if="$DISK" bs=128k count=64 iflag=direct status=none |
	cmp - "$WORK/data" || die "the disk differs"
cmp -n $((8 << 20)) "$WORK/disk" "$WORK/data" || die "the file differs"
sg_sync "$DISK"
sg_verify --16 --lba=0 --count=64 "$DISK"
blkdiscard -o $((1 << 20)) -l $((1 << 20)) "$DISK"
cmp -n $((1 << 20)) -i $((1 << 20)):0 "$DISK" /dev/zero ||
	die "what was discarded is not zero"
blkdiscard -z -o $((2 << 20)) -l $((1 << 20)) "$DISK"
cmp -n $((1 << 20)) -i $((2 << 20)):0 "$DISK" /dev/zero || die "not zeroes"
verify_disk "$DISK" --bsrange=512-256k --size=16M
verify_disk "$DISK" --bs=4k --size=4M --iodepth=64

# How many system calls a request costs the handler: a count, not a check.
handler_stop "$PID"
handler_start u0 "$WORK/disk" stats="$WORK/stats"
fio --name=count --filename="$DISK" --direct=1 --ioengine=libaio \
	--rw=randrw --bs=4k --iodepth=16 --size=16M --minimal >/dev/null
handler_stop "$PID"
cat "$WORK/stats"
handler_start u0 "$WORK/disk"

# The end of one handler, another one with other queues, and another size.
handler_stop "$PID"
wait_for "the handler to be gone" 30 handler_is u0 none
expect_match "INQUIRY without a handler" "$(sg_inq "$DISK")" "SCST"
expect_fail "another block size" "$HANDLER" u0 "$WORK/disk" bs=4096
expect_fail "another transfer length" "$HANDLER" u0 "$WORK/disk" \
	transfer=65536
handler_start u0 "$WORK/disk" queues=2 depth=8 arena=$((2 << 20)) poll=1 \
	resize=$((96 << 20))
verify_disk "$DISK" --bsrange=512-512k --ba=512 --size=32M --iodepth=64 --numjobs=2 \
	--offset_increment=32M
kill -HUP "$PID"
wait_for "the new size" 30 bigger $((96 << 20))
verify_disk "$DISK" --bs=64k --offset=64M --size=16M

# Taken away under its handler, which hears of it.
lun_del 0
rmdir "$SCST/devices/user/u0"
status=0
wait "$PID" || status=$?
expect_eq "the handler's end" $status 3
