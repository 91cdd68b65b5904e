#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# vm: sanitize=only own-boot smp=2 timeout=400
# Memory runs out: at each allocation of each step of a configuration, and at
# random under load. What fails says so and leaves nothing behind, data is what
# it should be, and once there is memory again all is well.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../vdisk.sh"

FAIL=/sys/kernel/debug/failslab
ALL=$LOCAL/groups/all

[ -e $FAIL ] || skip "this kernel has no failslab; the sanitizer kernel does"
# The kernel would tell of each failure, in words that those of bugs have, too.
for dir in /sys/kernel/debug/fail*; do
	[ ! -e "$dir/verbose" ] || echo 0 >"$dir/verbose"
done
cp "$VM_TOOLS/failnth" "$WORK/failnth"

# ---- Each allocation of a step --------------------------------------------------

# exhaust UNDO OPERATION ARGUMENT...: failnth's operation, of which the first
# allocation fails (or that of number FIRST), the second, and so on, until it
# needs no more. It may also fail with the words ALSO.
exhaust() {
	local undo=$1 n status failures=0

	shift
	for ((n = ${FIRST:-1}; ; n++)); do
		status=0
		"$WORK/failnth" "$n" "$@" >"$WORK/failnth.out" \
			2>"$WORK/failnth.err" || status=$?
		case $status in
		0) break ;;
		10) eval "$undo" ;;
		11) failures=$((failures + 1)) ;;
		*)
			grep -q ": ${ALSO:-no others}\$" "$WORK/failnth.err" ||
				die "allocation $n of $*: $(cat "$WORK/failnth.err")"
			failures=$((failures + 1))
			;;
		esac
	done
	echo "$*: failed $failures times at $((n - 1)) allocations"
	total=$((total + failures))
}

disable() {
	echo 0 >"$SCST/devices/$1/enable"
	wait_for "$1 to close" 30 device_is "$1" disabled
}

# The module's own allocations are the last: the many before are the loader's.
exhaust_modules() {
	local module count

	for module in scst scst_vdisk scst_local; do
		count=$("$WORK/failnth" 1000000 insmod \
			"$VM_MODULES/$module.ko")
		rmmod $module
		FIRST=$((count > 50 ? count - 50 : 1)) exhaust \
			"rmmod $module" insmod "$VM_MODULES/$module.ko"
		LOADED+=("$module")
	done
}

exhaust_devices() {
	local device

	for device in nullio/n0 fileio/f0 blockio/b0 cdrom/c0; do
		exhaust "rmdir $SCST/devices/$device" \
			mkdir "$SCST/devices/$device"
		defer device_del "$device"
	done
	exhaust : write "$SCST/devices/fileio/f0/path" "$WORK/f0"
	device_set fileio/f0 size=16M
	device_set blockio/b0 path="$LOOP"
	device_set cdrom/c0 path="$WORK/disc"
	for device in nullio/n0 fileio/f0 blockio/b0 cdrom/c0; do
		exhaust "disable $device" \
			write "$SCST/devices/$device/enable" 1
	done
}

# The nexus is there when units are mapped: it has tables of its own.
exhaust_target() {
	local dir nr=0 name

	for dir in "$LOCAL" "$ALL" "$ALL/initiators/*"; do
		exhaust "rmdir '$dir'" mkdir "$dir"
		defer rmdir "$dir"
	done
	mkdir "$LOCAL/nexuses/me"
	defer rmdir "$LOCAL/nexuses/me"
	HOST=$(cat "$LOCAL/nexuses/me/host")
	# The midlayer ignores that a host got no name, until it adds it.
	ALSO="Invalid argument" exhaust "rmdir $LOCAL/nexuses/other" \
		mkdir "$LOCAL/nexuses/other"
	defer rmdir "$LOCAL/nexuses/other"
	for name in f0 b0 n0; do
		exhaust "rmdir $ALL/luns/$nr" mkdir "$ALL/luns/$nr"
		defer rmdir "$ALL/luns/$nr"
		exhaust "echo >$ALL/luns/$nr/device" \
			write "$ALL/luns/$nr/device" $name
		wait_for "LUN $nr" 30 disk_there $nr
		nr=$((nr + 1))
	done
}

# plain DISK CDB [LENGTH [DATA]]: nothing fails
plain() {
	"$WORK/failnth" 1000000 scsi "$@" >"$WORK/failnth.out" \
		2>"$WORK/failnth.err" ||
		die "$*: $(cat "$WORK/failnth.err")"
}

parameter_lists() {
	head -c 512 /dev/urandom >"$WORK/block"
	# UNMAP: blocks 0 to 7
	printf '\0\26\0\20\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\10\0\0\0\0' \
		>"$WORK/unmap"
	# PERSISTENT RESERVE OUT: key 1, key 0
	{
		head -c 15 /dev/zero
		printf '\1'
		head -c 8 /dev/zero
	} >"$WORK/register"
	head -c 24 /dev/zero >"$WORK/unregister"
	# MODE SELECT (10): the caching page with WCE, without
	for wce in 4 0; do
		head -c 8 /dev/zero
		printf '\10\22%b' "\\0$wce"
		head -c 17 /dev/zero
	done >"$WORK/mode"
	head -c 28 "$WORK/mode" >"$WORK/cached"
	tail -c 28 "$WORK/mode" >"$WORK/through"
}

