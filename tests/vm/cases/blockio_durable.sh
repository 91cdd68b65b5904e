#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# What must be durable is flushed, on a device that knows FUA itself: writes
# with FUA, zeroes of a disk without a cache, and SYNCHRONIZE CACHE.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../vdisk.sh"

TRACE=/sys/kernel/tracing

debug_there() {
	DEBUG=$(grep -l '^scsi_debug' /sys/block/sd*/device/model |
		cut -d / -f 4)
	[ -b "/dev/$DEBUG" ]
}

# requests COMMAND...: what it makes the device below do: the kernel's letters,
# N zeroes, W writes, F before it: a flush, F behind it: FUA
requests() {
	echo >$TRACE/trace
	"$@" >"$WORK/out" 2>&1 || die "$*: $(cat "$WORK/out")"
	sed -n "s/.* block_rq_issue: $DEVICE_NR \([A-Z]*\) .*/\1/p" \
		$TRACE/trace | tr '\n' ' '
}

vdisk_begin
modprobe scsi_debug delay=0 dev_size_mb=8 lbpu=1 lbpws=1 lbprz=1
defer rmmod scsi_debug
wait_for scsi_debug 30 debug_there
expect_eq "FUA below" "$(cat "/sys/block/$DEBUG/queue/fua")" 1
DEVICE_NR=$(tr : , <"/sys/block/$DEBUG/dev")
echo 1 >$TRACE/events/block/block_rq_issue/enable
defer sh -c "echo 0 >$TRACE/events/block/block_rq_issue/enable"
device_add blockio/b0 path="/dev/$DEBUG" enable=1
defer device_disable blockio/b0
lun_add 0 b0
SG=$(disk_path 0 scsi_generic)
sg_turs "$SG" >/dev/null 2>&1 || true

write_one() {
	sg_raw -s 512 -i /dev/zero "$SG" 2a "$1" 0 0 0 0 0 0 1 0
}

zeroes() {
	sg_write_same --16 --unmap --lba=0 --num=64 "$SG"
}

expect_match "WRITE" "$(requests write_one 0)" "^W[SI]* $"
expect_match "FUA" "$(requests write_one 8)" "^WF[SI]* $"
expect_match "zeroes" "$(requests zeroes)" "^[DN][SI]* $"
expect_match "SYNCHRONIZE CACHE" "$(requests sg_sync "$SG")" "^F[A-Z]* $"
lun_del 0
device_disable blockio/b0
device_set blockio/b0 write_cache=0 enable=1
lun_add 0 b0
SG=$(disk_path 0 scsi_generic)
sg_turs "$SG" >/dev/null 2>&1 || true
expect_match "WRITE without a cache" "$(requests write_one 0)" "^WF[SI]* $"
expect_match "zeroes without a cache" "$(requests zeroes)" \
	"^[DN][SI]* F[A-Z]* $"
lun_del 0
