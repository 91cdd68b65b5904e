#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# vm: smp=2 mem=1024
# WRITE SAME and UNMAP do to their blocks what they should, and nothing to
# others.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../vdisk.sh"

MIB=$((1 << 20))
WANT=$WORK/want

# What the disk should hold from now on is in $WANT: 8 MiB at random
fill() {
	dd if=/dev/urandom of="$WANT" bs=$MIB count=8 status=none
	dd if="$WANT" of="$DISK" bs=$MIB oflag=direct status=none
}

# want LBA BLOCKS FILE: that file's block there, as often
want() {
	local i copies=()

	for ((i = 0; i < $2; i++)); do
		copies+=("$3")
	done
	cat "${copies[@]}" |
		dd of="$WANT" bs=512 seek="$1" conv=notrunc status=none
}

want_zeroes() {
	dd if=/dev/zero of="$WANT" bs=512 seek="$1" count="$2" conv=notrunc \
		status=none
}

check() {
	dd if="$DISK" bs=$MIB count=8 iflag=direct status=none |
		cmp - "$WANT" || die "$1"
}

# same WHAT LBA BLOCKS OPTION...
same() {
	sg_write_same --lba="$2" --num="$3" "${@:4}" "$SG" >"$WORK/out" 2>&1 ||
		die "$1: $(cat "$WORK/out")"
}

# refused WHAT SENSE COMMAND...
refused() {
	expect_fail "$1" "${@:3}"
	expect_match "$1" "$(cat "$WORK/expect_fail")" "$2"
}

head -c 512 /dev/urandom >"$WORK/block"

write_same() {
	fill
	same "a block" 100 1 --10 --in="$WORK/block" --xferlen=512
	want 100 1 "$WORK/block"
	same "a pattern (10)" 201 37 --10 --in="$WORK/block" --xferlen=512
	want 201 37 "$WORK/block"
	same "a pattern (16)" 1001 300 --16 --in="$WORK/block" --xferlen=512
	want 1001 300 "$WORK/block"
	check "patterns"
	same "zeroes (10)" 2003 200 --10
	want_zeroes 2003 200
	same "zeroes (16)" 3000 1000 --16
	want_zeroes 3000 1000
	check "zeroes"
	same "no data-out buffer" 5001 200 --16 --ndob
	want_zeroes 5001 200
	check "no data-out buffer"
	# up to the end of the disk, all of which is 8 MiB long
	same "the rest" 16001 0 --16 --ndob
	want_zeroes 16001 383
	check "the rest"
	refused "behind the end" "out of range" \
		sg_write_same --16 --ndob --lba=16380 --num=8 "$SG"
	refused "ANCHOR" "[Ii]nvalid field in cdb" \
		sg_write_same -v --16 --anchor --unmap --lba=0 --num=8 "$SG"
	check "what was refused"
}

# Also deallocating, where blocks read as zeroes then
write_same_unmap() {
	fill
	same "UNMAP" 2048 1024 --16 --unmap
	want_zeroes 2048 1024
	same "UNMAP of parts of pages" 4001 30 --16 --unmap
	want_zeroes 4001 30
	same "UNMAP, no data-out buffer" 8192 1024 --16 --unmap --ndob
	want_zeroes 8192 1024
	same "UNMAP of what is not zero" 12001 37 --16 --unmap \
		--in="$WORK/block" --xferlen=512
	want 12001 37 "$WORK/block"
	check "with UNMAP"
}

# unmap CONTENTS: what unmapped blocks read as
unmap() {
	fill
	sg_unmap --force --lba=1024,4096,8200 --num=512,8,0x18 "$SG" \
		>"$WORK/out" 2>&1 || die "UNMAP: $(cat "$WORK/out")"
	want_zeroes 1024 512
	want_zeroes 4096 8
	want_zeroes 8200 24
	[ "$1" = anything ] || check "UNMAP"
	refused "UNMAP behind the end" "out of range" \
		sg_unmap --force --lba=16380 --num=8 "$SG"
}

# blocks_of FILE: of 512 bytes, that it takes
blocks_of() {
	stat -c %b "$1"
}

# frees WHAT FILE BEFORE BLOCKS: so many less than before; a file system may need
# some to note that.
frees() {
	local freed=$(($3 - $(blocks_of "$2")))

	if [ $freed -gt "$4" ] || [ $freed -lt $(($4 - 16)) ]; then
		die "$1 frees $freed blocks, not $4"
	fi
}

# A file of 8 MiB, with nothing in it that reads as zeroes but is there
room() {
	local file=$1 before

	fill
	sg_sync "$SG"
	sync "$file"
	before=$(blocks_of "$file")
	same "UNMAP" 2048 1024 --16 --unmap
	frees "WRITE SAME" "$file" "$before" 1024
	sg_unmap --force --lba=8192 --num=2048 "$SG" >/dev/null
	frees "WRITE SAME and UNMAP" "$file" "$before" 3072
	expect_match "status" "$(sg_get_lba_status -l 8192 "$SG")" \
		"0x0*2000 .*(deallocated|unmapped)"
}

vdisk_begin
modprobe -a loop ext4

echo "== fileio, tmpfs"
device_add fileio/f0 path="$WORK/f0" size=8M enable=1
defer device_disable fileio/f0
lun_add 0 f0
SG=$(disk_path 0 scsi_generic)
sg_turs "$SG" >/dev/null 2>&1 || true
write_same
write_same_unmap
unmap zeroes
room "$WORK/f0"
lun_del 0
device_disable fileio/f0

echo "== fileio, ext4"
truncate -s 64M "$WORK/fs"
mkfs.ext4 -q -E nodiscard "$WORK/fs"
mkdir "$WORK/mnt"
mount -o loop "$WORK/fs" "$WORK/mnt"
defer umount "$WORK/mnt"
defer device_disable fileio/f0
for direct in 0 1; do
	device_set fileio/f0 path="$WORK/mnt/f0" direct=$direct enable=1
	lun_add 0 f0
	SG=$(disk_path 0 scsi_generic)
	sg_turs "$SG" >/dev/null 2>&1 || true
	write_same
	write_same_unmap
	unmap zeroes
	room "$WORK/mnt/f0"
	lun_del 0
	device_disable fileio/f0
done

echo "== fileio that is not thin"
device_set fileio/f0 thin=0 direct=0 enable=1
lun_add 0 f0
SG=$(disk_path 0 scsi_generic)
sg_turs "$SG" >/dev/null 2>&1 || true
fill
refused "UNMAP" "[Ii]nvalid command operation code" \
	sg_unmap -v --force --lba=0 --num=8 "$SG"
refused "WRITE SAME with UNMAP" "[Ii]nvalid field in cdb" \
	sg_write_same -v --16 --unmap --lba=0 --num=8 "$SG"
check "what was refused"
write_same
lun_del 0
device_disable fileio/f0

echo "== blockio"
# Of larger granules scsi_debug leaves what is not whole as it was.
modprobe scsi_debug delay=0 dev_size_mb=8 lbpu=1 lbpws=1 lbprz=1
debug_there() {
	DEBUG=$(grep -l '^scsi_debug' /sys/block/sd*/device/model |
		cut -d / -f 4)
	[ -b "/dev/$DEBUG" ]
}
wait_for scsi_debug 30 debug_there
device_add blockio/b0 path="/dev/$DEBUG" enable=1
defer rmmod scsi_debug
defer device_disable blockio/b0
lun_add 1 b0
SG=$(disk_path 1 scsi_generic)
sg_turs "$SG" >/dev/null 2>&1 || true
write_same
write_same_unmap
unmap anything
lun_del 1
