#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# vm: handlers smp=2 mem=1536 timeout=200 cuts=2
# The machine loses its power while scst-disk serves files on a disk of that
# machine, behind the ring. What an initiator was told is durable, and noted
# elsewhere, is there when the machine is back. Twice; user_power_long: 40 times.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../vdisk.sh"
. "$(dirname "$0")/../user.sh"
. "$(dirname "$0")/../handlers.sh"

BLOCKS=2048	# of 4 KiB, that are written
declare -A OPTION=([u0]="" [u1]=",direct")
DISKS=()
PIDS=()

# serve_disk LUN NAME
serve_disk() {
	device_add "user/$2" enable=1
	serve "$2" "$SCST_DISK" --device \
		"name=$2,backend=file,path=$WORK/mnt/$2,size=64M${OPTION[$2]}"
	PIDS+=("$PID")
	lun_add "$1" "$2"
	DISKS+=("$DISK")
}

# load LUN: ends with the power, not before
load() {
	"$VM_TOOLS/durable" "${DISKS[$1]}" "/vm/journal.u$1" $BLOCKS \
		1000000000 || true
	echo "the load on u$1 ended too early" >/vm/journal.ended
}

modprobe -a virtio_blk ext4
wait_for "the disk" 30 test -b /dev/vda
mkdir "$WORK/mnt"
[ -e /vm/cut ] || mkfs.ext4 -q -E nodiscard,lazy_itable_init=1 /dev/vda
mount /dev/vda "$WORK/mnt"
defer umount "$WORK/mnt"
user_begin

# All LUNs before any load: initiators are told of new ones.
for lun in 0 1; do
	serve_disk $lun u$lun
done
if [ ! -e /vm/cut ]; then
	for lun in 0 1; do
		load $lun &
	done
	for lun in 0 1; do
		wait_for "the first notes" 60 test -s /vm/journal.u$lun
	done
	touch /vm/cut
	wait
	die "the power is still there"
fi
[ ! -e /vm/journal.ended ] || die "$(cat /vm/journal.ended)"
for lun in 0 1; do
	"$VM_TOOLS/log_writes" verify "${DISKS[lun]}" /vm/journal.u$lun
done
for lun in 0 1; do
	lun_del $lun
	PID=${PIDS[lun]}
	serve_stop
done
