# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# Sourced by cases behind lib.sh: devices of scst_vdisk, seen through
# scst_local as disks of this machine.

SCST=/sys/kernel/config/scst
LOCAL=$SCST/targets/scst_local/test

# One target that shows everybody its LUNs.
vdisk_begin() {
	load_modules scst scst_vdisk scst_local
	modprobe sd_mod
	modprobe sg
	mkdir "$LOCAL" "$LOCAL/groups/all" "$LOCAL/groups/all/initiators/*"
	defer rmdir "$LOCAL"
	defer rmdir "$LOCAL/groups/all"
	defer rmdir "$LOCAL/groups/all/initiators/*"
	mkdir "$LOCAL/nexuses/me"
	defer rmdir "$LOCAL/nexuses/me"
	HOST=$(cat "$LOCAL/nexuses/me/host")
}

# device_set HANDLER/NAME ATTRIBUTE=VALUE...
device_set() {
	local device=$1 setting

	shift
	for setting in "$@"; do
		echo "${setting#*=}" >"$SCST/devices/$device/${setting%%=*}" ||
			return
	done
}

# device_get HANDLER/NAME ATTRIBUTE
device_get() {
	cat "$SCST/devices/$1/$2"
}

device_add() {
	mkdir "$SCST/devices/$1"
	defer device_del "$1"
	device_set "$@"
}

device_del() {
	[ ! -e "$SCST/devices/$1" ] || rmdir "$SCST/devices/$1"
}

# Its file may be unmounted then: to be deferred behind the mount
device_disable() {
	[ -e "$SCST/devices/$1" ] || return 0
	device_set "$1" enable=0
	wait_for "$1 to close" 30 device_is "$1" disabled
}

device_is() {
	[ "$(device_get "$1" state)" = "$2" ]
}

# The file of LUN $1's disk, or of its generic device
disk_path() {
	local dir=/sys/class/scsi_device/$HOST:0:0:$1/device/${2:-block}

	[ -d "$dir" ] || return
	for dir in "$dir"/*; do
		[ ! -e "/dev/${dir##*/}" ] || echo "/dev/${dir##*/}"
	done
}

disk_there() {
	[ -n "$(disk_path "$1")" ]
}

# lun_add NR NAME: sets DISK
lun_add() {
	local dir=$LOCAL/groups/all/luns/$1

	mkdir "$dir"
	defer lun_del "$1"
	echo "$2" >"$dir/device"
	wait_for "LUN $1" 30 disk_there "$1"
	# shellcheck disable=SC2034 # the caller's
	DISK=$(disk_path "$1")
}

lun_del() {
	[ ! -e "$LOCAL/groups/all/luns/$1" ] ||
		rmdir "$LOCAL/groups/all/luns/$1"
}

# The patterns of all blocks are written in random order and read again.
verify_disk() {
	local disk=$1

	shift
	fio --name=verify --filename="$disk" --direct=1 --ioengine=libaio \
		--rw=randwrite --verify=crc32c --do_verify=1 \
		--verify_fatal=1 --iodepth=16 --randseed=7 --minimal "$@" \
		>"$WORK/fio" 2>&1 || {
		cat "$WORK/fio"
		die "fio on $disk"
	}
}

# What the initiator says of a command that fails, in words of sg_raw
expect_sense() {
	local what=$1 sense=$2

	shift 2
	"$@" >"$WORK/sense" 2>&1 || true
	expect_match "$what" "$(cat "$WORK/sense")" "$sense"
}

# expect_complaint WHAT DEVICE REGEX: enabling it fails, and the log says why
expect_complaint() {
	expect_fail "$1" device_set "$2" enable=1
	expect_match "$1" "$(dmesg | tail -n 2)" "device ${2#*/}: $3"
}

[ -z "${USER_DISKS:-}" ] || . "$VM_TESTS/user_disks.sh"
