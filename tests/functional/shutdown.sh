#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# SIGTERM finishes what runs and flushes; what was written is there at the
# next start, also when the initiator never flushed.
. "$(dirname "$0")/lib.sh"
requires qemu-io

for io in io_uring aio; do
	start "$DISK" --file-io $io --device name=d,path="$WORK/$io",size=64M
	session s "$URL"
	settle s
	expect s "good" write 0 256 0x61
	# A second initiator is at it while the server is told to stop.
	qemu-io -f raw -c "aio_write -P 0x62 1M 32M" -c "aio_flush" "$URL" \
		>/dev/null 2>&1 &
	SERVERS+=("$!")
	load=$!
	expect s "good" write 256 256 0x63
	stop
	# It reconnects for as long as it lives.
	kill -KILL $load || true
	wait $load || true

	start "$DISK" --file-io $io --device name=d,path="$WORK/$io"
	session t "$URL"
	settle t
	expect t "good" verify 0 256 0x61
	expect t "good" verify 256 256 0x63
	stop
	rm "$WORK"/[st].in "$WORK"/[st].out
done

# The log can be JSON, one object a line; at level debug it has each command.
start "$DISK" --log-format json --log-level debug \
	--device 'name=d,backend=ram,size=1M'
iscsi-inq "$URL" >/dev/null
stop
grep -q 'execute nexus=[0-9]* lun=0 .*cdb=12 ' "$LOG" ||
	die "INQUIRY is not in the log"
grep -q 'respond nexus=[0-9]* lun=0 .*op=0x12 status=0 ' "$LOG" ||
	die "the answer to INQUIRY is not in the log"
while read -r line; do
	case $line in
	'{"time":"'*'"}') ;;
	*) die "not JSON: $line" ;;
	esac
done <"$LOG"
