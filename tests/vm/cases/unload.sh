#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# vm: smp=2 timeout=240
# Everything is taken away under load, in every order, and the modules go.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../vdisk.sh"

load_begin() {
	fio --name=load --filename="$1" --direct=1 --ioengine=libaio \
		--rw=randrw --bs=4k --iodepth=32 --time_based --runtime=600 \
		>"$WORK/fio" 2>&1 &
	FIO=$!
	wait_for "load" 60 busy "${1#/dev/}"
}

# Enough commands for all states of one to be met
busy() {
	[ "$(awk '{ print $1 + $5 }' "/sys/block/$1/stat")" -gt 200 ]
}

# Nothing can be written to what is gone: fio ends by an error.
load_end() {
	local status=0

	wait "$FIO" || status=$?
	[ $status -ne 0 ] || die "fio had no error"
}

# What scst_local's directory does not hold any more
take_lun() {
	rmdir "$LOCAL/groups/all/luns/0"
}

take_device() {
	echo 0 >"$SCST/devices/nullio/n0/enable"
}

take_nexus() {
	rmdir "$LOCAL/nexuses/me"
}

take_pattern() {
	rmdir "$LOCAL/groups/all/initiators/*"
}

# run WHAT: takes that away first, then the rest
run() {
	echo "== $1"
	load_modules scst scst_vdisk scst_local
	modprobe sd_mod
	mkdir "$LOCAL" "$LOCAL/groups/all" "$LOCAL/groups/all/initiators/*" \
		"$LOCAL/nexuses/me" "$LOCAL/groups/all/luns/0" \
		"$SCST/devices/nullio/n0"
	HOST=$(cat "$LOCAL/nexuses/me/host")
	device_set nullio/n0 size=64M enable=1
	echo n0 >"$LOCAL/groups/all/luns/0/device"
	wait_for "LUN 0" 30 disk_there 0
	load_begin "$(disk_path 0)"
	for module in scst_local scst_vdisk scst; do
		expect_fail "rmmod $module in use" rmmod $module
	done
	"take_$1"
	load_end
	for dir in "$LOCAL"/{nexuses/me,groups/all/luns/0} \
		"$LOCAL/groups/all/initiators/*" "$LOCAL"{/groups/all,} \
		"$SCST/devices/nullio/n0"; do
		[ ! -e "$dir" ] || rmdir "$dir"
	done
	unload_modules
}

for what in lun device nexus pattern; do
	run $what
done
