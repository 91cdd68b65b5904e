#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# vm: long own-boot icount mem=2048 timeout=9600 sanitize=no
# Not a test but a measurement: our NULLIO and FILEIO through scst_local beside
# LIO's rd_mcp nullio and fileio through tcm_loop, in rounds that alternate.
# Medians, and ours to LIO's: of an emulated machine, by its instructions.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../vdisk.sh"
. "$(dirname "$0")/../lio.sh"

SIZE=$((256 << 20))

files_begin
vdisk_begin
device_add nullio/null size=$SIZE enable=1
device_add fileio/file path="$FILES/ours" size=$SIZE enable=1
defer device_disable fileio/file
lun_add 0 null
MEASURED[our_null]=$DISK
lun_add 1 file
MEASURED[our_file]=$DISK

modprobe target_core_file
lio_begin
lio_lun 0 rd_mcp_1/null rd_pages=$((SIZE / 4096)) rd_nullio=1
MEASURED[lio_null]=$DISK
truncate -s $SIZE "$FILES/lio"
lio_lun 1 fileio_1/file fd_dev_name="$FILES/lio" fd_dev_size=$SIZE \
	fd_buffered_io=1
MEASURED[lio_file]=$DISK

for file in our_file lio_file; do
	dd if=/dev/zero of="${MEASURED[$file]}" bs=1M count=256 oflag=direct \
		status=none
done
for load in "${LOADS[@]}"; do
	rounds "$load" our_null lio_null our_file lio_file
	ratio "$load" our_null lio_null
	ratio "$load" our_file lio_file
done
