#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# vm: smp=2 timeout=240
# Nothing waits for a handler without a bound: neither for one that is dead,
# nor for one that is stopped; the device says that it is not ready, other
# devices do not notice, and it is back as soon as there is a handler.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../vdisk.sh"
. "$(dirname "$0")/../user.sh"

write_block() {
	timeout 60 dd if=/dev/zero of="$stuck" bs=4k count=1 seek="$1" \
		oflag=direct conv=notrunc status=none 2>/dev/null
}

ready() {
	sg_turs "$stuck" >/dev/null 2>&1
}

not_ready() {
	! ready
}

user_begin
for i in 0 1; do
	device_add user/u$i enable=1 wait_for_handler=2 wait_for_reply=2
	handler_start u$i "$WORK/disk$i"
	lun_add $i u$i
done
other=$DISK
stuck=$(disk_path 0)
handler_stop "$PID"
handler_start u1 "$WORK/disk1"
handler=$PID

handler_stop "$(pgrep -f "user_disk u0")" KILL
expect_fail "write to what nobody serves" write_block 1
wait_for "the bound" 30 not_ready
expect_sense "the reason" "[Nn]ot ready" sg_turs -v "$stuck"
expect_match "INQUIRY" "$(sg_inq "$stuck")" "SCST"
verify_disk "$other" --bs=4k --size=1M
handler_start u0 "$WORK/disk0"
wait_for "the next handler" 30 ready
write_block 1

# Stopped longer than every bound, with a write that it has begun, perhaps.
kill -STOP "$PID"
expect_fail "write to what is stopped" write_block 2
wait_for "the device to be stuck" 30 handler_is u0 stuck
expect_sense "the reason" "[Nn]ot ready" sg_turs -v "$stuck"
expect_fail "newer writes" write_block 3
expect_match "INQUIRY" "$(sg_inq "$stuck")" "SCST"
verify_disk "$other" --bs=4k --size=1M
kill -CONT "$PID"
wait_for "the handler to go on" 30 handler_is u0 serving
wait_for "the device" 30 ready
verify_disk "$stuck" --bs=4k --size=4M

# A successor of one that is stopped waits until that is killed.
kill -STOP "$PID"
old=$PID
expect_fail "a second handler" "$HANDLER" u0 "$WORK/disk0" wait=200
handler_stop "$old" KILL
handler_start u0 "$WORK/disk0" wait=10000
verify_disk "$stuck" --bs=64k --size=4M

# Resets go through.
kill -STOP "$PID"
(write_block 9 || true) &
writer=$!
wait_for "the write" 30 sh -c "read -r _ w <'/sys/block/${stuck##*/}/inflight'
	[ \$w -gt 0 ]"
timeout 60 sg_reset -N -d "$stuck" || true
kill -CONT "$PID"
wait $writer || true
wait_for "the device after the reset" 30 ready
verify_disk "$stuck" --bs=64k --size=4M

# Everything can be taken away while a handler is stopped.
kill -STOP "$PID"
(write_block 9 || true) &
writer=$!
wait_for "the write" 30 sh -c "read -r _ w <'/sys/block/${stuck##*/}/inflight'
	[ \$w -gt 0 ]"
lun_del 0
rmdir "$SCST/devices/user/u0"
wait $writer || true
lun_del 1
rmdir "$SCST/devices/user/u1"
status=0
wait "$handler" || status=$?
expect_eq "the end of the other handler" $status 3
# ... and the module, too.
rmmod scst_user
handler_stop "$PID" KILL
