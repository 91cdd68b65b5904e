#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# vm: handlers smp=2 mem=1536 timeout=300
# Two initiators verify what they write to one disk while it is reset, and
# while commands take longer than they may: the handler is stopped for longer
# than that, now and then.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../vdisk.sh"
. "$(dirname "$0")/../user.sh"
. "$(dirname "$0")/../handlers.sh"

user_begin
device_add user/u0 enable=1
serve u0 "$SCST_DISK" --device "name=u0,path=$WORK/u0,size=64M"
lun_add 0 u0
mine=$DISK
mkdir "$LOCAL/nexuses/other"
defer rmdir "$LOCAL/nexuses/other"
HOST=$(cat "$LOCAL/nexuses/other/host")
wait_for "LUN 0 of the other" 30 disk_there 0
theirs=$(disk_path 0)

# Each has half of it.
storm_verify() {
	verify_disk "$1" --bsrange=4k-128k --ba=4k --offset="$2" --size=24M \
		--loops=$((4 / VM_SLOWNESS + 1)) --output="$WORK/fio.$2"
}

(storm_verify "$mine" 0) &
first=$!
(storm_verify "$theirs" 32M) &
second=$!

running() {
	kill -0 $first 2>/dev/null || kill -0 $second 2>/dev/null
}

resets=0 stops=0
while running; do
	sg_reset -N --device "$mine"
	sg_reset -N --target "$theirs"
	resets=$((resets + 2))
	[ $((resets % 8)) -eq 0 ] || continue
	# The midlayer aborts what takes longer than a second.
	for disk in "$mine" "$theirs"; do
		echo 1 >"/sys/block/${disk##*/}/device/timeout"
	done
	kill -STOP "$PID"
	sleep 1.5
	kill -CONT "$PID"
	for disk in "$mine" "$theirs"; do
		echo 30 >"/sys/block/${disk##*/}/device/timeout"
	done
	stops=$((stops + 1))
done
wait $first || die "the first: $(cat "$WORK"/fio.0)"
wait $second || die "the second: $(cat "$WORK"/fio.32M)"
echo "$resets resets, stopped $stops times"
[ $stops -gt 0 ] || die "it was over before there was a storm"
serve_stop
