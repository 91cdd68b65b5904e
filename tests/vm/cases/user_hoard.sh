#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# vm: long own-boot smp=2 mem=3072 timeout=300
# Whoever may attach cannot make the kernel hold memory without a bound: there
# is none for those who wait for a device, and what was of one stays counted.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../vdisk.sh"
. "$(dirname "$0")/../user.sh"

# in MiB: the arenas are of a tmpfs
shared() {
	awk '/^Shmem:/ { print int($2 / 1024) }' /proc/meminfo
}

waits_in_ioctl() {
	[ "$(cut -d ' ' -f 1 "/proc/$1/syscall")" = 16 ]
}

user_begin
device_add user/u0 enable=1
handler_start u0 "$WORK/disk"
server=$PID
before=$(shared)
waiting=()
for i in 1 2 3; do
	"$HANDLER" u0 "$WORK/disk" wait=600000 arena=$((512 << 20)) \
		>"$WORK/out$i" 2>&1 &
	waiting+=($!)
	wait_for "a handler to wait" 60 waits_in_ioctl $!
done
held=$(($(shared) - before))
echo "$held MiB for three that wait"
[ $held -lt 100 ] || die "memory for who only waits"
for pid in "${waiting[@]}"; do
	handler_stop "$pid" KILL
done
handler_stop "$server"

# One after the other, none of which lets its memory go.
cp "$VM_TOOLS/user_hoard" "$WORK/user_hoard"
device_add user/u1 enable=1
"$WORK/user_hoard" u1 $((256 << 20)) >"$WORK/hoard" 2>&1 &
hoarder=$!
defer handler_stop $hoarder KILL
wait_for "the hoarder" 120 grep -qs "refused" "$WORK/hoard"
cat "$WORK/hoard"
expect_match "the bound" "$(cat "$WORK/hoard")" \
	"^7 attachments, refused: Device or resource busy"
# the next one describes the device otherwise
device_disable user/u1
expect_fail "another" "$HANDLER" u1 "$WORK/disk" arena=$((512 << 20))
expect_match "why" "$(cat "$WORK/expect_fail")" "Device or resource busy"
handler_stop $hoarder KILL
handler_start u1 "$WORK/disk" arena=$((512 << 20)) wait=60000
device_set user/u1 enable=1
wait_for "it to serve" 30 handler_is u1 serving
handler_stop "$PID"
