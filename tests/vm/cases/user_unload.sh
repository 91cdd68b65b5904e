#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# vm: smp=2 timeout=120
# The module goes under a process that calls it all the time: the calls fail
# then, and nothing else happens.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../vdisk.sh"
. "$(dirname "$0")/../user.sh"

user_begin
cp "$VM_TOOLS/user_calls" "$WORK/user_calls"
for i in 1 2 3 4 5; do
	loaded scst_user || insmod "$VM_MODULES/scst_user.ko"
	"$WORK/user_calls" >"$WORK/calls" 2>&1 &
	caller=$!
	wait_for "the caller" 30 grep -q ready "$WORK/calls"
	rmmod scst_user
	status=0
	wait $caller || status=$?
	[ $status -eq 0 ] || die "$i: $(cat "$WORK/calls")"
done
