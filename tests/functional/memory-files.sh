#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Files in memory are read and written at once, without a thread of the
# kernel's for each operation; what cannot be done is told as ever.
. "$(dirname "$0")/lib.sh"
[ "$(stat -f -c %T /dev/shm)" = tmpfs ] || skip "/dev/shm is not in memory"

FILE=$(mktemp /dev/shm/scst-test-XXXXXX)
remove() {
	local status=$?

	rm -f "$FILE"
	(exit $status) || cleanup
	cleanup
}
trap remove EXIT
MIB=2048			# blocks

truncate -s 4M "$FILE"
start "$DISK" --loops 1 --device "name=d,path=$FILE"
session s "$URL"
settle s
for ((i = 0; i < 64; i++)); do
	expect s good write $((i * 64)) 64 $((i + 1))
done
expect s good write 0 8 0x11 fua
expect s good sync
for ((i = 1; i < 64; i++)); do
	expect s good verify $((i * 64)) 64 $((i + 1))
done
expect s good verify 0 8 0x11
expect s good verify 8 56 1
! grep -qs iou-wrk "/proc/$PID"/task/*/comm ||
	die "the kernel needed threads of its own"
# zeroes, by fallocate()
expect s good out 41000000010000000800 "$(printf '%01024d' 0)"
expect s good verify 256 8 0

# Behind the end of the file there are zeroes.
truncate -s 1M "$FILE"
expect s good verify $((MIB - 8)) 8 $((31 + 1))
expect s good verify $MIB 64 0
stop

# No file may be written past 6 MiB: there a write is cut short.
truncate -s 8M "$FILE"
ulimit -S -f 6144
start "$DISK" --loops 1 --device "name=d,path=$FILE"
session t "$URL"
settle t
expect t good write $((6 * MIB - 8)) 8 0x22
expect t "check 4/44/00" write $((6 * MIB - 8)) 16 0x33
expect t "check 4/44/00" write $((6 * MIB)) 8 0x33 fua
expect t good verify $((6 * MIB)) 64 0
stop
