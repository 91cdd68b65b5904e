#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# vm: smp=2 timeout=180
# Asymmetric logical unit access: one disk through two target ports, whose
# states the operator and the initiator change, and what the initiator makes of
# them.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../vdisk.sh"

GROUPS_DIR=$SCST/device_groups/dg
TWO=$SCST/targets/scst_local/two

# rtpg DISK: the groups and their states, as "1=active/optimized 2=standby"
rtpg() {
	sg_rtpg -d "$1" | sed -n \
		-e 's/.*target port group id : 0x\([0-9a-f]*\) .*/\1/p' \
		-e 's/.*access state : 0x.. (\(.*\)).*/\1/p' |
		sed 's/active\/non optimized/active\/non-optimized/' |
		paste -d = - - | paste -s -d ' '
}

state() {
	echo "$2" >"$GROUPS_DIR/port_groups/$1/state"
}

# Unit attentions are out of the way after this.
quiet() {
	wait_for "no unit attention" 30 no_attention "$1"
}

both_quiet() {
	quiet "$sg1"
	quiet "$sg2"
}

no_attention() {
	! sg_raw "$1" 0 0 0 0 0 0 2>&1 | grep -q "Unit Attention"
}

# What the kernel believes of the path that the disk is
believes() {
	[ "$(cat "/sys/block/${1#/dev/}/device/access_state")" = "$2" ]
}

dgroup_del() {
	[ -d "$GROUPS_DIR" ] || return 0
	rmdir "$GROUPS_DIR"/port_groups/*/ports/* "$GROUPS_DIR"/port_groups/* \
		"$GROUPS_DIR"/devices/*
	rmdir "$GROUPS_DIR"
}

vdisk_begin
device_add nullio/n0 size=64M enable=1

# ---- Configuration ------------------------------------------------------------

mkdir "$TWO" "$TWO/groups/all" "$TWO/groups/all/initiators/*" \
	"$TWO/groups/all/luns/0"
defer rmdir "$TWO"
defer rmdir "$TWO/groups/all"
defer rmdir "$TWO/groups/all/luns/0"
defer rmdir "$TWO/groups/all/initiators/*"
expect_eq "first port" "$(cat "$LOCAL/port_id")" 1
expect_eq "second port" "$(cat "$TWO/port_id")" 2
expect_fail "a port's number twice" sh -c "echo 1 >$TWO/port_id"
expect_match "a port's number twice" "$(dmesg | tail -n 1)" \
	"target two: port_id: another target"
expect_fail "no number" sh -c "echo 0 >$TWO/port_id"
echo 7 >"$TWO/port_id"

mkdir "$GROUPS_DIR"
defer dgroup_del
mkdir "$GROUPS_DIR/devices/n0" "$GROUPS_DIR/port_groups/1" \
	"$GROUPS_DIR/port_groups/2" "$GROUPS_DIR/port_groups/1/ports/1" \
	"$GROUPS_DIR/port_groups/2/ports/7"
expect_fail "group 0" mkdir "$GROUPS_DIR/port_groups/0"
expect_fail "group 01" mkdir "$GROUPS_DIR/port_groups/01"
expect_fail "a port in two groups" mkdir "$GROUPS_DIR/port_groups/1/ports/7"
expect_match "a port in two groups" "$(dmesg | tail -n 1)" \
	"target port 7: is in another"
mkdir "$SCST/device_groups/other"
defer rmdir "$SCST/device_groups/other"
expect_fail "a device in two groups" mkdir "$SCST/device_groups/other/devices/n0"
expect_fail "a state that is none" state 1 active
expect_eq "state at first" "$(cat "$GROUPS_DIR/port_groups/1/state")" \
	active/optimized

# ---- Two paths -------------------------------------------------------------------

lun_add 0 n0
one=$DISK
sg1=$(disk_path 0 scsi_generic)
echo n0 >"$TWO/groups/all/luns/0/device"
mkdir "$TWO/nexuses/me"
defer rmdir "$TWO/nexuses/me"
HOST=$(cat "$TWO/nexuses/me/host")
wait_for "the second path" 30 disk_there 0
two=$(disk_path 0)
sg2=$(disk_path 0 scsi_generic)
expect_fail "another number while there are initiators" \
	sh -c "echo 8 >$TWO/port_id"

both_quiet
expect_match "INQUIRY" "$(sg_inq "$sg1")" "TPGS=1"
expect_match "first designator" "$(sg_vpd -p di "$sg1")" "Target port group: 0x1"
ids=$(sg_vpd -p di "$sg2")
expect_match "second designator" "$ids" "Target port group: 0x2"
expect_match "relative port" "$ids" "Relative target port: 0x7"
expect_eq "groups" "$(rtpg "$sg1")" "1=active/optimized 2=active/optimized"
expect_eq "extended header" "$(sg_rtpg -e -d "$sg1" | grep -c 'group id')" 2

# ---- Implicit changes --------------------------------------------------------------

state 2 standby
both_quiet
expect_eq "groups" "$(rtpg "$sg1")" "1=active/optimized 2=standby"
expect_sense "standby" "Not Ready" sg_raw "$sg2" 0 0 0 0 0 0
expect_sense "standby" "standby state" sg_raw "$sg2" 0 0 0 0 0 0
dd if=/dev/zero of="$one" bs=4k count=16 oflag=direct status=none
sg_readcap "$sg2" >/dev/null || die "no capacity through a port in standby"
state 2 unavailable
both_quiet
expect_sense "unavailable" "unavailable state" sg_raw "$sg2" 0 0 0 0 0 0
expect_match "unavailable" "$(sg_inq "$sg2")" "PQual=1"
state 2 transitioning
both_quiet
expect_sense "transitioning" "access state transition" \
	sg_raw "$sg2" 0 0 0 0 0 0
echo 1 >"$GROUPS_DIR/port_groups/1/preferred"
both_quiet
expect_match "preferred" "$(sg_rtpg -d "$sg1")" "id : 0x1 , Pref=1"

state 2 active/optimized
both_quiet

# ---- Explicit changes ----------------------------------------------------------------

expect_sense "SET TARGET PORT GROUPS of implicit access" "Invalid opcode" \
	sg_stpg --tp=2 --state=2 "$sg1"
echo 1 >"$GROUPS_DIR/explicit"
both_quiet
expect_match "INQUIRY" "$(sg_inq "$sg1")" "TPGS=3"
sg_stpg --tp=1,2 --state=1,2 "$sg1" || die "cannot set states"
expect_eq "groups" "$(rtpg "$sg1")" "1=active/non-optimized 2=standby"
expect_eq "state" "$(cat "$GROUPS_DIR/port_groups/2/state")" standby
expect_match "who did it" "$(sg_rtpg -d "$sg1")" "SET TARGET PORT GROUPS"
# The kernel's handler, where it is built in, asks whenever it likes, and hears
# what is for us.
if [ -e "/sys/block/${two#/dev/}/device/access_state" ]; then
	quiet "$sg2"
else
	expect_sense "the other hears of it" "state changed" \
		sg_raw "$sg2" 0 0 0 0 0 0
fi
expect_sense "the other" "standby state" sg_raw "$sg2" 0 0 0 0 0 0
# The path in standby makes itself the active one.
sg_stpg --tp=1,2 --state=2,0 "$sg2" ||
	die "cannot set states through a port in standby"
quiet "$sg1"
expect_sense "the first" "standby state" sg_raw "$sg1" 0 0 0 0 0 0
dd if=/dev/zero of="$two" bs=4k count=16 oflag=direct status=none
expect_sense "a group that is not there" "Illegal request" \
	sg_stpg --tp=3 --state=2 "$sg2"
expect_eq "groups" "$(rtpg "$sg2")" "1=standby 2=active/optimized"

# ---- Devices and groups come and go -----------------------------------------------------

state 1 active/optimized
state 2 active/optimized
modprobe scsi_dh_alua || true
device_disable nullio/n0
device_set nullio/n0 enable=1
echo "" >"$LOCAL/groups/all/luns/0/device"
echo n0 >"$LOCAL/groups/all/luns/0/device"
# shellcheck disable=SC2034 # for disk_there
HOST=$(cat "$LOCAL/nexuses/me/host")
wait_for "the device to be back" 30 disk_there 0
sg1=$(disk_path 0 scsi_generic)
quiet "$sg1"
expect_match "still in its group" "$(sg_inq "$sg1")" "TPGS=3"

# What the kernel's handler makes of it, if there is one
one=$(disk_path 0)
if [ -e "/sys/block/${one#/dev/}/device/access_state" ]; then
	for now in active/non-optimized standby active/optimized; do
		state 1 $now
		echo 1 >"/sys/block/${one#/dev/}/device/rescan"
		wait_for "the kernel to believe $now" 60 believes "$one" $now
	done
else
	echo "no handler for it in this kernel"
fi

dgroup_del
quiet "$sg1"
expect_match "no groups" "$(sg_inq "$sg1")" "TPGS=0"
expect_sense "REPORT TARGET PORT GROUPS without groups" "Illegal request" \
	sg_rtpg "$sg1"
