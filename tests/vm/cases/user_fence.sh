#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# vm: smp=2 mem=1536 timeout=300
# A handler is killed with O_DIRECT writes in flight to a disk that is slow, a
# successor follows at once: the old writes are over before newer ones begin.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../vdisk.sh"
. "$(dirname "$0")/../user.sh"

DM=vm-slow

user_begin
modprobe -a dm_mod dm_delay loop
truncate -s 32M "$WORK/image"
loop=$(losetup -f --show "$WORK/image")
defer losetup -d "$loop"
dmsetup create --noudevsync --noudevrules $DM \
	--table "0 65536 delay $loop 0 0 $loop 0 150"
defer dmsetup remove --noudevsync --noudevrules $DM
[ -e /dev/mapper/$DM ] || dmsetup mknodes $DM

device_add user/u0 enable=1
handler_start u0 /dev/mapper/$DM size=$((32 << 20)) direct=1 queues=2
lun_add 0 u0
fio --name=v --filename="$DISK" --direct=1 --ioengine=libaio --rw=randwrite \
	--bs=4k --iodepth=8 --size=1M --verify=crc32c --verify_fatal=1 \
	--verify_backlog=64 --time_based --runtime=3600 --minimal \
	>"$WORK/fio" 2>&1 &
verifier=$!
fenced=0
for i in $(seq 8); do
	sleep 1
	kill -KILL "$PID"
	handler_start u0 /dev/mapper/$DM size=$((32 << 20)) direct=1 queues=2 \
		wait=30000
	handler_is u0 serving || fenced=$((fenced + 1))
	wait_for "the next to serve" 30 handler_is u0 serving
	kill -0 $verifier || break
done
echo "$fenced of $i waited for old writes"
kill -INT $verifier 2>/dev/null || true
status=0
wait $verifier || status=$?
[ $status -eq 0 ] || [ $status -eq 128 ] || {
	cat "$WORK/fio"
	die "fio: status $status"
}
handler_stop "$PID"
lun_del 0
