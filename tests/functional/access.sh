#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Two initiators, two LUN maps: A sees X and Y read-write, B sees Y read-only
# as its LUN 0, anybody else cannot log in.
. "$(dirname "$0")/lib.sh"

A=iqn.2026-11.org.example:host-a
B=iqn.2026-11.org.example:host-b

LUNS=2 start "$DISK" \
	--access "initiator=$A,lun=0=x,lun=1=y" \
	--access "initiator=*:host-b,lun=0=y:ro" \
	--device name=x,backend=ram,size=1M --device name=y,backend=ram,size=2M
BASE=${URL%/*}

session a0 --name $A "$BASE/0"
session a1 --name $A "$BASE/1"
session b0 --name $B "$BASE/0"
for s in a0 a1 b0; do settle $s; done

expect a0 "good 0 1" luns
expect b0 "good 0" luns

# What A writes to Y, B reads at its LUN 0, and cannot change.
expect a1 "good" write 0 8 0x5a
expect b0 "good" verify 0 8 0x5a
expect b0 "check 7/27/00" write 0 8 0xff
expect a1 "good" verify 0 8 0x5a
expect a0 "good" verify 0 8 0x00

# MODE SENSE(6) page 3Fh: WP is byte 2, bit 7, for B alone.
mode=$(ask b0 in 1a003f00ff00 255)
[ $((16#${mode:9:2} & 128)) -eq 128 ] || die "B: WP is not set: $mode"
mode=$(ask a1 in 1a003f00ff00 255)
[ $((16#${mode:9:2} & 128)) -eq 0 ] || die "A: WP is set: $mode"

# A LUN that is not in the map is not there.
session b1 --name $B "$BASE/1"
expect b1 "check 5/25/00" cdb 000000000000
answer=$(ask b1 in 120000002400 36)
[ "${answer:5:2}" = 7f ] || die "INQUIRY of a missing LUN: $answer"

# Nobody else gets in, and discovery shows them nothing.
"$INITIATOR" --name iqn.2026-11.org.example:host-c "$BASE/0" \
	</dev/null >"$WORK/c.out" && die "a stranger logged in"
grep -q "^error" "$WORK/c.out" || die "$(cat "$WORK/c.out")"
if iscsi-ls "iscsi://$PORTAL" 2>/dev/null | grep -q "$TARGET"; then
	die "a stranger sees the target"
fi

for s in a0 a1 b0 b1; do
	in=${s}_in
	echo quit >&"${!in}"
done
stop
