#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Handlers that misbehave (misbehave.c): completing twice ends the server, as
# the manual says; a request that is never completed, or late, or an operation
# that blocks, concerns its own LUN and its own initiator only.
. "$(dirname "$0")/lib.sh"
requires python3

HANDLER=$SCST_BUILD/tests/misbehave

# serve MODEL MODE: LUN 0 good, LUN 1 as MODE
serve() {
	cat >"$WORK/handler" <<-END
	#!/bin/bash
	exec "$HANDLER" $1 "\$@"
	END
	chmod +x "$WORK/handler"
	start "$WORK/handler" --loops 1 --login-timeout 2 \
		--shutdown-timeout 1 --device name=good \
		--device "name=bad,mode=$2,gate=$WORK/gate"
}

meet() {
	python3 "$SOURCE/tests/functional/misbehave.py" "$PORTAL" "$TARGET" \
		"$PID" "$1" "$WORK/gate" || die "$1: see above"
}

# ends STATUS TEXT: the server, with that in its log
ends() {
	local status=0

	wait "$PID" 2>/dev/null || status=$?
	[ "$status" -eq "$1" ] || die "status $status, not $1"
	grep -q "$2" "$LOG" || die "no word of '$2'"
}

mkfifo "$WORK/gate"

# Noticed for sure where the completion is a call away: on the loop itself.
ulimit -c 0
serve queue twice
meet twice
ends 134 "completed a request twice"

for model in serial queue parallel; do
	serve $model never
	meet never
	kill -TERM "$PID"
	ends 1 "bad does not finish its commands"

	serve $model late
	meet late
	stop
done

# A QUEUE handler must not block; the others may.
for model in serial parallel; do
	serve $model block
	meet block
	stop
done
