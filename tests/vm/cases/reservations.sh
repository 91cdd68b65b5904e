#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Persistent reservations between two initiators: two hosts of this machine.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../vdisk.sh"

# pr DISK ARGUMENT...: sg_persist, or why not
pr() {
	local disk=$1

	shift
	sg_persist "$@" "$disk" 2>&1
}

write_to() {
	dd if=/dev/zero of="$1" bs=4k count=1 oflag=direct status=none
}

read_from() {
	dd if="$1" of=/dev/null bs=4k count=1 iflag=direct status=none
}

vdisk_begin
device_add nullio/n0 size=64M enable=1
lun_add 0 n0
mine=$DISK
mkdir "$LOCAL/nexuses/other"
defer rmdir "$LOCAL/nexuses/other"
HOST=$(cat "$LOCAL/nexuses/other/host")
wait_for "LUN 0 of the other" 30 disk_there 0
theirs=$(disk_path 0)

expect_match "no keys" "$(pr "$mine" -i -k)" "NO registered"
pr "$mine" -o -G -S 0x1234 || die "cannot register"
pr "$theirs" -o -G -S 0x5678 || die "the other cannot register"
keys=$(pr "$mine" -i -k)
expect_match "keys" "$keys" 0x1234
expect_match "keys" "$keys" 0x5678

# Write Exclusive: the other reads, and does not write.
pr "$mine" -o -R -K 0x1234 -T 1 || die "cannot reserve"
expect_match "reservation" "$(pr "$theirs" -i -r)" "Write Exclusive"
write_to "$mine"
read_from "$theirs"
expect_fail "write in spite of a reservation" write_to "$theirs"
expect_fail "a second reservation" pr "$theirs" -o -R -K 0x5678 -T 1
expect_fail "a wrong key" pr "$mine" -o -L -K 0x9999 -T 1

# The other takes it; the first is no longer registered.
pr "$theirs" -o -P -K 0x5678 -S 0x1234 -T 3 || die "cannot preempt"
expect_match "preempted" "$(pr "$theirs" -i -r)" "Exclusive Access"
write_to "$theirs"
expect_fail "read by the one preempted" read_from "$mine"
expect_fail "preempted, and still registered" pr "$mine" -o -L -K 0x1234 -T 3

pr "$theirs" -o -C -K 0x5678 || die "cannot clear"
expect_match "cleared" "$(pr "$theirs" -i -k)" "NO registered"
sg_turs "$mine" >/dev/null 2>&1 || true
write_to "$mine"
