#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Files in memory are read and written at once, without a thread of the
# kernel's for each operation, and what is there of them without a system call;
# what cannot be done is told as ever.
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

blocks() {
	stat -c %b "$FILE"
}

truncate -s 4M "$FILE"
start "$DISK" --loops 1 --device "name=d,path=$FILE,thin=on"
session s "$URL"
settle s
expect s good verify 0 64 0
[ "$(blocks)" -eq 0 ] || die "to read a hole fills it"
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
# What is given back is a hole again, and stays one.
before=$(blocks)
expect s good out 42000000000000001800 \
	"0016001000000000$(printf %016x%08x 1024 8)00000000"
[ "$(blocks)" -eq $((before - 8)) ] || die "UNMAP gave nothing back"
expect s good verify 1024 8 0
[ "$(blocks)" -eq $((before - 8)) ] || die "to read it takes it again"

# Behind the end of the file there are zeroes, and it grows when written to.
truncate -s 1M "$FILE"
expect s good verify $((MIB - 8)) 8 $((31 + 1))
expect s good verify $MIB 64 0
expect s good write $((2 * MIB)) 8 0x44
[ "$(stat -c %s "$FILE")" -eq $((2 * MIB * 512 + 4096)) ] ||
	die "the write is nowhere"
expect s good verify $((2 * MIB)) 8 0x44
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
