#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# vm: smp=2 mem=2048 timeout=400
# Power cuts: dm-log-writes keeps all that is written below a disk of ours, in
# the order in which it became durable, and beside it what the initiator was
# told is durable. Whenever the log is cut, that is there.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../vdisk.sh"

DM=vm-log
SIZE=64		# MiB, of the device below
BLOCKS=2048	# of 4 KiB, that are written
CUTS=$((48 / VM_SLOWNESS))
OPERATIONS=$((2400 / VM_SLOWNESS))

TOOL=$VM_TOOLS/log_writes
LOG=$WORK/log

# Both in memory
log_begin() {
	truncate -s 0 "$WORK/image" "$LOG"
	truncate -s ${SIZE}M "$WORK/image"
	truncate -s 512M "$LOG"
	IMAGE_LOOP=$(losetup -f --show "$WORK/image")
	LOG_LOOP=$(losetup -f --show "$LOG")
	dmsetup create --noudevsync --noudevrules $DM --table \
		"0 $((SIZE * 2048)) log-writes $IMAGE_LOOP $LOG_LOOP"
	[ -e /dev/mapper/$DM ] || dmsetup mknodes $DM
}

# The log is complete behind this.
log_end() {
	[ ! -e /dev/mapper/$DM ] ||
		dmsetup remove --noudevsync --noudevrules --retry $DM
	[ -z "${IMAGE_LOOP:-}" ] || losetup -d "$IMAGE_LOOP" "$LOG_LOOP"
	IMAGE_LOOP=
}

# load PART [through]: that part of the operations
load() {
	"$VM_TOOLS/durable" "$DISK" $DM $BLOCKS $((OPERATIONS / $1)) "${@:2}"
}

# ---- BLOCKIO: all points of the log ---------------------------------------------

# block ATTRIBUTE=VALUE PART [through]
block() {
	echo "== blockio $*"
	log_begin
	device_set blockio/b0 path=/dev/mapper/$DM "$1" enable=1
	lun_add 0 b0
	load "${@:2}"
	lun_del 0
	device_disable blockio/b0
	log_end
	"$TOOL" check "$LOG" $BLOCKS || die "blockio $1: lost"
}

# ---- FILEIO: a file system that was cut off -------------------------------------

# The points: behind an acknowledgement, with nothing after it, and others
cuts() {
	local marks last i

	marks=$("$TOOL" marks "$LOG")
	last=$(tail -n 1 <<<"$marks")
	awk -v n=$((CUTS / 2)) '{ at[NR] = $1 } END {
		for (i = 1; i <= n; i++) print at[int((NR - 1) * i / n)] }' \
		<<<"$marks"
	for ((i = 1; i <= CUTS / 2; i++)); do
		echo $((last * i / (CUTS / 2)))
	done
}

# The file as it is after the file system's recovery from a cut
check_cut() {
	local status=0

	truncate -s 0 "$WORK/cut"
	truncate -s ${SIZE}M "$WORK/cut"
	"$TOOL" replay "$LOG" "$WORK/cut" "$1" "$WORK/acked"
	if [ ! -s "$WORK/acked" ]; then
		return
	fi
	mount -o loop "$WORK/cut" "$WORK/mnt" || die "cut at $1: no mount"
	"$TOOL" verify "$WORK/mnt/disk" "$WORK/acked" >"$WORK/out" 2>&1 ||
		status=1
	umount "$WORK/mnt"
	[ $status -eq 0 ] || die "cut at $1: $(cat "$WORK/out")"
	checked=$((checked + 1))
}

# file PART [through] ATTRIBUTE=VALUE...
file() {
	local part=$1 through=() cut checked=0

	shift
	[ "$1" != through ] || { through=(through) && shift; }
	echo "== fileio $*"
	log_begin
	mkfs.ext4 -q -E nodiscard,lazy_itable_init=1,lazy_journal_init=1 \
		-J size=4 /dev/mapper/$DM
	mount /dev/mapper/$DM "$WORK/mnt"
	device_set fileio/f0 path="$WORK/mnt/disk" size=16M "$@" enable=1
	lun_add 0 f0
	load "$part" "${through[@]}"
	lun_del 0
	echo "$SECONDS s"
	device_disable fileio/f0
	umount "$WORK/mnt"
	log_end
	for cut in $(cuts); do
		check_cut "$cut"
	done
	echo "$SECONDS s; $checked cuts; at the last $(cat "$WORK/out")"
	[ $checked -ge $((CUTS / 2)) ] || die "too few cuts"
}

vdisk_begin
modprobe -a dm_mod dm_log_writes loop ext4
mkdir "$WORK/mnt"
defer log_end
defer sh -c "! mountpoint -q $WORK/mnt || umount $WORK/mnt"
device_add blockio/b0
defer device_disable blockio/b0
device_add fileio/f0
defer device_disable fileio/f0

block write_cache=1 1
block write_cache=0 3 through
file 3 direct=0 write_cache=1
file 3 direct=1 write_cache=1
file 6 through direct=0 write_cache=0
file 6 through direct=1 write_cache=0
