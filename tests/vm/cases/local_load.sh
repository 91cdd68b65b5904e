#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# vm: timeout=240
# Under load: resets lose and mix up nothing; logical units, hosts and targets
# can be taken away at any time.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../vdisk.sh"

disk_gone() {
	[ ! -e "/sys/class/scsi_device/$HOST:0:0:$1" ]
}

host_gone() {
	[ ! -e "/sys/class/scsi_host/host$1" ]
}

load_start() {
	fio --name=load --filename="$1" --rw=randrw --bsrange=512-128k \
		--ioengine=libaio --iodepth=16 --direct=1 --runtime=600 \
		--time_based --minimal >/dev/null 2>&1 &
	LOAD=$!
}

# it ends with the disk
load_end() {
	local status=0

	wait $LOAD || status=$?
	[ $status -ne 0 ] || die "fio went on without its disk"
}

vdisk_begin
device_add fileio/f0 path="$WORK/f0" size=32M enable=1
defer device_disable fileio/f0
device_add nullio/n0 enable=1
# flat space addressing: 4000h and the number
mkdir "$LOCAL/groups/all/luns/16383"
defer lun_del 16383
echo n0 >"$LOCAL/groups/all/luns/16383/device"
wait_for "LUN 16383" 30 disk_there 32767
lun_add 1 f0

(verify_disk "$DISK" --bsrange=512-128k --size=16M --loops=2) &
verifier=$!
resets=0
while kill -0 $verifier 2>/dev/null; do
	sg_reset -d "$DISK"
	sg_reset -t "$DISK"
	sg_reset -H "$DISK"
	resets=$((resets + 3))
	sleep 0.1
done
wait $verifier
echo "$resets resets"

for i in 1 2 3; do
	load_start "$(disk_path 1)"
	sleep 1
	echo >"$LOCAL/groups/all/luns/1/device"
	load_end
	wait_for "LUN 1 to go" 30 disk_gone 1
	echo f0 >"$LOCAL/groups/all/luns/1/device"
	wait_for "LUN 1 to come back" 30 disk_there 1
done

for i in 1 2 3; do
	old=$HOST
	load_start "$(disk_path 32767)"
	sleep 1
	rmdir "$LOCAL/nexuses/me"
	load_end
	wait_for "the host to go" 30 host_gone "$old"
	mkdir "$LOCAL/nexuses/me"
	HOST=$(cat "$LOCAL/nexuses/me/host")
	wait_for "LUN 16383 to come back" 30 disk_there 32767
done
