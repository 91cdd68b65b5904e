#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# vm: smp=2 timeout=120
# A transport without memory of its own receives into the arena and sends from
# it, also when handlers are killed meanwhile, and when the arena is small.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../vdisk.sh"
. "$(dirname "$0")/../user.sh"

TARGETS=$SCST/targets/test_buffers

target_add() {
	local dir=$TARGETS/$1

	mkdir "$dir" "$dir/groups/all" "$dir/groups/all/initiators/*" \
		"$dir/groups/all/luns/0"
	echo "$2" >"$dir/groups/all/luns/0/device"
	defer rmdir "$dir"
	defer rmdir "$dir/groups/all"
	defer rmdir "$dir/groups/all/initiators/*"
	defer rmdir "$dir/groups/all/luns/0"
}

user_begin
load_modules test_buffers
for i in 0 1 2; do
	device_add user/u$i enable=1
done
handler_start u0 "$WORK/disk0" size=$((8 << 20)) queues=2
handler_start u1 "$WORK/disk1" size=$((8 << 20)) arena=$((1088 << 10)) depth=4
small=$PID
handler_start u2 "$WORK/disk2" size=$((8 << 20))
victim=$PID
for i in 0 1 2; do
	target_add t$i u$i
done
echo "0 2000" >"$TARGETS/t0/run"
(echo "0 2000" >"$TARGETS/t1/run") &
other=$!
(echo "0 4000" >"$TARGETS/t2/run") &
runner=$!
kills=0
while kill -0 $runner 2>/dev/null; do
	sleep 0.3
	handler_stop "$victim" KILL
	handler_start u2 "$WORK/disk2" size=$((8 << 20)) wait=30000
	victim=$PID
	kills=$((kills + 1))
done
wait $runner
wait $other
echo "$kills kills"
handler_stop "$small"
handler_stop "$victim"
