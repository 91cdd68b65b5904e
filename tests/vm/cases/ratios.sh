#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# vm: long own-boot icount mem=2048 timeout=2400 sanitize=no
# Not a test but a measurement: our NULLIO and FILEIO through scst_local beside
# LIO's rd_mcp nullio and fileio through tcm_loop, in rounds that alternate.
# Medians, and ours to LIO's: of an emulated machine, by its instructions.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../vdisk.sh"

ROUNDS=${ROUNDS:-3}
SECONDS_EACH=${SECONDS_EACH:-1}
SIZE=$((256 << 20))
LIO=/sys/kernel/config/target
LOOP=$LIO/loopback/naa.6001405000000001

FILES=$WORK/files
mkdir "$FILES"
mount -t tmpfs none "$FILES"
defer umount "$FILES"

# ---- Ours -------------------------------------------------------------------

vdisk_begin
device_add nullio/null size=$SIZE enable=1
device_add fileio/file path="$FILES/ours" size=$SIZE enable=1
defer device_disable fileio/file
lun_add 0 null
# shellcheck disable=SC2034 # by its name
OURS_NULL=$DISK
lun_add 1 file
OURS_FILE=$DISK

# ---- LIO's ------------------------------------------------------------------

disks() {
	find /sys/block -name 'sd*' -printf '%f\n' | sort
}

new_disk() {
	DISK=$(comm -13 <(echo "$1") <(disks))
	[ -n "$DISK" ] && [ -b "/dev/$DISK" ]
}

# lio_lun NR HBA/NAME CONTROL...: sets DISK
lio_lun() {
	local nr=$1 store=$LIO/core/$2 word before

	shift 2
	mkdir -p "$store"
	for word in "$@"; do
		echo "$word" >"$store/control"
	done
	echo 1 >"$store/enable"
	before=$(disks)
	mkdir "$LOOP/tpgt_1/lun/lun_$nr"
	ln -s "$store" "$LOOP/tpgt_1/lun/lun_$nr/port"
	wait_for "LIO's LUN $nr" 30 new_disk "$before"
	DISK=/dev/$DISK
}

lio_end() {
	local lun

	for lun in "$LOOP"/tpgt_1/lun/lun_[0-9]*; do
		rm "$lun/port"
		rmdir "$lun"
	done
	echo NULL >"$LOOP/tpgt_1/nexus"
	rmdir "$LOOP/tpgt_1" "$LOOP" "$LIO/loopback"
	rmdir "$LIO"/core/*/null "$LIO"/core/*/file
	rmdir "$LIO/core/rd_mcp_1" "$LIO/core/fileio_1"
	modprobe -r tcm_loop
}

modprobe -a target_core_mod target_core_file tcm_loop
mkdir -p "$LOOP/tpgt_1"
defer lio_end
echo naa.6001405000000002 >"$LOOP/tpgt_1/nexus"
lio_lun 0 rd_mcp_1/null rd_pages=$((SIZE / 4096)) rd_nullio=1
# shellcheck disable=SC2034
LIO_NULL=$DISK
truncate -s $SIZE "$FILES/lio"
lio_lun 1 fileio_1/file fd_dev_name="$FILES/lio" fd_dev_size=$SIZE \
	fd_buffered_io=1
LIO_FILE=$DISK

# ---- Rounds -----------------------------------------------------------------

# measure DISK RW BS DEPTH: IOPS
measure() {
	fio --name=m --filename="$1" --direct=1 --ioengine=libaio --rw="$2" \
		--bs="$3" --iodepth="$4" --runtime="$SECONDS_EACH" \
		--time_based --ramp_time=1 --group_reporting \
		--output-format=terse --terse-version=3 |
		awk -F ';' -v rw="$2" '{ print rw ~ /write/ ? $49 : $8 }'
}

median() {
	sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
}

for file in "$OURS_FILE" "$LIO_FILE"; do
	dd if=/dev/zero of="$file" bs=1M count=256 oflag=direct status=none
done
for load in "randread 4k 16" "randwrite 4k 16" "read 128k 4" "write 128k 4"; do
	for _ in $(seq "$ROUNDS"); do
		for disk in OURS_NULL LIO_NULL OURS_FILE LIO_FILE; do
			# shellcheck disable=SC2086
			measure "${!disk}" $load >>"$WORK/$disk.${load// /-}"
		done
	done
	for kind in NULL FILE; do
		ours=$(median <"$WORK/OURS_$kind.${load// /-}")
		lio=$(median <"$WORK/LIO_$kind.${load// /-}")
		echo "ratio ${load} ${kind,,}: ours $ours lio $lio" \
			"$(awk "BEGIN { printf \"%.2f\", $ours / $lio }")" \
			"($(sort -n "$WORK/OURS_$kind.${load// /-}" | tr '\n' ' ')" \
			"/ $(sort -n "$WORK/LIO_$kind.${load// /-}" | tr '\n' ' '))"
	done
done
