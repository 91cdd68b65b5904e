#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# What a file's errors become: the sense that SBC names for each, at both kinds
# of file I/O; and transfers that are cut short or interrupted go on.
. "$(dirname "$0")/lib.sh"
[ -w /dev/fuse ] || skip "no access to /dev/fuse"
requires fusermount3

READ_ERROR="check 3/11/00"
WRITE_ERROR="check 3/0c/00"
NO_SPACE="check 7/27/07"
MIB=2048			# blocks

unmount() {
	local status=$?

	fusermount3 -u -z "$WORK/fs" 2>/dev/null || true
	(exit $status) || cleanup
	cleanup
}
trap unmount EXIT

mkdir "$WORK/fs"
"$SCST_BUILD/tests/badfs" "$WORK/fs" 2>"$WORK/badfs.log" &
SERVERS+=("$!")
tries=0
until [ -e "$WORK/fs/disk" ]; do
	kill -0 "$!" 2>/dev/null || skip "no FUSE: $(cat "$WORK/badfs.log")"
	tries=$((tries + 1))
	[ $tries -lt 3000 ] || die "badfs does not come up"
	sleep 0.02
done

# open WORDS...: a server and its session "s"
open() {
	rm -f "$WORK"/s.in "$WORK"/s.out
	start "$DISK" --file-io "$io" --device "name=d,path=$WORK/fs/disk,$1"
	session s "$URL"
	settle s
}

# hex10 OPCODE FLAGS MIB: a 10-byte CDB for one block at the MiB
hex10() {
	printf '%s%s%08x00000100' "$1" "$2" $(($3 * MIB))
}

# unmap ANSWER MIB: one block
unmap() {
	expect s "$1" out 42000000000000001800 "$(printf \
		'0016001000000000%016x0000000100000000' $(($2 * MIB)))"
}

(umask 077 && head -c 64 /dev/urandom >"$WORK/key")
zeroes=$(printf '%01024d' 0)
for io in io_uring aio; do
	# Encrypted: all writes are ours to continue, zeroes are data.
	open "key=$WORK/key"
	expect s good write 0 16 0x11
	expect s "$READ_ERROR" in "$(hex10 28 00 1)" 512
	expect s "$WRITE_ERROR" write $MIB 8 0x22
	expect s "$NO_SPACE" write $((2 * MIB)) 8 0x33 fua
	expect s "$NO_SPACE" out "$(hex10 41 00 2)" "$zeroes"
	expect s good out "$(hex10 41 00 0)" "$zeroes"
	expect s good verify 0 1 0
	expect s good write $((3 * MIB)) $MIB 0x44
	# Block by block: what follows a short read by io_uring from FUSE,
	# Linux 6.18 puts in the wrong place.
	for block in 0 1 127 255 256 511 512 1023 1024 1025 1791 2047; do
		expect s good verify $((3 * MIB + block)) 1 0x44
	done
	[ $io = io_uring ] || expect s good verify $((3 * MIB)) $MIB 0x44
	expect s good verify 1 15 0x11
	expect s "$WRITE_ERROR" write $MIB 8 0x22 fua
	expect s "$WRITE_ERROR" write 0 8 0x77
	expect s "$WRITE_ERROR" out "$(hex10 41 00 0)" "$zeroes"
	expect s good verify 1 15 0x11
	stop

	for words in thin thin=off thin,direct; do
		open "$words"
		expect s good write 0 16 0x11
		expect s good verify 0 16 0x11
		expect s "$READ_ERROR" in "$(hex10 28 00 1)" 512
		expect s "$WRITE_ERROR" write $MIB 8 0x22
		expect s "$NO_SPACE" write $((2 * MIB)) 8 0x33
		expect s good verify $((2 * MIB)) 8 0
		# WRITE SAME of zeroes
		expect s "$NO_SPACE" out "$(hex10 41 00 2)" "$zeroes"
		expect s "$WRITE_ERROR" out "$(hex10 41 00 5)" "$zeroes"
		expect s good out "$(hex10 41 00 0)" "$zeroes"
		if [ $words != thin=off ]; then
			unmap "$WRITE_ERROR" 5
			unmap good 0
		fi
		# Half of it, then a signal, then half of the rest...
		expect s good write $((3 * MIB)) 512 0x44
		expect s good verify $((3 * MIB)) 512 0x44
		# None of this concerns what follows.
		expect s good write 0 16 0x55
		expect s good sync
		expect s good verify 0 16 0x55
		stop
	done

	# A sync that failed is the end of writing: what was lost, nobody knows.
	open thin
	expect s good write $((4 * MIB)) 8 0x66
	expect s "$WRITE_ERROR" sync
	expect s "$WRITE_ERROR" write 0 8 0x77
	expect s "$WRITE_ERROR" sync
	expect s good verify 0 8 0x55
	stop
	open thin
	expect s good write 0 8 0x55
	expect s good sync
	# So is a write with FUA that failed.
	expect s "$WRITE_ERROR" write $MIB 8 0x22 fua
	expect s "$WRITE_ERROR" write 0 8 0x77
	expect s good verify 0 8 0x55
	stop
done