exhaust_commands() {
	local disk register=5f060000000000001800 mode=55100000000000001c00

	parameter_lists
	plain "$(disk_path 0)" 42000000000000001800 24 "$WORK/unmap"
	for disk in "$(disk_path 0)" "$(disk_path 1)"; do
		plain "$disk" $mode 28 "$WORK/cached"
		exhaust : scsi "$disk" 28000000000000040000 524288
		exhaust : scsi "$disk" 2a000000000000080000 1048576 \
			/dev/urandom
		exhaust : scsi "$disk" 41000000000000100000 512 "$WORK/block"
		exhaust : scsi "$disk" 93010000000000000000000010000000
		exhaust : scsi "$disk" 35000000000000000000
		exhaust "plain $disk $register 24 $WORK/unregister" \
			scsi "$disk" $register 24 "$WORK/register"
		exhaust "plain $disk $register 24 $WORK/register" \
			scsi "$disk" $register 24 "$WORK/unregister"
		exhaust "plain $disk $mode 28 $WORK/cached" \
			scsi "$disk" $mode 28 "$WORK/through"
	done
	exhaust : scsi "$(disk_path 0)" 42000000000000001800 24 "$WORK/unmap"
}

# ---- At random, under load ------------------------------------------------------

# fail_start PERCENT SLEEPERS: of kmalloc()'s, by the tasks that are marked; what
# may wait for memory fails, too, if SLEEPERS is Y
fail_start() {
	local pid

	echo Y >$FAIL/cache-filter
	echo Y >$FAIL/task-filter
	if [ "$2" = Y ]; then
		echo N >$FAIL/ignore-gfp-wait
	else
		echo Y >$FAIL/ignore-gfp-wait
	fi
	# Workers, and those that are started meanwhile
	for pid in $(pgrep kworker) 2; do
		echo 1 >"/proc/$pid/make-it-fail" 2>/dev/null || true
	done
	echo -1 >$FAIL/times
	echo "$1" >$FAIL/probability
}

fail_stop() {
	echo 0 >$FAIL/probability
}

# with_failures COMMAND...: it is marked, too
with_failures() {
	bash -c 'echo 1 >/proc/self/make-it-fail && exec "$@"' - "$@"
}

verify() {
	for disk in "$(disk_path 0)" "$(disk_path 1)"; do
		"$@" fio --name=verify --filename="$disk" --direct=1 \
			--ioengine=libaio --rw=randwrite --verify=crc32c \
			--do_verify=1 --verify_fatal=1 --iodepth=16 \
			--bsrange=4k-1m --ba=4k --size=4M --minimal \
			>"$WORK/fio" 2>&1 || die "fio: $(cat "$WORK/fio")"
	done
}

# try COMMAND...: it may fail, but not hang
try() {
	with_failures "$@" >/dev/null 2>&1 || true
}

others() {
	local a b i

	a=$(disk_path 0 scsi_generic)
	b=$(disk_path 1 scsi_generic)
	for ((i = 0; i < 10; i++)); do
		try sg_xcopy if="$a" of="$b" bs=512 count=256
		try sg_persist --out --register-ignore --param-sark=$i "$a"
		try sg_write_same --16 --lba=$i --num=100 --ff "$b"
		try sg_reset -N --device "$(disk_path 0)"
		try sg_vpd "$b"
	done
}

# Units and nexuses that come and go, while what cannot wait has no memory. The
# midlayer's scans, which can, would not survive that themselves.
units() {
	local i

	for ((i = 0; i < 10; i++)); do
		echo >"$ALL/luns/2/device"
		echo n0 >"$ALL/luns/2/device"
		rmdir "$LOCAL/nexuses/other"
		mkdir "$LOCAL/nexuses/other"
	done
}

# Devices, while nothing has
devices() {
	local i

	for ((i = 0; i < 30; i++)); do
		echo 0 >"$SCST/devices/cdrom/c0/enable"
		echo 1 >"$SCST/devices/cdrom/c0/enable" || true
	done 2>/dev/null
}

# ---- All ------------------------------------------------------------------------

modprobe -a sd_mod sg loop
truncate -s 16M "$WORK/image"
dd if=/dev/urandom of="$WORK/disc" bs=2048 count=100 status=none
LOOP=$(losetup -f --show "$WORK/image")
defer losetup -d "$LOOP"
defer fail_stop
total=0

echo N >$FAIL/ignore-gfp-wait
exhaust_modules
exhaust_devices
exhaust_target
exhaust_commands
[ $total -gt 100 ] || die "only $total failures"
verify env

fail_start 10 N
verify with_failures
others
units
fail_stop
echo >"$ALL/luns/2/device"
echo n0 >"$ALL/luns/2/device"
wait_for "LUN 2" 60 disk_there 2
# It was reset, and says so once.
sg_turs "$(disk_path 0)" >/dev/null 2>&1 || true
sg_persist --out --register-ignore --param-sark=0 "$(disk_path 0)" >/dev/null
verify env

fail_start 10 Y
devices
fail_stop
verify env
