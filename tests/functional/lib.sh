# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# Sourced by the functional tests: a directory of one's own, servers that are
# stopped at the end, sessions to talk to.
#
# SCST_BUILD is the build directory. A test ends with 0; 77 when it cannot
# run here, with the reason; anything else is a failure.
set -euo pipefail

: "${SCST_BUILD:?the build directory}"
SOURCE=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
DISK=$SCST_BUILD/handlers/disk/scst-disk
INITIATOR=$SCST_BUILD/tests/initiator
WORK=$(mktemp -d)
export SOURCE DISK INITIATOR WORK

SERVERS=()

cleanup() {
	local status=$? pid

	for pid in "${SERVERS[@]}"; do
		{ kill -KILL "$pid" && wait "$pid"; } 2>/dev/null || true
	done
	if [ "$status" -ne 0 ] && [ "$status" -ne 77 ]; then
		for log in "$WORK"/*.log; do
			[ -e "$log" ] || continue
			echo "--- $(basename "$log")"
			tail -n 40 "$log"
		done >&2
	fi
	rm -rf "$WORK"
	exit "$status"
}
trap cleanup EXIT
trap 'echo "$0: failed at line $LINENO: $BASH_COMMAND" >&2' ERR

die() {
	echo "$(basename "$0"): $*" >&2
	exit 1
}

skip() {
	echo "$(basename "$0"): skipped: $*" >&2
	exit 77
}

requires() {
	local tool

	for tool in "$@"; do
		command -v "$tool" >/dev/null || skip "$tool is not installed"
	done
}

# start PROGRAM ARGS...: serve on a free port; sets PID, URLS, URL (the first
# LUN), PORTAL and TARGET. Waits for the ready lines of all its devices.
start() {
	local program=$1 luns=0 arg line fifo log

	shift
	fifo=$WORK/ready.${#SERVERS[@]}
	log=$WORK/server.${#SERVERS[@]}.log
	mkfifo "$fifo"
	"$program" --listen "${LISTEN:-127.0.0.1:0}" "$@" >"$fifo" 2>"$log" &
	PID=$!
	SERVERS+=("$PID")
	LOG=$log
	for arg in "$@"; do
		[ "$arg" = --device ] && luns=$((luns + 1))
	done
	luns=${LUNS:-$luns}
	URLS=()
	exec 9<"$fifo"
	while [ ${#URLS[@]} -lt "$luns" ]; do
		read -r -u 9 -t "${START_TIMEOUT:-60}" line ||
			die "the server did not start: $(tail -n 3 "$log")"
		[ "${line%% *}" = ready ] || die "unexpected output: $line"
		URLS+=("${line#ready }")
	done
	URL=${URLS[0]}
	PORTAL=${URL#iscsi://}
	PORTAL=${PORTAL%%/*}
	TARGET=${URL#iscsi://*/}
	TARGET=${TARGET%/*}
	export PID URL URLS PORTAL TARGET LOG
}

# stop: SIGTERM to the last server, which must end with status 0.
stop() {
	local status=0

	kill -TERM "$PID"
	wait "$PID" || status=$?
	[ "$status" -eq 0 ] || die "the server ended with status $status"
}

# session NAME ARGS... URL: open one; then "ask NAME COMMAND" prints the answer
session() {
	local name=$1 answer

	shift
	mkfifo "$WORK/$name.in" "$WORK/$name.out"
	"$INITIATOR" "$@" <"$WORK/$name.in" >"$WORK/$name.out" 2>"$WORK/$name.log" &
	SERVERS+=("$!")
	eval "exec {${name}_in}>\"$WORK/$name.in\" {${name}_out}<\"$WORK/$name.out\""
	answer=$(read_answer "$name")
	[ "$answer" = ready ] || die "session $name: $answer"
}

read_answer() {
	local out=${1}_out line

	read -r -t 60 -u "${!out}" line || line="error no answer"
	echo "$line"
}

ask() {
	local name=$1 in=${1}_in

	shift
	echo "$*" >&"${!in}"
	read_answer "$name"
}

# expect NAME ANSWER COMMAND...
expect() {
	local name=$1 want=$2 got

	shift 2
	got=$(ask "$name" "$@")
	[ "$got" = "$want" ] || die "$name: '$*' answered '$got', not '$want'"
}

# Unit attentions of a new nexus are out of the way after this.
settle() {
	local name=$1 answer

	while answer=$(ask "$name" cdb 000000000000); do
		case $answer in
		check\ 6/*) ;;
		*) break ;;
		esac
	done
}
