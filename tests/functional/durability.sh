#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Nothing that was acknowledged as durable is lost in a crash at any point.
. "$(dirname "$0")/lib.sh"
[ -w /dev/fuse ] || skip "no access to /dev/fuse"

OPS=${OPS:-3000}

run() {
	local status=0

	"$SCST_BUILD/tests/durability" "$@" 2>"$WORK/durability.log" ||
		status=$?
	[ "$status" -ne 77 ] || skip "$(cat "$WORK/durability.log")"
	[ "$status" -eq 0 ] || die "$*: status $status"
}

seed=$RANDOM
echo "seed $seed"
for io in io_uring aio; do
	for words in backend=file direct,block-size=4096 write-cache=off \
		direct,write-cache=off; do
		run --ops "$OPS" --seed $seed "$DISK" --file-io $io -- $words
	done
done

# The test can fail: with a file system that lies about syncing it does.
run --lie --ops 500 --seed $seed "$DISK" -- backend=file
