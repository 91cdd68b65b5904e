#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# vm: handlers long own-boot sanitize=no timeout=300
# What a command costs a handler, counted: system calls and wake-ups of its
# loops at 4 KiB and a queue depth of 16, from an initiator that sends and reaps
# sixteen at a time. What the disk is made of has its part: buffered writes on
# ext4, and all past the page cache, complete one by one.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../vdisk.sh"
. "$(dirname "$0")/../user.sh"
. "$(dirname "$0")/../handlers.sh"

COUNT=10000
EVENTS=/sys/kernel/tracing/events

# loops EVENT: the lines of its histogram that are of threads of $PID
loops() {
	local tid pattern=

	for tid in /proc/"$PID"/task/*; do
		pattern+="|${tid##*/}"
	done
	grep -E "pid: *(${pattern#|})[ ,]" "$EVENTS/$1/hist"
}

sum() {
	awk '/hitcount/ { sub(/.*hitcount: */, ""); n += $1 } END { print n + 0 }'
}

[ -e "$EVENTS/sched/sched_wakeup/hist" ] || skip "no histograms in this kernel"
user_begin

# count WHAT LIMIT FIO-OPTION...
count() {
	local what=$1 limit=$2 calls wakes

	shift 2
	echo 'hist:keys=common_pid,id' >"$EVENTS/raw_syscalls/sys_enter/trigger"
	echo 'hist:keys=pid' >"$EVENTS/sched/sched_wakeup/trigger"
	fio --name=count --filename="$DISK" --direct=1 --ioengine=libaio \
		--bs=4k --iodepth=16 --iodepth_batch_submit=16 \
		--iodepth_batch_complete_min=16 --number_ios=$COUNT \
		--size=64M --io_size=1G --minimal "$@" >"$WORK/fio" 2>&1 ||
		die "fio: $(cat "$WORK/fio")"
	calls=$(loops raw_syscalls/sys_enter | sum)
	wakes=$(loops sched/sched_wakeup | sum)
	echo '!hist:keys=common_pid,id' \
		>"$EVENTS/raw_syscalls/sys_enter/trigger"
	echo '!hist:keys=pid' >"$EVENTS/sched/sched_wakeup/trigger"
	echo "$what: $calls system calls, $wakes wake-ups in $COUNT commands"
	[ "$calls" -gt 0 ] || die "nothing was counted"
	[ $((calls * 100)) -le $((limit * COUNT)) ] || die "too many"
}

# try WORDS READ WRITE: at most so many calls for a hundred commands
try() {
	serve c0 "$SCST_DISK" --device "name=c0,$1"
	device_set user/c0 enable=1
	lun_add 0 c0
	echo "== $1"
	count read "$2" --rw=randread
	count write "$3" --rw=randwrite
	lun_del 0
	serve_stop
	device_disable user/c0
}

modprobe loop || true
truncate -s 200M "$WORK/fs"
mkdir "$WORK/mnt"
mkfs.ext4 -q -E lazy_itable_init=1,lazy_journal_init=1,nodiscard "$WORK/fs"
mount -o loop "$WORK/fs" "$WORK/mnt"
defer umount "$WORK/mnt"
mkdir "$WORK/mem"
mount -t tmpfs none "$WORK/mem"
defer umount "$WORK/mem"
defer device_disable user/c0
for dir in mnt mem; do
	dd if=/dev/zero of="$WORK/$dir/file" bs=1M count=64 status=none
done
device_add user/c0
try backend=ram,size=64M 20 20
try path="$WORK/mem/file" 20 20
try path="$WORK/mnt/file" 20 100
try path="$WORK/mnt/file,direct" 100 150
