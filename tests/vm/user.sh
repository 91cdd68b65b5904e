# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# Sourced by cases behind vdisk.sh: devices of scst_user, and the handler of
# tests/vm/tools/user_disk.c for them.

user_begin() {
	vdisk_begin
	load_modules scst_user
	HANDLER=$WORK/user_disk
	cp "$VM_TOOLS/user_disk" "$HANDLER"
}

# handler_start NAME FILE OPTION...: sets PID once it is attached
handler_start() {
	local out=$WORK/$1.out

	rm -f "$out"
	"$HANDLER" "$@" >"$out" 2>&1 &
	PID=$!
	wait_for "the handler of $1" 60 handler_there "$PID" "$out"
}

handler_there() {
	local alive

	[ -d "/proc/$1" ] && alive=1 || alive=
	! grep -qs ready "$2" || return 0
	[ -n "$alive" ] || die "the handler ended: $(cat "$2")"
	return 1
}

# handler_stop PID [SIGNAL]
handler_stop() {
	kill "-${2:-TERM}" "$1" 2>/dev/null || return 0
	wait "$1" 2>/dev/null || true
}

# handler_is NAME STATUS
handler_is() {
	[ "$(device_get "user/$1" handler)" = "$2" ]
}
