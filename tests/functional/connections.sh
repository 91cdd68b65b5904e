#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Sessions of several connections, which come in on different loops.
. "$(dirname "$0")/lib.sh"
requires python3

start "$DISK" --loops 3 --device name=d0,backend=ram,size=8M
python3 "$SOURCE/tests/functional/connections.py" "$PORTAL" "$TARGET" ||
	die "see above"
stop
