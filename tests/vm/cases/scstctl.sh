#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# vm: handlers smp=2 timeout=300
# scstctl: what it creates works; what it saves, it makes again; what is as it
# should be, or is not named, it leaves alone; errors are the kernel's own.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../vdisk.sh"
. "$(dirname "$0")/../user.sh"
. "$(dirname "$0")/../handlers.sh"

SCSTCTL=$VM_HANDLERS/libscstuser/tools/scstctl/scstctl
[ -x "$SCSTCTL" ] || skip "there is no scstctl: libjansson-dev, libnl-genl-3-dev"
cp "$SCSTCTL" "$WORK/scstctl"
scstctl() { "$WORK/scstctl" "$@"; }

# refused REGEX ARGS...: status 1, one line that matches
refused() {
	local regex=$1 status=0

	shift
	scstctl "$@" >"$WORK/out" 2>"$WORK/err" || status=$?
	expect_eq "$*" $status 1
	expect_eq "$*" "$(wc -l <"$WORK/err")" 1
	expect_match "$*" "$(cat "$WORK/err")" "$regex"
}

# same WHAT FILE: that is what is there, and nothing is to do
same() {
	expect_eq "$1" "$(scstctl save)" "$(cat "$2")"
	expect_eq "$1: apply" "$(scstctl apply "$2")" ""
}

refused "modprobe scst" show
refused "modprobe scst" sessions
load_modules scst
refused "no such handler: modprobe scst_vdisk" create devices/fileio/f0
load_modules scst_vdisk scst_local scst_user
modprobe sd_mod
modprobe sg
defer scstctl clear targets device_groups devices

# ---- Create, and use ---------------------------------------------------------

scstctl create devices/fileio/f0 path="$WORK/f0" size=16M enable=1 \
	devices/nullio/n0 size=64M vendor=ACME enable=1 \
	devices/nullio/n1 size=1M enable=0
scstctl create "targets/scst_local/t/groups/others/initiators/*" \
	targets/scst_local/t/groups/others/luns/0 device=n0
scstctl create "targets/scst_local/u/groups/z/initiators/!you" \
	"targets/scst_local/u/groups/z/initiators/*" \
	"targets/scst_local/u/groups/z/initiators/a*" \
	"targets/scst_local/u/groups/b/initiators/b" \
	targets/scst_local/u/groups/z/luns/10 device=n0 read_only=1 \
	targets/scst_local/u/groups/z/luns/9 device=f0 \
	targets/scst_local/u/nexuses/me
HOST=$(scstctl show targets/scst_local/u/nexuses/me | sed 's/.*host=//')
wait_for "LUN 9" 30 disk_there 9
wait_for "LUN 10" 30 disk_there 10
disk=$(disk_path 9)
expect_eq "the size" "$(blockdev --getsize64 "$disk")" $((16 << 20))
expect_eq "read-only" "$(blockdev --getro "$(disk_path 10)")" 1
dd if=/dev/urandom of="$WORK/data" bs=1M count=2 status=none
dd if="$WORK/data" of="$disk" bs=1M oflag=direct status=none
cmp -n $((2 << 20)) "$WORK/f0" "$WORK/data" || die "the file differs"

expect_match "the tree" "$(scstctl show)" "f0  state=enabled  size=16777216"
expect_eq "patterns in their order" \
	"$(scstctl show targets/scst_local/u/groups/z/initiators |
		tr -d '\n')" "initiators  !you  *  a*"
expect_eq "groups in their order" \
	"$(scstctl show targets/scst_local/u/groups | grep '^  [a-z]')" \
	"  z
  b"
scstctl show --json | python3 -c '
import json, sys
tree = json.load(sys.stdin)
assert tree["devices"]["fileio"]["f0"]["state"] == "enabled", tree
assert tree["targets"]["scst_local"]["u"]["groups"]["z"]["luns"]["9"] == {
	"device": "f0", "read_only": "0"}, tree'

# ---- What happens ---------------------------------------------------------------

expect_match "sessions" "$(scstctl sessions)" "^u +me +[0-9]"
expect_match "counters" "$(scstctl stats)" "^u +me +9 +f0 "
scstctl stats --json | python3 -c '
import json, sys
row, = [r for r in json.load(sys.stdin) if r["device"] == "f0"]
assert row["lun"] == 9 and row["initiator"] == "me", row
assert row["write_bytes"] == 2 << 20 and row["commands"] > 0, row'
scstctl top --count 1 >"$WORK/top" &
top=$!
while [ -d /proc/$top ]; do
	dd if="$WORK/data" of="$disk" bs=1M oflag=direct status=none
done
wait $top
expect_match "rates" "$(cat "$WORK/top")" " 9 f0 .* [1-9][0-9.kM]* +0$"
mkfifo "$WORK/events"
scstctl events --count 1 >"$WORK/events" &
exec 8<"$WORK/events"
listening() {
	scstctl set devices/nullio/n1 enable=0 && scstctl set devices/nullio/n1 enable=1
	read -r -t 1 -u 8 event
}
wait_for "an event" 30 listening
expect_match "an event" "$event" "^(no-)?device n1$"
exec 8<&-
wait $!

# ---- Save, and apply ---------------------------------------------------------------

