# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# Sourced by cases behind user.sh: devices of scst_user that the library's
# handlers serve.

# shellcheck disable=SC2034 # the cases'
SCST_DISK=$VM_HANDLERS/handlers/disk/scst-disk

# serve NAME PROGRAM OPTION...: sets PID once the device is served
serve() {
	local name=$1 out=$WORK/$1.out

	shift
	rm -f "$out"
	"$@" --engine scst >"$out" 2>&1 &
	PID=$!
	wait_for "$name to be served" 60 served "$PID" "$out" "$name"
}

served() {
	[ -d "/proc/$1" ] || die "the handler ended: $(cat "$2")"
	grep -sqx "ready scst $3" "$2"
}

# serve_stop [SIGNAL]: it ends well
# shellcheck disable=SC2120
serve_stop() {
	kill "-${1:-TERM}" "$PID"
	serve_ended 0
}

# serve_ended STATUS
serve_ended() {
	local status=0

	wait "$PID" || status=$?
	expect_eq "the handler's end" $status "$1"
}

# expect_refusal WHAT REGEX PROGRAM OPTION...: in one line, with status 2
expect_refusal() {
	local what=$1 regex=$2 status=0

	shift 2
	"$@" >"$WORK/refusal" 2>&1 || status=$?
	expect_eq "$what" $status 2
	expect_eq "$what" "$(wc -l <"$WORK/refusal")" 1
	expect_match "$what" "$(cat "$WORK/refusal")" "$regex"
}
