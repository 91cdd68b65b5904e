#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Persistent reservations with APTPL outlive the modules, others do not, and
# a file that was damaged between two writes does no harm.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../vdisk.sh"

STATE=/var/lib/scst
KEY=0x1234abcd

rm -rf "$STATE"
mkdir -p "$STATE"

up() {
	vdisk_begin
	device_add nullio/d size=16M enable=1
	lun_add 0 d
	SG=$(disk_path 0 scsi_generic)
}

# All that this case deferred, now.
down() {
	local i

	for ((i = ${#DEFERRED[@]} - 1; i >= 0; i--)); do
		eval "${DEFERRED[i]}"
	done
	DEFERRED=()
	unload_modules
}

keys() {
	sg_persist --in --read-keys "$SG" 2>&1
}

up
sg_persist --out --register --param-sark=$KEY --param-aptpl "$SG" >/dev/null
sg_persist --out --reserve --param-rk=$KEY --prout-type=5 "$SG" >/dev/null
expect_match "registered" "$(keys)" "$KEY"
[ -s "$STATE/d.pr.0" ] || die "nothing was stored"
down

up
expect_match "key after reload" "$(keys)" "$KEY"
expect_match "reservation after reload" \
	"$(sg_persist --in --read-reservation "$SG" 2>&1)" \
	"Write Exclusive, registrants only"
# An older image is good enough when the newest write did not end.
sg_persist --out --register --param-rk=$KEY --param-sark=0x77 --param-aptpl \
	"$SG" >/dev/null
down
truncate -s 10 "$(find "$STATE" -name 'd.pr.*' -printf '%T@ %p\n' | sort -n |
	tail -n 1 | cut -d ' ' -f 2)"

up
expect_match "older key" "$(keys)" "$KEY"
# Without APTPL nothing is to be found next time.
sg_persist --out --register-ignore --param-sark=0x99 "$SG" >/dev/null
down

up
expect_match "no key" "$(keys)" "NO registered reservation keys"
down

# Where nothing can be stored that is said.
rm -rf "$STATE"
up
expect_match "not capable" \
	"$(sg_persist --in --report-capabilities "$SG" 2>&1)" "PTPL_C\): 0"
