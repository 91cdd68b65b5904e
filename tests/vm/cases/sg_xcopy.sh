#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# vm: smp=2
# EXTENDED COPY from one disk to another, and within one: the blocks that it
# names arrive, and no others.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../vdisk.sh"

vdisk_begin
for i in 0 1; do
	device_add fileio/f$i path="$WORK/f$i" size=8M enable=1
	defer device_disable fileio/f$i
	lun_add $i f$i
	dd if=/dev/urandom of="$WORK/want$i" bs=1M count=8 status=none
	dd if="$WORK/want$i" of="$DISK" bs=1M oflag=direct status=none
done
a=$(disk_path 0 scsi_generic)
b=$(disk_path 1 scsi_generic)

# copy FROM TO SKIP SEEK COUNT OPTION...
copy() {
	sg_xcopy if="$1" of="$2" skip="$3" seek="$4" count="$5" bs=512 \
		"${@:6}" >"$WORK/out" 2>&1
}

# want FROM TO SKIP SEEK COUNT: the numbers of the disks
want() {
	dd if="$WORK/want$1" bs=512 skip="$3" count="$5" status=none \
		>"$WORK/piece"
	dd if="$WORK/piece" of="$WORK/want$2" bs=512 seek="$4" conv=notrunc \
		status=none
}

check() {
	local i

	for i in 0 1; do
		dd if="$(disk_path $i)" bs=1M count=8 iflag=direct status=none |
			cmp - "$WORK/want$i" || die "$1: disk $i"
	done
}

copy "$a" "$b" 100 300 1 || die "a block: $(cat "$WORK/out")"
want 0 1 100 300 1
check "a block"
copy "$a" "$b" 1001 2003 4097 --on_src || die "$(cat "$WORK/out")"
want 0 1 1001 2003 4097
check "asked of the source"
copy "$b" "$a" 17 8191 2048 --on_dst bpt=2048 || die "$(cat "$WORK/out")"
want 1 0 17 8191 2048
check "asked of the destination, at once"
copy "$a" "$a" 0 12000 1000 || die "$(cat "$WORK/out")"
want 0 0 0 12000 1000
check "within one"
copy "$a" "$b" 0 0 16384 || die "$(cat "$WORK/out")"
want 0 1 0 0 16384
check "all of it"

# What cannot be copied says so, and changes nothing behind the end.
expect_fail "behind the end" copy "$a" "$b" 0 16380 8 bpt=8
expect_match "behind the end" "$(cat "$WORK/out")" \
	"[Cc]opy [Aa]borted|out of range"
echo 1 >"$LOCAL/groups/all/luns/1/read_only"
expect_fail "to what is read-only" copy "$b" "$b" 0 100 8
expect_fail "to what is read-only, from elsewhere" copy "$a" "$b" 0 100 8 \
	--on_src
check "what failed"
expect_match "operating parameters" "$(sg_copy_results --params "$a")" \
	"[Mm]aximum target descriptor count|[Mm]aximum.*descriptor"
