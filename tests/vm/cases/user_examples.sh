#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# vm: handlers smp=2 timeout=200
# The examples, unchanged, as devices of the kernel.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../vdisk.sh"
. "$(dirname "$0")/../user.sh"
. "$(dirname "$0")/../handlers.sh"

user_begin

# ---- ramdisk: an ordinary disk ----------------------------------------------

device_add user/d0 enable=1
device_add user/d1 enable=1
serve d1 "$VM_HANDLERS/examples/ramdisk" --device name=d0,size=32M \
	--device name=d1,read-only
lun_add 0 d0
expect_eq "capacity" "$(blockdev --getsize64 "$DISK")" $((32 << 20))
verify_disk "$DISK" --bsrange=512-128k --size=8M
expect_eq "no thin provisioning" \
	"$(sg_readcap --16 "$DISK" | grep -o 'lbpme=.')" "lbpme=0"
lun_add 1 d1
expect_eq "read-only" "$(blockdev --getro "$DISK")" 1
lun_del 1
lun_del 0
serve_stop

# ---- raw: a mailbox, a processor device -------------------------------------

SG=
generic_there() {
	SG=$(disk_path 0 scsi_generic)
	[ -n "$SG" ]
}

device_add user/box enable=1
serve box "$VM_HANDLERS/examples/raw" --device name=box,slots=2
mkdir "$LOCAL/groups/all/luns/0"
defer lun_del 0
echo box >"$LOCAL/groups/all/luns/0/device"
wait_for "the generic device" 30 generic_there

# send TEXT; receive: what is in the box, in sg_raw's words
send() {
	printf %s "$1" >"$WORK/text"
	sg_raw -s ${#1} -i "$WORK/text" "$SG" \
		0a 00 00 00 "$(printf %02x ${#1})" 00 2>&1
}

receive() {
	sg_raw -r 16 -o "$WORK/got" "$SG" 08 00 00 00 10 00 >/dev/null 2>&1
	cat "$WORK/got"
}

# The unit attention of a new nexus is not for what follows.
sg_turs "$SG" >/dev/null 2>&1 || true
expect_match "a processor" "$(sg_inq "$SG")" "PDT=3"
expect_match "commands" "$(sg_opcodes "$SG" 2>&1)" "Receive|08"
send hello
send you
expect_match "full" "$(send more || true)" "[Bb]usy"
expect_eq "the first" "$(receive)" hello
expect_eq "the second" "$(receive)" you
rm "$WORK/got"
: >"$WORK/got"
expect_eq "nothing" "$(receive)" ""
expect_sense "too long" "Illegal Request" \
	sg_raw -s 4 -i "$WORK/text" "$SG" 0a 00 00 01 00 00
expect_sense "START STOP UNIT" "[Ii]nvalid command operation code" \
	sg_raw "$SG" 1b 00 00 00 00 00
sg_turs "$SG"
serve_stop