scstctl save "$WORK/all"
same "nothing has changed" "$WORK/all"
scstctl clear targets devices
expect_eq "nothing is left" "$(scstctl show | grep -c '^    ' || true)" 0
scstctl apply --dry-run "$WORK/all" >"$WORK/plan"
expect_eq "only a plan" "$(scstctl show | grep -c '^    ' || true)" 0
scstctl apply "$WORK/all" >"$WORK/done"
cmp "$WORK/plan" "$WORK/done" || die "the plan was another"
same "as it was" "$WORK/all"
HOST=$(cat $SCST/targets/scst_local/u/nexuses/me/host)
wait_for "LUN 9" 30 disk_there 9
disk=$(disk_path 9)
dd if="$disk" bs=1M count=2 iflag=direct status=none |
	cmp - "$WORK/data" || die "the disk differs"

# What is not named stays; a name alone takes away, and 1 is 1.
cat >"$WORK/part" <<-END
	{ "devices": { "nullio": { "n0": { "size": "64M", "queue_depth": 7 },
	                           "n1": null } },
	  "targets": { "scst_local": { "u": { "groups": {
	      "z": { "initiators": [ "!you", "m*" ], "luns": {
	          "10": { "read_only": true }, "11": { "device": "n0" } } }
	  } } } } }
END
refused "can be set only while .*--restart" apply "$WORK/part"
expect_eq "what is done" "$(scstctl apply --restart "$WORK/part")" \
"set devices/nullio/n0/queue_depth = 7 (was 128)
create targets/scst_local/u/groups/z/luns/11
set targets/scst_local/u/groups/z/luns/11/device = n0
remove targets/scst_local/u/groups/z/initiators/a*
remove targets/scst_local/u/groups/z/initiators/*
create targets/scst_local/u/groups/z/initiators/m*"
expect_eq "again" "$(scstctl apply "$WORK/part")" ""
expect_eq "back in its LUNs" "$(cat \
	$SCST/targets/scst_local/{t/groups/others/luns/0,u/groups/z/luns/10}/device)" \
	"n0
n0"
expect_eq "not named" "$(cat $SCST/targets/scst_local/u/groups/z/luns/9/device)" f0
expect_eq "gone" "$(ls $SCST/devices/nullio)" n0
wait_for "LUN 11" 30 disk_there 11

# What is in the tree beside devices and targets is no different.
scstctl create device_groups/g/devices/n0 \
	device_groups/g/port_groups/7/ports/9
scstctl set device_groups/g/port_groups/7 state=standby
scstctl save "$WORK/groups"
scstctl clear device_groups
expect_eq "no device groups" "$(scstctl show device_groups)" device_groups
scstctl apply "$WORK/groups" >"$WORK/done"
same "device groups" "$WORK/groups"
expect_eq "their state" "$(cat $SCST/device_groups/g/port_groups/7/state)" \
	standby
scstctl remove device_groups/g

# ---- What the kernel says ---------------------------------------------------------------

refused "path: /nowhere/at/all: " \
	create devices/fileio/f1 path=/nowhere/at/all enable=1
expect_eq "taken back" "$(ls $SCST/devices/fileio)" f0
refused "another handler has a device of that name" create devices/nullio/f0
refused "device n0: queue_depth: want a number from 1" \
	set devices/nullio/n0 queue_depth=0
refused "no attribute 'colour'; there are .*serial" \
	set devices/nullio/n0 colour=red
refused "there is no device f9" \
	set targets/scst_local/u/groups/z/luns/9 device=f9
expect_eq "as it was" "$(cat $SCST/targets/scst_local/u/groups/z/luns/9/device)" f0
refused "no group has a pattern for you" create targets/scst_local/u/nexuses/you
printf '{"devices": {"nullio": {"n0": {"max_tasks": -1}, "n3": {"size": 4096, "enable": true}}}}' >"$WORK/bad"
refused "device n0: max_tasks: want a number" \
	apply --restart --keep-going "$WORK/bad"
expect_eq "the rest is done" "$(cat $SCST/devices/nullio/n3/enable)" 1
expect_eq "as before" "$(cat $SCST/devices/nullio/n0/enable)" 1

# ---- A device of a process -----------------------------------------------------------------

# What the units do after a boot: devices, handlers, targets.
cat >"$WORK/user" <<-END
	{ "devices": { "user": { "d0": { "enable": true } } },
	  "targets": { "scst_local": { "v": {
	      "groups": { "all": { "luns": { "0": { "device": "d0" } },
	                           "initiators": [ "*" ] } },
	      "nexuses": { "me": {} } } } } }
END
scstctl apply --only devices "$WORK/user"
expect_eq "it waits" "$(scstctl apply --only devices "$WORK/user")" ""
refused "is 'waiting', not 'enabled'" \
	wait --timeout 0 devices/user/d0/state enabled
"$SCST_DISK" --engine scst --device "name=d0,path=$WORK/d0,size=8M" \
	>"$WORK/d0.out" 2>&1 &
PID=$!
scstctl wait devices/user/d0/state enabled
scstctl apply "$WORK/user" >"$WORK/done"
expect_eq "again" "$(scstctl apply "$WORK/user")" ""
HOST=$(cat $SCST/targets/scst_local/v/nexuses/me/host)
wait_for "the disk" 30 disk_there 0
verify_disk "$(disk_path 0)" --bs=4k --size=1M
scstctl clear targets
serve_stop
scstctl clear devices
