#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# vm: smp=2 mem=1024 timeout=150
# What goes wrong below a file reaches the initiator as what it is: no room,
# blocks that cannot be read, and data that could not be made durable.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../vdisk.sh"

DEVICE=fileio/f0

vdisk_begin
device_add $DEVICE

# write_block LBA: in descriptor, WRITE(10) of 64 KiB in blocks of 512
# shellcheck disable=SC2046 # words of a CDB
write_blocks() {
	sg_raw -s 65536 -i /dev/urandom "$DISK" 2a "${2:-0}" \
		$(printf '%x %x %x %x' $(($1 >> 24 & 255)) \
			$(($1 >> 16 & 255)) $(($1 >> 8 & 255)) \
			$(($1 & 255))) 0 0 0x80 0
}

# ---- No room ----------------------------------------------------------------

mkdir "$WORK/small"
mount -t tmpfs -o size=8M tmpfs "$WORK/small"
defer umount "$WORK/small"
defer device_disable $DEVICE
device_set $DEVICE path="$WORK/small/file" size=64M enable=1
lun_add 0 f0
for ((lba = 0; lba < 32768; lba += 128)); do
	write_blocks $lba >"$WORK/sense" 2>&1 || break
done
[ $lba -lt 32768 ] || die "8 MiB hold more than 16"
expect_match "no room" "$(cat "$WORK/sense")" "Data Protect"
expect_match "no room" "$(cat "$WORK/sense")" "[Ss]pace allocation failed"
expect_eq "still alive" "$(device_get $DEVICE lost)" 0
# Room is made by UNMAP, and then writes go on.
blkdiscard "$DISK"
write_blocks 0 >"$WORK/sense" 2>&1 || die "after UNMAP: $(cat "$WORK/sense")"
lun_del 0
device_disable $DEVICE

# ---- A medium that fails ----------------------------------------------------

# table KIND: what is below the file system; blocks from 64 MiB on fail
table() {
	echo "0 131072 linear $LOOP 0"
	echo "131072 131072 $1"
}

modprobe loop || true
modprobe dm-mod || true
modprobe dm-flakey || true
truncate -s 128M "$WORK/image"
LOOP=$(losetup -f --show "$WORK/image")
defer losetup -d "$LOOP"
table "linear $LOOP 131072" | dmsetup create --noudevsync --noudevrules vdisk
defer dmsetup remove --noudevsync --noudevrules --retry vdisk
defer_mknod=/dev/mapper/vdisk
[ -e $defer_mknod ] || dmsetup mknodes vdisk
mkfs.ext4 -q -b 4096 -O ^has_journal /dev/mapper/vdisk
mkdir "$WORK/mnt"
mount /dev/mapper/vdisk "$WORK/mnt"
defer umount "$WORK/mnt"
defer device_disable $DEVICE
dd if=/dev/urandom of="$WORK/mnt/file" bs=1M count=96 status=none
sync
# The first block of the file that is in the part that will fail
BAD=$(filefrag -v -b512 "$WORK/mnt/file" | awk -F'[ .:]+' '
	$2 ~ /^[0-9]+$/ { for (i = 1; i <= NF; i++) f[i] = $i
		if (f[5] >= 131072) { print f[3]; exit }
		if (f[6] >= 131072) { print f[3] + 131072 - f[5]; exit } }')
echo "the first bad block: $BAD"

fail_from_now() {
	table error | dmsetup reload --noudevsync vdisk
	dmsetup suspend --nolockfs --noflush --noudevsync vdisk
	dmsetup resume --noudevsync --noudevrules vdisk
	echo 3 >/proc/sys/vm/drop_caches
}

heal() {
	table "linear $LOOP 131072" | dmsetup reload --noudevsync vdisk
	dmsetup suspend --nolockfs --noflush --noudevsync vdisk
	dmsetup resume --noudevsync --noudevrules vdisk
}

# read_over LBA: 64 KiB, the middle of which is LBA
# shellcheck disable=SC2046
read_over() {
	sg_raw -r 65536 "$DISK" 28 0 $(printf '%x %x %x %x' \
		$((($1 - 64) >> 24 & 255)) $((($1 - 64) >> 16 & 255)) \
		$((($1 - 64) >> 8 & 255)) $((($1 - 64) & 255))) 0 0 0x80 0
}

for direct in 0 1; do
	device_set $DEVICE path="$WORK/mnt/file" size=0 direct=$direct enable=1
	lun_add 0 f0
	fail_from_now
	expect_sense "read error" "Medium Error" read_over "$BAD"
	expect_match "read error" "$(cat "$WORK/sense")" \
		"[Ii]nfo.*0*$(printf %x "$BAD")"
	heal
	read_over "$BAD" >"$WORK/sense" 2>&1 || die "healed: $(cat "$WORK/sense")"
	lun_del 0
	device_disable $DEVICE
done

# A write that is cached is good; the flush fails, and so does all after it,
# also when the medium is well again.
device_set $DEVICE direct=0 enable=1
lun_add 0 f0
fail_from_now
write_blocks $((BAD + 8)) >"$WORK/sense" 2>&1 ||
	die "cached: $(cat "$WORK/sense")"
expect_sense "flush" "Medium Error" sg_sync -v "$DISK"
expect_eq "lost" "$(device_get $DEVICE lost)" 1
expect_match "lost" "$(dmesg | tail -n 20)" "f0: path: making data durable"
heal
expect_sense "sticky flush" "Medium Error" sg_sync -v "$DISK"
expect_sense "sticky write" "Medium Error" write_blocks 0
expect_sense "sticky FUA" "Medium Error" write_blocks 0 8
read_over "$BAD" >"$WORK/sense" 2>&1 || die "reads: $(cat "$WORK/sense")"
lun_del 0
device_disable $DEVICE
device_set $DEVICE enable=1
lun_add 0 f0
write_blocks $((BAD + 8)) 8 >"$WORK/sense" 2>&1 ||
	die "enabled again: $(cat "$WORK/sense")"
lun_del 0
device_disable $DEVICE
