#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# vm: handlers smp=2 mem=1536 timeout=400
# An encrypted disk of scst-disk with the engine scst: dm-crypt reads and writes
# the same image, CRYPTOGRAPHIC ERASE goes through the kernel, and the next
# process goes on with the new key.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../vdisk.sh"
. "$(dirname "$0")/../user.sh"
. "$(dirname "$0")/../handlers.sh"

export SCST_ENGINE=scst
DM=vm-crypt
IMAGE=$WORK/image
KEY=$WORK/key
WORDS=name=c0,path=$IMAGE,key=$KEY,sanitize
MIB=1048576

# What dm-crypt finds in the image: /dev/mapper/$DM until plain_end
plain_begin() {
	LOOP=$(losetup -f --show "$IMAGE")
	dmsetup create --noudevsync --noudevrules $DM --table \
		"0 65536 crypt aes-xts-plain64 $(od -An -v -tx1 "$KEY" |
			tr -d ' \n') 0 $LOOP 0"
	[ -e /dev/mapper/$DM ] || dmsetup mknodes $DM
}

plain_end() {
	dmsetup remove --noudevsync --noudevrules $DM
	losetup -d "$LOOP"
}

user_begin
modprobe -a loop dm_mod dm_crypt || skip "no dm-crypt"
device_add user/c0 enable=1
serve c0 "$SCST_DISK" --device "$WORDS,size=32M"
lun_add 0 c0
expect_match "commands" "$(sg_opcodes "$DISK")" "[Cc]ryptographic erase"

echo "== dm-crypt reads what was written, and the other way round"
verify_disk "$DISK" --bsrange=4k-256k --ba=4k --size=16M
dd if=/dev/urandom of="$WORK/data" bs=$MIB count=4 status=none
dd if="$WORK/data" of="$DISK" bs=$MIB seek=16 oflag=direct status=none
sg_sync "$DISK"
serve_stop
plain_begin
cmp -n $((4 * MIB)) -i $((16 * MIB)):0 /dev/mapper/$DM "$WORK/data" ||
	die "dm-crypt reads something else"
dd if="$WORK/data" of=/dev/mapper/$DM bs=$MIB seek=24 oflag=direct status=none
plain_end
serve c0 "$SCST_DISK" --device "$WORDS"
blockdev --flushbufs "$DISK"
cmp -n $((4 * MIB)) -i $((24 * MIB)):0 "$DISK" "$WORK/data" ||
	die "what dm-crypt wrote is read as something else"

echo "== erase"
cp "$KEY" "$WORK/old"
sg_sanitize --crypto --quick --wait "$DISK"
cmp -s "$KEY" "$WORK/old" && die "the key is the same"
blockdev --flushbufs "$DISK"
cmp -s -n $((4 * MIB)) -i $((24 * MIB)):0 "$DISK" "$WORK/data" &&
	die "what was erased is there"
dd if="$WORK/data" of="$DISK" bs=$MIB seek=4 oflag=direct status=none
sg_sync "$DISK"
serve_stop
serve c0 "$SCST_DISK" --device "$WORDS"
blockdev --flushbufs "$DISK"
cmp -n $((4 * MIB)) -i $((4 * MIB)):0 "$DISK" "$WORK/data" ||
	die "written with the new key, and lost"

echo "== a successor that does not encrypt is another disk"
serve_stop
expect_refusal "no key" "refuses the device" \
	"$SCST_DISK" --device "name=c0,path=$IMAGE,sanitize"
lun_del 0
rmdir "$SCST/devices/user/c0"
