#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# The examples do what they say.
. "$(dirname "$0")/lib.sh"
requires qemu-io

# ramdisk: an ordinary disk.
start "$SCST_BUILD/examples/ramdisk" --device name=d0,size=8M --device name=d1
iscsi-ls -s "iscsi://$PORTAL" >"$WORK/ls.out"
[ "$(grep -c "Type:DIRECT_ACCESS" "$WORK/ls.out")" -eq 2 ] ||
	die "$(cat "$WORK/ls.out")"
qemu-io -f raw -c "write -P 0xab 0 8M" -c "read -P 0xab 0 8M" "$URL" |
	grep -q "read 8388608/8388608" || die "qemu-io"
stop

# raw: a mailbox. INQUIRY says processor; messages pass between initiators.
start "$SCST_BUILD/examples/raw" --device name=box,slots=2
session a --name iqn.2026-11.org.example:a "$URL"
session b --name iqn.2026-11.org.example:b "$URL"
settle a
settle b
answer=$(ask a in 120000002400 36)
[ "${answer:5:2}" = 03 ] || die "not a processor device: $answer"
expect a "good" out 0a0000000400 01020304
expect a "good" out 0a0000000200 aabb
expect a "busy" out 0a0000000100 ff
expect b "good 01020304" in 080000001000 16
expect a "good aabb" in 080000001000 16
expect b "good" in 080000001000 16
expect a "check 5/20/00" cdb 1b0000000000
expect b "good" cdb 160000000000
expect a "conflict" out 0a0000000100 ff
expect b "good" cdb 170000000000
expect a "good" out 0a0000000100 ff
stop
