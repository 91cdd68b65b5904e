#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# vm: smp=2 timeout=120
# Initiators that begin writes and do not go on have as many pages of the arena
# as they can get: others go on nevertheless, with and without pages of their
# own.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../vdisk.sh"
. "$(dirname "$0")/../user.sh"

TARGET=$SCST/targets/test_buffers/t

user_begin
load_modules test_buffers
device_add user/u0 enable=1 wait_for_reply=10
handler_start u0 "$WORK/disk" size=$((8 << 20)) depth=16 \
	arena=$((4 << 20))
lun_add 0 u0
mkdir "$TARGET" "$TARGET/groups/all" "$TARGET/groups/all/initiators/*" \
	"$TARGET/groups/all/luns/0"
defer rmdir "$TARGET"
defer rmdir "$TARGET/groups/all"
defer rmdir "$TARGET/groups/all/initiators/*"
defer rmdir "$TARGET/groups/all/luns/0"
echo u0 >"$TARGET/groups/all/luns/0/device"

echo "0 8" >"$TARGET/hold"
before=$SECONDS
verify_disk "$DISK" --bsrange=4k-512k --ba=4k --size=4M --iodepth=32
echo "held: $((SECONDS - before)) s"
echo "0 200" >"$TARGET/run"
echo "0 0" >"$TARGET/hold"
echo "0 200" >"$TARGET/run"
verify_disk "$DISK" --bs=64k --size=4M
handler_stop "$PID"
