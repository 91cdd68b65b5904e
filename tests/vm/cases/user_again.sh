#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# vm: smp=2 timeout=120
# A device is removed while its handler is stopped, and made again: the next
# handler does not serve before the old one can write no more.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../vdisk.sh"
. "$(dirname "$0")/../user.sh"

user_begin
device_add user/u0 enable=1
handler_start u0 "$WORK/disk"
old=$PID
kill -STOP "$old"
rmdir "$SCST/devices/user/u0"
device_add user/u0 enable=1 wait_for_handler=2 wait_for_reply=2
handler_start u0 "$WORK/disk"
expect_eq "with a predecessor" "$(device_get user/u0 handler)" attached
handler_stop "$PID"
handler_start u0 "$WORK/disk" wait=30000
expect_eq "the next one" "$(device_get user/u0 handler)" attached
handler_stop "$old" KILL
wait_for "the new handler to serve" 30 handler_is u0 serving
lun_add 0 u0
verify_disk "$DISK" --bs=64k --size=4M

# With a command that the old device waits for.
old=$PID
kill -STOP "$old"
(timeout 60 dd if=/dev/zero of="$DISK" bs=4k count=1 oflag=direct \
	conv=notrunc status=none 2>/dev/null || true) &
writer=$!
wait_for "the write" 30 sh -c "read -r _ w <'/sys/block/${DISK##*/}/inflight'
	[ \$w -gt 0 ]"
lun_del 0
rmdir "$SCST/devices/user/u0"
device_add user/u0 enable=1
handler_start u0 "$WORK/disk" wait=30000
expect_eq "with a predecessor" "$(device_get user/u0 handler)" attached
handler_stop "$old" KILL
wait $writer || true
wait_for "the new handler to serve" 60 handler_is u0 serving
lun_add 0 u0
verify_disk "$DISK" --bs=64k --size=4M
handler_stop "$PID"
lun_del 0
