#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# vm: handlers smp=2 mem=1536 timeout=300
# The initiator of the kernel, open-iscsi, and scst-disk with its own engine:
# discovery, login with digests and without, verified I/O during which the server
# is killed and comes back, logout.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../vdisk.sh"
. "$(dirname "$0")/../handlers.sh"

command -v iscsid >/dev/null || skip "not installed: apt-get install open-iscsi"
modprobe -a sd_mod iscsi_tcp

start() {
	"$SCST_DISK" --listen 127.0.0.1:3260 --target iqn.2026-11.org.example:vm \
		--device "name=d0,path=$WORK/disk0,size=64M" \
		--device "name=d1,path=$WORK/disk1,size=64M" \
		>"$WORK/ready" 2>>"$WORK/server" &
	PID=$!
	wait_for "the server" 60 grep -q "/1$" "$WORK/ready"
}

admin() {
	iscsiadm "$@" >"$WORK/admin" 2>&1 || die "iscsiadm $*: $(cat "$WORK/admin")"
}

# disk LUN: sets DISK
disk() {
	local block

	block=$(echo /sys/class/iscsi_session/session*/device/target*/*:"$1"/block/*)
	DISK=/dev/${block##*/}
	[ -b "$DISK" ]
}

there() {
	disk 0 && disk 1
}

gone() {
	! compgen -G "/sys/class/iscsi_session/*" >/dev/null
}

login() {
	admin -m node --op update -n "node.conn[0].iscsi.HeaderDigest" -v "$1"
	admin -m node --op update -n "node.conn[0].iscsi.DataDigest" -v "$1"
	admin -m node --login
	wait_for "the disks" 60 there
}

logout() {
	admin -m node --logout
	wait_for "the disks to go" 60 gone
}

mkdir -p /etc/iscsi /run/lock/iscsi
echo "InitiatorName=iqn.2026-11.org.example:guest" \
	>/etc/iscsi/initiatorname.iscsi
# When it ends it ends its process group.
setsid iscsid -f >"$WORK/iscsid" 2>&1 &
defer kill $!
start
admin -m discovery -t sendtargets -p 127.0.0.1
expect_match "discovery" "$(cat "$WORK/admin")" \
	"^127.0.0.1:3260,1 iqn.2026-11.org.example:vm$"

for digest in CRC32C None; do
	echo "== digests: $digest"
	login $digest
	for lun in 0 1; do
		disk $lun
		verify_disk "$DISK" --bs=64k --size=16M --iodepth=32
	done
	logout
done

echo "== the server is killed"
login None
disk 0
fio --name=killed --filename="$DISK" --direct=1 --ioengine=libaio \
	--rw=randwrite --bsrange=4k-64k --ba=4k --iodepth=32 --size=64M \
	--verify=crc32c --verify_fatal=1 --verify_backlog=64 --loops=4 \
	--minimal >"$WORK/fio" 2>&1 &
FIO=$!
for _ in 1 2 3; do
	sleep 1
	kill -KILL "$PID"
	wait "$PID" || true
	start
done
wait $FIO || die "fio: $(cat "$WORK/fio")"

echo "== the job file of the bench"
env RW=randrw SIZE=4k DEPTH=32 SECONDS=1s URI="$DISK" \
	fio "$VM_TESTS/../bench/fio/device.fio" >"$WORK/fio" 2>&1 ||
	die "device.fio: $(cat "$WORK/fio")"

echo "== logout"
logout
kill "$PID"
serve_ended 0
