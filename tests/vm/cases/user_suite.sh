#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# vm: handlers long own-boot smp=2 mem=1536 timeout=1500
# What holds for the disks of scst_vdisk holds for those that scst-disk serves:
# the same cases, with its disks in their place.
. "$(dirname "$0")/../lib.sh"

export USER_DISKS=1
failed=
for name in vpd sg_describe sg_zeroes sg_reset sg_xcopy reserve reservations \
	local_load filesystems fio_verify; do
	echo "== $name"
	bash "$VM_TESTS/cases/$name.sh" || failed+=" $name"
done
[ -z "$failed" ] || die "with disks of scst_user:$failed"
