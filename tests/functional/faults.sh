#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Where things fail (faulty.c): with the N-th allocation failing, for N from 1
# until none is left, a server refuses to start with one line and status 2, or
# serves: whatever it says was written is there, nothing crashes, hangs or
# leaks. The same with I/O that is cut short or interrupted, and with a clock
# that jumps, where nothing may fail at all. SCST_LONG=1: every N; else a choice
# that takes some seconds.
. "$(dirname "$0")/lib.sh"

# Sanitizers have an allocator of their own: there, the disk has faulty.c in it.
PRELOAD=$SCST_BUILD/tests/faulty.so
grep -q '^SCST_SANITIZE:STRING=$' "$SCST_BUILD/CMakeCache.txt" || {
	PRELOAD=
	DISK=$SCST_BUILD/tests/faulty-disk
}

BUDGET=${BUDGET:-8}		# seconds for each sweep
KEY=				# options of the encrypted disk
NAME=iqn.2026-11.org.example:faults
CRYPTO_ERASE="cdb 48030000000000000000"
# PERSISTENT RESERVE OUT, REGISTER: key 1, APTPL
REGISTER="out 5f000000000000001800 \
000000000000000000000000000000010000000001000000"

echo "initiator=* user=u secret=0123456789abcdef" >"$WORK/auth"
chmod 600 "$WORK/auth"
cat >"$WORK/faulty" <<-EOF
	#!/bin/bash
	export SCST_FAULT=\$1 SCST_FAULT_COUNT=$WORK/count
	export LD_PRELOAD=$PRELOAD
	shift
	exec "$DISK" "\$@"
EOF
chmod +x "$WORK/faulty"

# One run of a server, in which $1 fails. Sets HIT, the number of ALLOCS that
# there were, and what was ACKNOWLEDGED.
run() {
	local fault=$1 line=

	rm -rf "${WORK:?}"/{state,disk,key,count,out.fifo}
	mkdir "$WORK/state"
	mkfifo "$WORK/out.fifo"
	ACKNOWLEDGED=()
	"$WORK/faulty" "$fault" --listen 127.0.0.1:0 --loops 1 \
		--state-dir "$WORK/state" --auth-file "$WORK/auth" \
		--access 'initiator=*,lun=0=a,lun=1=b:ro' \
		--device "name=a,path=$WORK/disk,size=1M,thin$KEY" \
		--device "name=b,backend=ram,size=1M" \
		>"$WORK/out.fifo" 2>"$WORK/faulty.log" &
	PID=$!
	SERVERS=("$PID")
	exec 9<"$WORK/out.fifo"
	read -r -u 9 -t 60 line || true
	if [ -n "$line" ]; then
		use "${line#ready }"
		kill -TERM "$PID"
	fi
	finish "$fault" "$line"
	exec 9<&-
	check_written "$fault"
	HIT=0
	if grep -q hit "$WORK/count"; then HIT=1; fi
	LIVE=$(grep -c live "$WORK/count" || true)
	[ "$LIVE" -le "${LIVE_MAX:-$LIVE}" ] ||
		die "$fault: leaks: $(grep live "$WORK/count")"
	ALLOCS=$(tail -n 1 "$WORK/count")
}

# What an initiator does; each answer may be a failure.
use() {
	local url="iscsi://u%0123456789abcdef@${1#iscsi://}" status=0

	printf '%s\n' "cdb 000000000000" "cdb 000000000000" \
		"write 0 8 0x61" "write 1024 256 0x62 fua" "sync" \
		"verify 0 8 0x61" "$REGISTER" "luns" "reset lun" "reset warm" \
		"cdb 000000000000" "cdb 000000000000" \
		"write 64 8 0x63" "verify 64 8 0x63" "$CRYPTO_ERASE" "quit" |
		timeout 60 "$INITIATOR" --name $NAME "$url" >"$WORK/answers" ||
		status=$?
	[ $status -le 1 ] || die "the initiator hangs or crashes"
	mapfile -t ACKNOWLEDGED <"$WORK/answers"
}

