#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# vm: smoke smp=2 mem=1024 timeout=100
# A disk that forgets: commands end, sizes are what was asked for, and zeroes
# are read where they are promised.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../vdisk.sh"

DEVICE=nullio/n0

vdisk_begin
device_add $DEVICE size=2G block_size=4096 zero=1 enable=1
lun_add 0 n0
expect_eq "size" "$(blockdev --getsize64 "$DISK")" $((2 << 30))
expect_eq "blocks" "$(blockdev --getss "$DISK")" 4096
dd if=/dev/urandom of="$DISK" bs=1M count=16 oflag=direct status=none
dd if="$DISK" bs=1M count=16 iflag=direct status=none |
	cmp -n $((16 << 20)) - /dev/zero || die "not zeroes"
fio --name=load --filename="$DISK" --direct=1 --ioengine=libaio --rw=randrw \
	--bsrange=4k-2m --iodepth=32 --size=1G --io_size=64M --minimal \
	>"$WORK/fio" || die "$(cat "$WORK/fio")"
expect_fail "too small" device_set $DEVICE size=1k
device_set $DEVICE size=1G
expect_eq "new size" "$(device_get $DEVICE size)" $((1 << 30))

# The module stays while there is a device, and the device while it is mapped.
expect_fail "rmmod" rmmod scst_vdisk
lun_del 0
device_disable $DEVICE
device_set $DEVICE zero=0 block_size=512 enable=1
lun_add 1 n0
dd if="$DISK" of=/dev/null bs=64k count=64 iflag=direct status=none
# Goes while it is in use
fio --name=load --filename="$DISK" --direct=1 --ioengine=libaio --rw=randread \
	--bs=4k --iodepth=32 --time_based --runtime=600 --minimal \
	>"$WORK/fio" 2>&1 &
wait_for "I/O" 30 grep -q '[1-9]' "/sys/block/${DISK##*/}/inflight"
device_disable $DEVICE
wait
