#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# vm: smp=2 timeout=120
# A raw device: its commands reach the handler, by io_uring, and its outcomes
# the initiator; what it had when it died fails, and is not done again.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../vdisk.sh"
. "$(dirname "$0")/../user.sh"

raw() {
	sg_raw "$@" 2>&1
}

sg_there() {
	SG=$(disk_path 0 scsi_generic)
	[ -n "$SG" ]
}

said() {
	grep -q "$1" "$WORK/r0.out"
}

user_begin
HANDLER=$WORK/user_raw
cp "$VM_TOOLS/user_raw" "$HANDLER"
device_add user/r0 enable=1 wait_for_handler=3 wait_for_reply=3
handler_start r0
mkdir "$LOCAL/groups/all/luns/0"
defer lun_del 0
echo r0 >"$LOCAL/groups/all/luns/0/device"
wait_for "its generic device" 30 sg_there

inquiry=$(sg_inq "$SG")
expect_match "product" "$inquiry" "raw device"
expect_match "type" "$inquiry" "processor"
expect_match "serial" "$(sg_inq -p sn "$SG")" "raw-1"
# a new nexus has a unit attention
wait_for "the device" 30 sg_turs "$SG" >/dev/null 2>&1
expect_match "opcodes" "$(sg_opcodes "$SG")" "c0"

head -c 1000 /dev/urandom >"$WORK/out"
sg_raw -s 1000 -i "$WORK/out" "$SG" c1 0 0 0 0 0 0 0 0 0 >/dev/null 2>&1
sg_raw -r 4096 -o "$WORK/in" "$SG" c0 0 0 0 0 0 0 0 0 0 >"$WORK/text" 2>&1
expect_eq "bytes" "$(stat -c %s "$WORK/in")" 1000
cmp "$WORK/in" "$WORK/out" || die "the data differs"
rm "$WORK/in"
sg_raw -r 64 -o "$WORK/in" "$SG" c2 0 0 0 0 0 0 0 64 0 >"$WORK/text" 2>&1 || true
expect_match "own sense data" "$(cat "$WORK/text")" "[Ff]ilemark"
cmp -n 64 "$WORK/in" "$WORK/out" || die "no data with the sense data"
expect_match "a status" "$(raw "$SG" c3 0 18 0 0 0 0 0 0 0)" \
	"[Rr]eservation"
expect_match "no status" "$(raw "$SG" c3 0 77 0 0 0 0 0 0 0)" \
	"[Hh]ardware"
sg_raw "$SG" 1d 04 0 0 0 0 >/dev/null 2>&1 || true
expect_match "unknown to it" "$(raw "$SG" c9 0 0 0 0 0 0 0 0 0)" \
	"[Ii]llegal"

# What has no answer ends when its time has come, or its handler goes.
(raw -t 60 "$SG" c4 0 0 0 0 0 0 0 0 0 >"$WORK/text" || true) &
wait_for "the device to be stuck" 30 handler_is r0 stuck
wait $!
expect_match "no answer" "$(cat "$WORK/text")" "[Nn]ot ready"
handler_stop "$PID" KILL
handler_start r0
wait_for "the next handler" 30 sg_turs "$SG"
(raw -t 60 "$SG" c4 0 0 0 0 0 0 0 0 0 >"$WORK/text" || true) &
command=$!
sleep 1
handler_stop "$PID" KILL
handler_start r0
wait $command
expect_match "lost" "$(cat "$WORK/text")" "[Uu]nit [Aa]ttention"
sg_turs "$SG" >/dev/null 2>&1 || sg_turs "$SG"

sg_reset -N -d "$SG"
wait_for "the handler to hear of the reset" 30 said reset
rmdir "$LOCAL/nexuses/me"
wait_for "the handler to hear of the nexus" 30 said "session gone"
mkdir "$LOCAL/nexuses/me"
HOST=$(cat "$LOCAL/nexuses/me/host")
lun_del 0
handler_stop "$PID" KILL
