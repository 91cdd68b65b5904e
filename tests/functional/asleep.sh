#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# A server that was stopped, or whose machine slept, does not blame initiators
# for its own silence: their answers are there, it has not read them.
. "$(dirname "$0")/lib.sh"
requires python3

start "$DISK" --nop-interval 1 --nop-timeout 1 \
	--device name=d,backend=ram,size=1M
# Longer than the time for an answer, and than it may be late by itself.
python3 "$SOURCE/tests/functional/asleep.py" "$PORTAL" "$TARGET" "$PID" 3 ||
	die "see above"
stop