# The server ends as it must.
finish() {
	local fault=$1 line=$2 status=0 lines

	timeout 60 tail -s 0.01 --pid="$PID" -f /dev/null || die "$fault: it hangs"
	wait "$PID" || status=$?
	SERVERS=()
	lines=$(grep -vc '^20[0-9-]*T' "$WORK/faulty.log" || true)
	if [ -n "$line" ]; then
		[ "$status" -eq 0 ] || die "$fault: status $status at the end"
		[ "$lines" -eq 0 ] || die "$fault: $(cat "$WORK/faulty.log")"
	else
		[ "$status" -eq 2 ] || die "$fault: status $status at the start"
		[ "$lines" -eq 1 ] || die "$fault: not one line that says why"
	fi
}

# written OFFSET LENGTH BYTE: is that in the file? Who cannot read it believes.
written() {
	[ -z "$KEY" ] || return 0
	cmp -s -n "$2" <(tail -c +$(($1 + 1)) "$WORK/disk") \
		<(head -c "$2" /dev/zero | tr '\0' "$3")
}

# acknowledged N: was the N-th answer good? "ready" is number 0.
acknowledged() {
	[ "${ACKNOWLEDGED[$1]:-}" = good ]
}

# Nothing that was acknowledged is a lie.
check_written() {
	if acknowledged 3 && { ! written 0 4096 a ||
		[[ ${ACKNOWLEDGED[6]:-} = different* ]]; }; then
		die "$1: a write is lost"
	fi
	if acknowledged 4 && ! written 524288 131072 b; then
		die "$1: a write with FUA is lost"
	fi
	if acknowledged 13 && ! written 32768 4096 c; then
		die "$1: the last write is lost"
	fi
	if acknowledged 7 && ! [ -s "$WORK/state/a.pr.0" ] &&
		! [ -s "$WORK/state/a.pr.1" ]; then
		die "$1: a registration is lost"
	fi
}

# What use() hears when nothing fails; "check" is a unit attention, and that
# there is no CRYPTOGRAPHIC ERASE.
all_good() {
	local i answer want=(ready good good good good good good good good
		good good check good good good check)

	[ -z "$KEY" ] || want[15]=good

	for i in "${!want[@]}"; do
		answer=${ACKNOWLEDGED[$i]:-nothing}
		[ "${answer%% *}" = "${want[$i]}" ] ||
			die "$1: answers: ${ACKNOWLEDGED[*]}"
	done
}

# sweep SUFFIX: N by N, or as many as the budget allows
sweep() {
	local suffix=$1 n stride=1 runs=0 began=$SECONDS

	[ -n "${SCST_LONG:-}" ] ||
		stride=$((ALL * EACH_MS / (BUDGET * 1000) + 1))
	for ((n = 1; n <= 2 * ALL; n += stride)); do
		run "alloc:$n$suffix"
		[ "$HIT" -eq 1 ] || break
		runs=$((runs + 1))
	done
	[ "$HIT" -eq 0 ] || die "alloc:N$suffix: there is no end to it"
	[ $runs -gt 0 ] || die "alloc:N$suffix: nothing failed"
	echo "alloc:N$suffix: $runs of $ALL, $((SECONDS - began)) s"
}

# Everything, with the device as it is.
sweeps() {
	local began

	# The first run may have to load what the second finds in memory.
	LIVE_MAX=
	for _ in 1 2; do
		began=$(date +%s%N)
		run none
		EACH_MS=$((($(date +%s%N) - began) / 1000000 + 1))
		all_good none
	done
	[ "$HIT" -eq 0 ] || die "something failed that should not"
	ALL=$ALLOCS
	# What lives as long as the process, like the main thread's own data.
	LIVE_MAX=$LIVE
	sweep ''
	sweep '+'
	run io
	all_good io
	run clock
	all_good clock
}

sweeps
BUDGET=$((BUDGET / 2))
KEY=,sanitize,key=$WORK/key
sweeps
