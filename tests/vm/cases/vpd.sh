#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# What a disk says of itself can be read by programs that know the standard.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../vdisk.sh"

NAA=3001405aabbccdd0

vdisk_begin
device_add nullio/n0 size=64M serial=serial-1 naa=$NAA enable=1
lun_add 0 n0

# Every page that is named can be read, and bears its number.
pages=$(sg_vpd -r -p sv "$DISK" | od -A n -t x1 -j 4 | tr -s ' ' '\n' |
	grep .)
[ -n "$pages" ] || die "no pages"
for page in $pages; do
	sg_vpd -r -p "0x$page" "$DISK" >"$WORK/page" || die "page $page"
	expect_eq "number of page $page" \
		"$(od -A n -t x1 -j 1 -N 1 "$WORK/page")" " $page"
done
for page in 00 80 83 86 b0 b1; do
	grep -qx $page <<<"$pages" || die "no page $page in: $pages"
done

expect_match "serial number" "$(sg_vpd -p sn "$DISK")" "serial-1"
expect_match "NAA" "$(sg_vpd -p di "$DISK")" "0x$NAA"
expect_match "wwid" "$(cat "/sys/class/scsi_device/$HOST:0:0:0/device/wwid")" \
	"naa.$NAA"
expect_fail "a page that is not there" sg_vpd -p 0xd7 "$DISK"

sg_opcodes "$DISK" >"$WORK/opcodes"
expect_match "opcodes" "$(cat "$WORK/opcodes")" "Read\(10\)"
expect_match "opcodes" "$(cat "$WORK/opcodes")" "Persistent reserve in"
sg_modes -6 "$DISK" >"$WORK/modes"
expect_match "mode pages" "$(cat "$WORK/modes")" "Caching"
expect_match "mode pages" "$(cat "$WORK/modes")" "Control"
sg_requests "$DISK" >/dev/null
expect_match "an unknown command" "$(sg_raw "$DISK" ff 0 0 0 0 0 2>&1 || true)" \
	"Illegal Request"
