#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# vm: smp=2 timeout=200
# A handler that writes nonsense into all that it shares with the kernel harms
# its own device and nothing else. user_fuzz_long: for longer.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../vdisk.sh"
. "$(dirname "$0")/../user.sh"

SECONDS_LONG=${USER_FUZZ_SECONDS:-30}

user_begin
device_add user/good enable=1
handler_start good "$WORK/good" size=$((16 << 20))
lun_add 0 good
good=$DISK
handler=$PID
device_add user/bad enable=1 wait_for_handler=2 wait_for_reply=2
cp "$VM_TOOLS/user_fuzz" "$WORK/user_fuzz"
"$WORK/user_fuzz" bad "$WORK/bad" "$SECONDS_LONG" $RANDOM >"$WORK/fuzz.out" 2>&1 &
fuzzer=$!
wait_for "the bad handler" 60 grep -qs ready "$WORK/fuzz.out"
mkdir "$LOCAL/groups/all/luns/1"
defer lun_del 1
echo bad >"$LOCAL/groups/all/luns/1/device"
sg=
sg_there() {
	sg=$(disk_path 1 scsi_generic)
	[ -n "$sg" ]
}
wait_for "its generic device" 60 sg_there

# whatever becomes of these
(while kill -0 $fuzzer 2>/dev/null; do
	timeout 60 sg_dd if=/dev/zero of="$sg" bs=512 bpt=64 count=4096 \
		blk_sgio=1 >/dev/null 2>&1 || true
	timeout 60 sg_dd if="$sg" of=/dev/null bs=512 bpt=16 count=4096 \
		blk_sgio=1 >/dev/null 2>&1 || true
	timeout 60 sg_sync "$sg" >/dev/null 2>&1 || true
done) &
load=$!
while kill -0 $fuzzer 2>/dev/null; do
	verify_disk "$good" --bs=4k --size=2M
done
status=0
wait $fuzzer || status=$?
cat "$WORK/fuzz.out"
expect_eq "the fuzzer" $status 0
wait $load || true
expect_match "INQUIRY" "$(sg_inq "$sg")" "SCST"
handler_stop "$handler"
lun_del 0
lun_del 1
