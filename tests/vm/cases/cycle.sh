#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# vm: smp=2 timeout=400
# The modules come, are configured, do I/O, and go, 20 times: no reference, no
# host, no thread and no memory of theirs stays behind.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../vdisk.sh"

CYCLES=20
WARM=4	# of those, until the kernel has what it keeps

# ---- What is counted ------------------------------------------------------------

# What anybody gets memory from, by its size. Shrinking gives back what
# processors hold; each takes a slab again for its next object, all of which
# counts, and kfree_rcu() keeps objects for some seconds. So the lowest of
# several counts is nearest to the truth.
slabs() {
	local file

	for _ in 1 2 3 4 5 6; do
		sleep 1
		for file in /sys/kernel/slab/*kmalloc*/shrink; do
			echo 1 >"$file"
		done
		awk '/^(dma-)?kmalloc/ { sub(/-rnd-[0-9]+/, "", $1); n[$1] += $2 }
			END { for (i in n) print i, n[i] }' /proc/slabinfo
	done | awk '!($1 in n) || $2 < n[$1] { n[$1] = $2 }
		END { for (i in n) print i, n[i] }' | sort
}

# Hosts, disks, threads and memory that can be told to be ours, or not to be
# anybody else's
traces() {
	find /sys/class/scsi_host /sys/class/scsi_device /sys/block \
		/sys/devices /sys/devices/virtual/workqueue \
		-maxdepth 1 ! -name 'loop*' | sort
	cat /proc/[0-9]*/comm 2>/dev/null | grep '^scst' || true
	grep scst /proc/vmallocinfo || true
	ls "$WORK"
}

# unused MODULE: no reference is left
unused() {
	[ "$(cat "/sys/module/$1/refcnt")" = 0 ]
}

# ---- A cycle --------------------------------------------------------------------

configure() {
	load_modules scst scst_vdisk scst_local
	mkdir "$LOCAL" "$LOCAL/groups/all" "$LOCAL/groups/all/initiators/*" \
		"$LOCAL/nexuses"/{me,other} \
		"$SCST/devices"/{fileio/f0,blockio/b0,nullio/n0,cdrom/c0}
	device_set fileio/f0 path="$WORK/f0" size=8M enable=1
	device_set blockio/b0 path="$LOOP" enable=1
	device_set nullio/n0 size=1G enable=1
	device_set cdrom/c0 path="$WORK/disc" enable=1
	mkdir "$LOCAL/groups/all/luns"/{0,1,2,300}
	echo f0 >"$LOCAL/groups/all/luns/0/device"
	echo b0 >"$LOCAL/groups/all/luns/1/device"
	echo n0 >"$LOCAL/groups/all/luns/2/device"
	echo c0 >"$LOCAL/groups/all/luns/300/device"
	for nexus in me other; do
		HOST=$(cat "$LOCAL/nexuses/$nexus/host")
		for lun in 0 1 2; do
			wait_for "LUN $lun" 30 disk_there $lun
		done
	done
}

# Reads, writes, what allocates on its way, and errors
use() {
	local f0 b0

	f0=$(disk_path 0)
	b0=$(disk_path 1)
	dd if=/dev/urandom of="$f0" bs=1M count=4 oflag=direct status=none
	dd if="$f0" of="$b0" bs=512k count=8 iflag=direct oflag=direct \
		status=none
	cmp -n $((4 << 20)) "$f0" "$b0" || die "the disks differ"
	sg_xcopy if="$(disk_path 0 scsi_generic)" \
		of="$(disk_path 1 scsi_generic)" bs=512 count=1000 \
		>"$WORK/out" 2>&1 || die "$(cat "$WORK/out")"
	sg_write_same --16 --unmap --lba=0 --num=64 "$f0" >/dev/null
	sg_persist --out --register --param-sark=0x1 "$f0" >/dev/null
	sg_raw "$b0" ff 0 0 0 0 0 >/dev/null 2>&1 || true
	sg_reset -N --device "$f0"
	sg_vpd --page=di "$b0" >/dev/null
}

unconfigure() {
	for module in scst_local scst_vdisk scst; do
		unused $module && die "$module counts no reference"
	done
	rmdir "$LOCAL/nexuses"/{me,other}
	rmdir "$LOCAL/groups/all/luns"/* "$LOCAL/groups/all/initiators/*" \
		"$LOCAL/groups/all" "$LOCAL" "$SCST/devices"/*/*
	for module in scst_local scst_vdisk scst; do
		wait_for "$module to be unused" 30 unused $module
		rmmod $module
	done
	LOADED=()
}

# ---- All ------------------------------------------------------------------------

modprobe -a sd_mod sg sr_mod loop
truncate -s 8M "$WORK/image"
dd if=/dev/urandom of="$WORK/disc" bs=2048 count=100 status=none
LOOP=$(losetup -f --show "$WORK/image")
defer losetup -d "$LOOP"
for ((cycle = 1; cycle <= CYCLES; cycle++)); do
	configure
	use
	unconfigure
	case $cycle in
	"$WARM")
		traces >"$WORK.traces"
		slabs >"$WORK.0"
		;;
	$(((CYCLES + WARM) / 2))) slabs >"$WORK.1" ;;
	esac
done
slabs >"$WORK.2"
defer rm "$WORK.traces" "$WORK.0" "$WORK.1" "$WORK.2"
traces | diff "$WORK.traces" - || die "not as before"

# An object that each cycle leaves behind shows in both halves.
HALF=$(((CYCLES - WARM) / 2))
join "$WORK.0" "$WORK.1" | join - "$WORK.2" |
	awk -v half="$HALF" '
		$3 - $2 >= half && $4 - $3 >= half { print; bad = 1 }
		END { exit bad }' ||
	die "a cache grows: objects before, after $HALF cycles, after $((2 * HALF))"
