#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# In the guest: run the cases of /vm/plan (a name and its seconds in a line),
# and look after each whether it left the kernel as it found it. /vm/results
# has a line for each that ended; the host runs in another guest those that
# have none, because this one is not to be trusted any more.
set -uo pipefail

guest=$VM_TESTS/guest

# The kernel's log from the start of the case NAME on
log_since() {
	dmesg | awk -v mark="vm: case $1" '
		index($0, mark) { text = "" }
		{ text = text $0 "\n" }
		END { printf "%s", text }'
}

# What must not be there, with what led to it and what the kernel said next
check_log() {
	local bad

	log_since "$1" >/run/log
	bad=$(grep -nE -f "$guest/dmesg.bad" /run/log |
		sed 's/^\([0-9]*\):/\1 /' |
		while read -r number line; do
			grep -qE -f "$guest/dmesg.allow" <<<"$line" ||
				echo "$number"
		done | head -n 1)
	[ -n "$bad" ] || return 0
	echo "the kernel complained:"
	tail -n "+$((bad > 5 ? bad - 5 : 1))" /run/log | head -n 60
	return 1
}

# Modules and slab caches of ours
check_gone() {
	local left

	left=$(grep -oE '^(scst|iscsi_scst|test_core)[a-z_]*' /proc/modules)
	[ -z "$left" ] || {
		echo "still loaded: $left"
		return 1
	}
	left=$(cd /sys/module && ls -d scst* iscsi_scst* test_core* 2>/dev/null)
	[ -z "$left" ] || {
		echo "still in /sys/module: $left"
		return 1
	}
	left=$(awk '/^scst/ && $3 > 0 { print $1, $3 }' /proc/slabinfo)
	[ -z "$left" ] || {
		echo "slab caches that are not empty: $left"
		return 1
	}
}

# In the background: the case's processes, PID the first, have SECONDS. Who
# cannot be killed is named by the kernel, and the guest ends.
watch_over() {
	local pid=$1 seconds=$2 name=$3

	sleep "$seconds"
	echo "vm: no end after $seconds s: blocked tasks follow" >/dev/kmsg
	echo w >/proc/sysrq-trigger
	kill -KILL -- "-$pid"
	sleep 30
	echo "FAIL  $VM_LABEL $name: its processes cannot be killed"
	log_since "$name" | tail -n 200
	echo "fail $name" >>/vm/results
	sync
	dmesg >/vm/dmesg
	echo 1 >/vm/status
	/run/busybox poweroff -f
}

# run_case NAME SECONDS: prints what it says; 77: cannot run here
run_case() {
	local pid watch status=0

	cd "$TMPDIR" || return
	setsid bash "$VM_TESTS/cases/$1.sh" 2>&1 &
	pid=$!
	watch_over "$pid" "$2" "$1" >&3 2>&1 &
	watch=$!
	# the shell would tell that it was killed, too
	wait "$pid" 2>/dev/null || status=$?
	kill "$watch"
	kill -KILL -- "-$pid" 2>/dev/null
	[ $status -ne 137 ] || echo "no end after $2 s"
	return $status
}

# verdict NAME SECONDS: runs it and tells what became of it; 1: the guest is
# no longer as it was
verdict() {
	local name=$1 log=/vm/$1.log began=$SECONDS status=0 clean=0

	echo "vm: case $name" >/dev/kmsg
	if [ -n "${VM_VERBOSE:-}" ]; then
		run_case "$@" | tee "$log"
		status=${PIPESTATUS[0]}
	else
		run_case "$@" >"$log"
		status=$?
	fi
	{
		check_gone || clean=1
		check_log "$name" || clean=1
	} >/run/complaints
	if [ "$status" -eq 77 ] && [ $clean -eq 0 ]; then
		echo "skip  $VM_LABEL $name: $(tail -n 1 "$log")"
		echo "skip $name" >>/vm/results
		return
	fi
	if [ "$status" -eq 0 ] && [ $clean -eq 0 ]; then
		echo "pass  $VM_LABEL $name ($((SECONDS - began)) s)"
		echo "pass $name" >>/vm/results
		return
	fi
	echo "FAIL  $VM_LABEL $name (status $status)"
	[ -n "${VM_VERBOSE:-}" ] || sed 's/^/      /' "$log" | tail -n 100
	sed 's/^/      /' /run/complaints
	echo "fail $name" >>/vm/results
	return $clean
}

# Objects count as leaked when nothing points to them and they are 5 s old.
check_leaks() {
	local file=/sys/kernel/debug/kmemleak

	[ -w $file ] || return 0
	sleep 6
	echo scan >$file
	cat $file >/run/leaks
	if [ -s /run/leaks ]; then
		echo "FAIL  $VM_LABEL kmemleak"
		head -n 200 /run/leaks | sed 's/^/      /'
		echo "fail kmemleak" >>/vm/results
	else
		echo "pass  $VM_LABEL kmemleak"
		echo "pass kmemleak" >>/vm/results
	fi
}

exec 3>&1
if ! check_log boot >/run/complaints; then
	echo "FAIL  $VM_LABEL boot"
	sed 's/^/      /' /run/complaints
	echo "fail boot" >>/vm/results
fi
while read -r name seconds <&4; do
	verdict "$name" "$seconds" || break
done 4</vm/plan
check_leaks
