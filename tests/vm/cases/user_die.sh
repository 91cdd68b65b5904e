#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# vm: smp=2 mem=1536 timeout=400
# Handlers are killed under verified I/O, at any time and between any two
# operations on the ring, and others take over: nothing is lost, nothing is
# written twice behind something newer, and the initiator hears nothing of it.
# 10 times; user_die_long: 200 times.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../vdisk.sh"
. "$(dirname "$0")/../user.sh"

KILLS=${USER_DIE_KILLS:-10}
NR=4
declare -A PIDS

# words N: the command line of the handler of disk N
words() {
	WORDS=("u$1" "$WORK/disk$1" size=$((32 << 20))
		queues=$((1 + $1 % 2)) wait=30000)
}

# start N
start() {
	words "$1"
	handler_start "${WORDS[@]}"
	PIDS[$1]=$PID
}

verifiers_run() {
	local pid

	for pid in "${VERIFIERS[@]}"; do
		kill -0 "$pid" 2>/dev/null || return
	done
}

user_begin
VERIFIERS=()
for ((i = 0; i < NR; i++)); do
	device_add "user/u$i" enable=1
	start $i
	lun_add $i "u$i"
	fio --name="v$i" --filename="$DISK" --direct=1 --ioengine=libaio \
		--rw=randwrite --bsrange=4k-64k --ba=4k --iodepth=32 \
		--size=32M --verify=crc32c --verify_fatal=1 --verify_backlog=64 \
		--randseed=$((i + 1)) --time_based --runtime=3600 \
		--minimal >"$WORK/fio$i" 2>&1 &
	VERIFIERS+=($!)
done

for ((kill = 0; kill < KILLS; kill++)); do
	victim=$((RANDOM % NR))
	if ((kill % 2)); then
		# by its own hand, somewhere in the ring, or on the way there
		handler_stop "${PIDS[$victim]}" KILL
		words $victim
		status=0
		"$HANDLER" "${WORDS[@]}" die=$((1 + RANDOM % 400)) \
			>"$WORK/dying" 2>&1 || status=$?
		expect_eq "killed by itself" $status 137
	else
		sleep "0.$((RANDOM % 5))"
		handler_stop "${PIDS[$victim]}" KILL
	fi
	start $victim
	verifiers_run || break
done
echo "$kill kills"
for ((i = 0; i < NR; i++)); do
	kill -INT "${VERIFIERS[i]}" 2>/dev/null || true
done
for ((i = 0; i < NR; i++)); do
	status=0
	wait "${VERIFIERS[i]}" || status=$?
	[ $status -eq 0 ] || [ $status -eq 128 ] || {
		cat "$WORK/fio$i"
		die "fio on disk $i: status $status"
	}
	grep -i "verify: bad\|error=" "$WORK/fio$i" && die "disk $i"
done
verify_disk "$(disk_path 0)" --bs=64k --size=8M
