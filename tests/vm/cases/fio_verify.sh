#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# vm: smp=2 mem=1536 timeout=400
# What fio writes it reads: blocks of 4 KiB to 1 MiB, 1 to 64 at a time, on
# everything that stores.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../vdisk.sh"

# jobs DISK ENGINE: one behind the other
jobs() {
	local size depth blocks

	cat <<-EOF
	[global]
	filename=$1
	ioengine=$2
	direct=1
	thread
	rw=randwrite
	verify=crc32c
	do_verify=1
	verify_fatal=1
	randrepeat=0
	EOF
	for size in 4 16 64 256 1024; do
		for depth in 1 4 16 64; do
			# enough to have that many under way
			blocks=$((size < 64 ? 512 / VM_SLOWNESS : 16))
			[ $blocks -ge "$depth" ] || blocks=$depth
			cat <<-EOF
			[${size}k-$depth]
			stonewall
			bs=${size}k
			iodepth=$depth
			size=$((size * blocks))k
			EOF
		done
	done
	# all at once, each with a part of the disk
	for size in 4 64 1024; do
		cat <<-EOF
		[mixed-${size}k]
		$([ $size -ne 4 ] || echo stonewall)
		bsrange=4k-${size}k
		blockalign=4k
		iodepth=16
		offset=$((size / 8 % 48))m
		size=4m
		EOF
	done
}

# verify WHAT: the disk of LUN 0
verify() {
	local engine disk

	disk=$(disk_path 0)
	for engine in libaio io_uring; do
		echo "== $1, $engine"
		jobs "$disk" $engine >"$WORK/jobs"
		fio --minimal "$WORK/jobs" >"$WORK/fio" 2>&1 ||
			die "$1, $engine: $(grep -v '^3;' "$WORK/fio")"
		# a line for each job
		expect_eq "$1, $engine: jobs" "$(grep -c '^3;' "$WORK/fio")" 23
	done
}

# run DEVICE ATTRIBUTE=VALUE...
run() {
	device_set "$1" "${@:2}" enable=1
	lun_add 0 "${1#*/}"
	verify "$*"
	lun_del 0
	device_disable "$1"
}

vdisk_begin
modprobe -a loop ext4
truncate -s 256M "$WORK/fs"
mkfs.ext4 -q -E lazy_itable_init=1,lazy_journal_init=1,nodiscard "$WORK/fs"
mkdir "$WORK/mnt"
mount -o loop "$WORK/fs" "$WORK/mnt"
defer umount "$WORK/mnt"
device_add fileio/f0 path="$WORK/f0" size=64M
defer device_disable fileio/f0
truncate -s 64M "$WORK/image"
loop=$(losetup -f --show "$WORK/image")
defer losetup -d "$loop"
device_add blockio/b0 path="$loop"
defer device_disable blockio/b0

run fileio/f0
run fileio/f0 path="$WORK/mnt/f0" block_size=4096
run fileio/f0 direct=1
run blockio/b0
