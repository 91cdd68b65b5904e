#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# vm: smp=2 timeout=120
# A removable disk: its medium comes, grows and goes, by the handler that
# serves and by a successor; what was for one medium does not reach another.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../vdisk.sh"
. "$(dirname "$0")/../user.sh"

# serve FILE OPTION...
serve() {
	handler_start u0 "$1" removable=1 resize=$((24 << 20)) \
		load=$((16 << 20)) "${@:2}"
}

# change SIGNAL ANSWER
change() {
	kill "-$1" "$PID"
	wait_for "$2" 30 grep -q "$2" "$WORK/u0.out"
}

no_medium() {
	(sg_turs -v "$SG" 2>&1 || true) | grep -qi "medium not present"
}

capacity_is() {
	sg_turs "$SG" >/dev/null 2>&1
	[ "$(sg_readcap --brief "$SG")" = \
		"$(printf '0x%x 0x200' $(($1 / 512)))" ]
}

user_begin
device_add user/u0 enable=1
serve "$WORK/disk" size=0
lun_add 0 u0
# the disk hears of unit attentions when it is opened
SG=$(disk_path 0 scsi_generic)
wait_for "no medium" 30 no_medium
change HUP "refused 1: Invalid argument"
expect_match "the reason" "$(dmesg | tail -n 5)" "u0: set: size, without a medium"
no_medium || die "a medium after a resize"
change USR1 "set 3"
expect_sense "a medium" "[Uu]nit attention" sg_turs -v "$SG"
capacity_is $((16 << 20)) || die "the capacity of the medium"
change HUP "set 1"
wait_for "the new size" 30 capacity_is $((24 << 20))
change USR2 "set 3"
no_medium || die "the medium did not go"

# A successor has another one, or none, or the same.
handler_stop "$PID"
serve "$WORK/disk" size=$((8 << 20))
wait_for "the next handler's medium" 30 capacity_is $((8 << 20))
handler_stop "$PID"
serve "$WORK/disk" size=0
no_medium || die "the medium of the handler before"
handler_stop "$PID"
serve "$WORK/disk" size=$((8 << 20))
wait_for "its medium" 30 capacity_is $((8 << 20))
blockdev --rereadpt "$DISK" || true

# A write that was for the medium of a handler that is gone.
handler_stop "$PID" KILL
head -c 4096 /dev/zero | tr '\0' '\377' >"$WORK/ones"
dd if="$WORK/ones" of="$DISK" bs=4k count=1 oflag=direct conv=notrunc \
	status=none 2>"$WORK/dd" &
writer=$!
wait_for "the write" 30 sh -c "read -r _ w <'/sys/block/${DISK##*/}/inflight'
	[ \$w -gt 0 ]"
serve "$WORK/other" size=$((12 << 20))
status=0
wait $writer || status=$?
[ $status -ne 0 ] || die "the write reached another medium"
cmp -n 4096 "$WORK/other" /dev/zero || die "another medium was written"
wait_for "the other medium" 30 capacity_is $((12 << 20))
handler_stop "$PID"

# Others have no medium to change.
device_add user/u1 enable=1
handler_start u1 "$WORK/fixed" load=$((16 << 20))
kill -USR1 "$PID"
wait_for "the refusal" 30 grep -q "refused 3: Invalid argument" "$WORK/u1.out"
expect_match "the reason" "$(dmesg | tail -n 5)" "u1: set: a medium, of a disk"
handler_stop "$PID"
lun_del 0
