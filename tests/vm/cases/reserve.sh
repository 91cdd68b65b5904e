#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# RESERVE and RELEASE between two initiators: two hosts of this machine.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../vdisk.sh"

vdisk_begin
device_add nullio/n0 size=64M enable=1
device_add nullio/n1 size=64M enable=1
lun_add 0 n0
lun_add 1 n1
mine=$(disk_path 0 scsi_generic)
mkdir "$LOCAL/nexuses/other"
defer other_end
mine_host=$HOST
HOST=$(cat "$LOCAL/nexuses/other/host")
wait_for "LUN 0 of the other" 30 disk_there 0
wait_for "LUN 1 of the other" 30 disk_there 1
theirs=$(disk_path 0 scsi_generic)
their_other=$(disk_path 1 scsi_generic)

other_end() {
	[ ! -e "$LOCAL/nexuses/other" ] || rmdir "$LOCAL/nexuses/other"
}

reserve() {
	sg_raw "$1" 16 0 0 0 0 0 >"$WORK/raw" 2>&1
}

release() {
	sg_raw "$1" 17 0 0 0 0 0 >"$WORK/raw" 2>&1
}

read_one() {
	sg_raw -r 512 "$1" 28 0 0 0 0 0 0 0 1 0 >"$WORK/raw" 2>&1
}

write_one() {
	sg_raw -s 512 -i /dev/zero "$1" 2a 0 0 0 0 0 0 0 1 0 >"$WORK/raw" 2>&1
}

# conflicts WHAT COMMAND...
conflicts() {
	expect_fail "$1" "${@:2}"
	expect_match "$1" "$(cat "$WORK/raw")" "Reservation Conflict"
}

for sg in "$mine" "$theirs" "$their_other"; do
	sg_turs "$sg" >/dev/null 2>&1 || true
done

reserve "$mine" || die "cannot reserve"
reserve "$mine" || die "cannot reserve again what is mine"
write_one "$mine" || die "cannot write what is mine"
conflicts "their read" read_one "$theirs"
conflicts "their write" write_one "$theirs"
conflicts "their reservation" reserve "$theirs"
conflicts "their unit's readiness" sg_raw "$theirs" 0 0 0 0 0 0
sg_inq "$theirs" >/dev/null || die "INQUIRY is for everybody"
sg_luns "$theirs" >/dev/null || die "REPORT LUNS is for everybody"
write_one "$their_other" || die "another unit is reserved, too"

# Who has it not cannot release it; who has it can.
release "$theirs" || die "RELEASE of another's is an error"
conflicts "after another's RELEASE" write_one "$theirs"
release "$mine" || die "cannot release"
write_one "$theirs" || die "released, and still not to be written"

# With 10 bytes, and with persistent reservations around
sg_raw "$theirs" 56 0 0 0 0 0 0 0 0 0 >/dev/null 2>&1 || die "RESERVE (10)"
conflicts "RESERVE (10)" write_one "$mine"
conflicts "a registration" sg_raw -s 24 -i /dev/zero "$mine" \
	5f 0 0 0 0 0 0 0 24 0
sg_raw "$theirs" 57 0 0 0 0 0 0 0 0 0 >/dev/null 2>&1 || die "RELEASE (10)"
sg_persist --out --register --param-sark=0x1 "$mine" >/dev/null
conflicts "RESERVE among registrations" reserve "$theirs"
sg_persist --out --clear --param-rk=0x1 "$mine" >/dev/null

# A nexus that goes leaves no reservation.
reserve "$theirs" || die "cannot reserve"
conflicts "reserved" write_one "$mine"
rmdir "$LOCAL/nexuses/other"
wait_for "its reservation to go" 60 write_one "$mine"
HOST=$mine_host
