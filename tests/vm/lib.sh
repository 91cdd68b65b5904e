# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# Sourced by the cases, in the guest: modules, waiting, checks.
#
# A case ends with 0; 77 when it cannot run here, with the reason; anything
# else is a failure. What it defers is done at its end, in any case; that no
# module stays behind is for guest/cases.sh to check.
set -eEuo pipefail

: "${VM_TESTS:?to be run in a guest, by tests/vm/run.sh}"
: "${VM_MODULES:?directory of the modules}"
CASE=$(basename "$0" .sh)
WORK=$(mktemp -d)
DEFERRED=()
LOADED=()

cleanup() {
	local status=$? i

	trap - ERR
	set +e
	for ((i = ${#DEFERRED[@]} - 1; i >= 0; i--)); do
		eval "${DEFERRED[i]}" || echo "$CASE: failed: ${DEFERRED[i]}"
	done
	unload_modules || status=1
	rm -rf "$WORK"
	exit "$status"
}
trap cleanup EXIT
trap 'echo "$CASE: failed at line $LINENO: $BASH_COMMAND"' ERR

die() {
	echo "$CASE: $*"
	exit 1
}

skip() {
	echo "$*"
	exit 77
}

# defer COMMAND...: at the end of the case, the last first
defer() {
	DEFERRED+=("$(printf '%q ' "$@")")
}

# ---- Modules --------------------------------------------------------------

loaded() {
	grep -q "^$1 " /proc/modules
}

# load_module NAME PARAMETER...
# /vm/modules has a line "NAME DEPENDENCY..." for each module of ours.
load_module() {
	local name=$1 dependency

	loaded "$name" && return
	while read -r dependency; do
		[ -n "$dependency" ] || continue
		if [ -e "$VM_MODULES/$dependency.ko" ]; then
			load_module "$dependency"
		elif ! loaded "$dependency"; then
			modprobe "$dependency"
		fi
	done < <(sed -n "s/^$name //p" /vm/modules | tr -s ' ' '\n')
	shift
	insmod "$VM_MODULES/$name.ko" "$@" || die "cannot insert $name"
	LOADED+=("$name")
}

# load_modules NAME...: and before each what it needs
load_modules() {
	local name

	for name in "$@"; do
		load_module "$name"
	done
}

# The last first; a module whose users are still going gets some time.
unload_modules() {
	local i status=0

	for ((i = ${#LOADED[@]} - 1; i >= 0; i--)); do
		wait_for "${LOADED[i]} to be unused" 30 rmmod_quiet \
			"${LOADED[i]}" || status=1
	done
	LOADED=()
	return $status
}

rmmod_quiet() {
	! loaded "$1" || rmmod "$1" 2>>"$WORK/rmmod"
}

# ---- Waiting ----------------------------------------------------------------

# wait_for WHAT SECONDS COMMAND...: until it succeeds; not longer
wait_for() {
	local what=$1 end=$((SECONDS + $2 * VM_SLOWNESS))

	shift 2
	until "$@"; do
		[ $SECONDS -lt $end ] || {
			echo "$CASE: waited in vain for $what"
			return 1
		}
		sleep 0.05
	done
}

# ---- Checks -----------------------------------------------------------------

# expect_eq WHAT GOT WANTED
expect_eq() {
	[ "$2" = "$3" ] || die "$1: got '$2', expected '$3'"
}

# expect_match WHAT TEXT REGEX: somewhere in the text
expect_match() {
	grep -qE -- "$3" <<<"$2" || die "$1: no /$3/ in: $2"
}

# expect_fail WHAT COMMAND...
expect_fail() {
	local what=$1

	shift
	if "$@" >"$WORK/expect_fail" 2>&1; then
		cat "$WORK/expect_fail"
		die "$what: succeeded, and should not have"
	fi
}
