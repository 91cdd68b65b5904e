#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# vm: smp=2
# Resets: of a logical unit, and of all at a target. What is reset has lost its
# reservations and changed mode parameters, and tells everybody.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../vdisk.sh"

vdisk_begin
device_add nullio/n0 size=64M enable=1
device_add nullio/n1 size=64M enable=1
lun_add 0 n0
lun_add 1 n1
disk=$(disk_path 0)
mine=$(disk_path 0 scsi_generic)
my_other=$(disk_path 1 scsi_generic)
mkdir "$LOCAL/nexuses/other"
defer rmdir "$LOCAL/nexuses/other"
HOST=$(cat "$LOCAL/nexuses/other/host")
wait_for "LUN 0 of the other" 30 disk_there 0
wait_for "LUN 1 of the other" 30 disk_there 1
theirs=$(disk_path 0 scsi_generic)
their_other=$(disk_path 1 scsi_generic)

ready() {
	sg_turs "$1" >/dev/null 2>&1
}

all_ready() {
	local sg

	for sg in "$mine" "$my_other" "$theirs" "$their_other"; do
		wait_for "$sg to be ready" 10 ready "$sg"
	done
}

reserve() {
	sg_raw "$1" 16 0 0 0 0 0 >/dev/null 2>&1
}

# the control mode page's SWP: writes are refused
protect() {
	sg_wr_mode --page=0xa --len=10 --mask=0,0,0,0,8 \
		--contents=a,a,0,0,8 "$1" >"$WORK/mode" 2>&1 ||
		die "MODE SELECT: $(cat "$WORK/mode")"
}

swp() {
	sg_modes --page=0xa --dbd --raw "$1" | od -A n -t u1 -j 12 -N 1 |
		awk '{ print int($1 / 8) % 2 }'
}

# told SG: it says once that it was reset
told() {
	sg_raw "$1" 0 0 0 0 0 0 >"$WORK/raw" 2>&1 || true
	grep -qiE "reset (function )?occurred" "$WORK/raw"
}

# reset OPTION OTHER: whether the other unit is reset, too
reset() {
	echo "== $1"
	all_ready
	protect "$mine"
	protect "$my_other"
	# who did not change the pages is told of that, too
	all_ready
	expect_eq "protected" "$(swp "$theirs")" 1
	reserve "$theirs" || die "cannot reserve"
	reserve "$their_other" || die "cannot reserve the other"
	expect_match "reserved" "$(sg_raw "$mine" 0 0 0 0 0 0 2>&1 || true)" \
		"Reservation Conflict"

	sg_reset -N "$1" "$disk" || die "sg_reset $1"
	told "$theirs" || die "not told: $(cat "$WORK/raw")"
	told "$theirs" && die "told twice"
	ready "$mine" || wait_for "the reserved unit" 10 ready "$mine"
	expect_eq "still protected" "$(swp "$mine")" 0
	sg_raw -s 512 -i /dev/zero "$mine" 2a 0 0 0 0 0 0 0 1 0 \
		>/dev/null 2>&1 || die "cannot be written"
	if [ "$2" = too ]; then
		told "$their_other" || die "the other is not told"
		wait_for "the other unit" 10 ready "$my_other"
		expect_eq "the other still protected" "$(swp "$my_other")" 0
		return
	fi
	told "$their_other" && die "the other was told"
	expect_eq "the other's protection" "$(swp "$their_other")" 1
	expect_match "the other's reservation" \
		"$(sg_raw "$my_other" 0 0 0 0 0 0 2>&1 || true)" \
		"Reservation Conflict"
	sg_raw "$their_other" 17 0 0 0 0 0 >/dev/null 2>&1
}

reset --device not
reset --target too
reset --bus too
reset --host too

# What is under way is given up, and done again by the midlayer.
dd if="$disk" of=/dev/null bs=4k count=500 iflag=direct status=none &
reader=$!
resets=0
while kill -0 $reader 2>/dev/null; do
	sg_reset -N --device "$disk"
	resets=$((resets + 1))
done
wait $reader || die "a read ended in error"
[ $resets -gt 0 ] || die "the reads were over before there was a reset"
all_ready
