#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# vm: handlers smp=2 mem=1536 timeout=500
# scst-disk with the engine scst: its disks are the kernel's, and keep what
# was written, through the end of one process and the start of the next.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../vdisk.sh"
. "$(dirname "$0")/../user.sh"
. "$(dirname "$0")/../handlers.sh"

export SCST_ENGINE=scst
RAM=(--device "name=u0,backend=ram,size=64M")

# ---- What is missing is said in one line -----------------------------------

expect_refusal "no module" "modprobe scst_user" "$SCST_DISK" "${RAM[@]}"
user_begin
expect_refusal "no device" \
	"mkdir /sys/kernel/config/scst/devices/user/u0" "$SCST_DISK" "${RAM[@]}"
expect_refusal "an option of the front end" "listen: only the embedded" \
	"$SCST_DISK" --listen 127.0.0.1:0 "${RAM[@]}"
expect_refusal "no permission" "/dev/scst_user: permission denied" \
	setpriv --reuid=65534 --regid=65534 --clear-groups \
	"$SCST_DISK" "${RAM[@]}"

modprobe loop || true
truncate -s 300M "$WORK/fs"
mkdir "$WORK/mnt"
mkfs.ext4 -q -E lazy_itable_init=1,lazy_journal_init=1,nodiscard "$WORK/fs"
mount -o loop "$WORK/fs" "$WORK/mnt"
defer umount "$WORK/mnt"

# ---- Every backend ------------------------------------------------------------

# try NAME WORDS: a disk of 64 MiB, thin
try() {
	local words=name=$1,size=64M,thin,$2

	echo "== $words"
	device_add "user/$1" enable=1
	serve "$1" "$SCST_DISK" --device "$words"
	expect_refusal "a second handler" "another program|is served or used" \
		"$SCST_DISK" --device "$words"
	lun_add 0 "$1"
	expect_eq "capacity" "$(blockdev --getsize64 "$DISK")" $((64 << 20))
	expect_match "identity" "$(sg_inq "$DISK")" \
		"Vendor identification: SCST"
	verify_disk "$DISK" --bsrange=4k-256k --ba=4k --size=16M
	verify_disk "$DISK" --bs=4k --size=2M --fsync=8
	blkdiscard -o $((1 << 20)) -l $((4 << 20)) "$DISK"
	cmp -n $((4 << 20)) -i $((1 << 20)):0 "$DISK" /dev/zero ||
		die "what was discarded is not zero"
	blkdiscard -z -o $((8 << 20)) -l $((1 << 20)) "$DISK"
	cmp -n $((1 << 20)) -i $((8 << 20)):0 "$DISK" /dev/zero ||
		die "not zeroes"
	sg_sync "$DISK"
	sg_verify --16 --lba=0 --count=64 "$DISK"
	sg_get_lba_status --lba=0 "$DISK" >/dev/null
	expect_match "commands" "$(sg_opcodes "$DISK")" "Compare and write"
	lun_del 0
}

try ram backend=ram
serve_stop
try cached path="$WORK/mnt/cached"
serve_stop INT
try direct path="$WORK/mnt/direct",direct,block-size=4096

# ---- One ends, the next goes on -------------------------------------------------

# fio does not notice: what was not answered is given to the next one.
lun_add 0 direct
verify_disk "$DISK" --bs=4k --size=24M --iodepth=32 &
FIO=$!
for _ in 1 2 3; do
	sleep 0.5
	serve_stop
	expect_eq "no handler" "$(device_get user/direct handler)" none
	serve direct "$SCST_DISK" \
		--device "name=direct,size=64M,thin,path=$WORK/mnt/direct,direct,block-size=4096"
done
wait $FIO || die "fio saw the change"
cmp -n $((24 << 20)) "$DISK" "$WORK/mnt/direct" || die "the file differs"

# ---- The operator takes it away ----------------------------------------------------

lun_del 0
rmdir "$SCST/devices/user/direct"
serve_ended 0
expect_match "it is told" "$(cat "$WORK/direct.out")" "was removed"
