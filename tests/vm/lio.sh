# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# Sourced by cases behind lib.sh: disks of LIO, through tcm_loop, and what they
# do beside ours, in rounds that alternate.

LIO=/sys/kernel/config/target
LOOP=$LIO/loopback/naa.6001405000000001
STORES=()
declare -A MEASURED	# disks by what the report calls them

ROUNDS=${ROUNDS:-3}
SECONDS_EACH=${SECONDS_EACH:-1}
# shellcheck disable=SC2034 # the cases'
LOADS=("randread 4k 16" "randwrite 4k 16" "read 128k 4" "write 128k 4")

# ---- Disks of LIO -----------------------------------------------------------

lio_begin() {
	modprobe -a target_core_mod tcm_loop
	mkdir -p "$LOOP/tpgt_1"
	defer lio_end
	echo naa.6001405000000002 >"$LOOP/tpgt_1/nexus"
}

lio_end() {
	local lun store

	for lun in "$LOOP"/tpgt_1/lun/lun_[0-9]*; do
		[ ! -e "$lun" ] || {
			rm -f "$lun/port"
			rmdir "$lun"
		}
	done
	echo NULL >"$LOOP/tpgt_1/nexus"
	rmdir "$LOOP/tpgt_1" "$LOOP" "$LIO/loopback"
	for store in "${STORES[@]}"; do
		rmdir "$store" "${store%/*}"
	done
	modprobe -r tcm_loop
}

disks() {
	find /sys/block -name 'sd*' -printf '%f\n' | sort
}

new_disk() {
	DISK=$(comm -13 <(echo "$1") <(disks))
	[ -n "$DISK" ] && [ -b "/dev/$DISK" ]
}

# lio_lun NR HBA/NAME CONTROL...: sets DISK
lio_lun() {
	local nr=$1 store=$LIO/core/$2 word before

	shift 2
	mkdir -p "$store"
	STORES+=("$store")
	for word in "$@"; do
		echo "$word" >"$store/control"
	done
	echo 1 >"$store/enable"
	before=$(disks)
	mkdir "$LOOP/tpgt_1/lun/lun_$nr"
	ln -s "$store" "$LOOP/tpgt_1/lun/lun_$nr/port"
	wait_for "LIO's LUN $nr" 30 new_disk "$before"
	# as ours come
	echo none >"/sys/block/$DISK/queue/scheduler"
	DISK=/dev/$DISK
}

# ---- Rounds -----------------------------------------------------------------

# bring_near PROGRAM...: and its libraries into the root's tmpfs. A clock of
# instructions runs away while the guest waits for the host's files.
bring_near() {
	local program path

	for program in "$@"; do
		path=$(command -v "$program")
		touch "$path"
		ldd "$path" | grep -o '/[^ ]*' | xargs touch
	done
}

# A tmpfs, which the caller's files are on
files_begin() {
	bring_near fio
	FILES=$WORK/files
	mkdir "$FILES"
	mount -t tmpfs none "$FILES"
	defer umount "$FILES"
}

# measure DISK RW BS DEPTH: IOPS
measure() {
	fio --name=m --filename="$1" --direct=1 --ioengine=libaio --rw="$2" \
		--bs="$3" --iodepth="$4" --runtime="$SECONDS_EACH" \
		--time_based --ramp_time=1 --group_reporting \
		--output-format=terse --terse-version=3 |
		awk -F ';' -v rw="$2" '{ print rw ~ /write/ ? $49 : $8 }'
}

# rounds LOAD NAME...: of MEASURED, one after the other
rounds() {
	local load=$1 name

	shift
	for _ in $(seq "$ROUNDS"); do
		for name in "$@"; do
			# shellcheck disable=SC2086
			measure "${MEASURED[$name]}" $load \
				>>"$WORK/$name.${load// /-}"
		done
	done
}

median() {
	sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
}

# ratio LOAD NAME TO [GOAL]: of the medians, and what they are of
ratio() {
	local load=$1 one=$WORK/$2.${1// /-} other=$WORK/$3.${1// /-}

	awk -v this="$(median <"$one")" -v that="$(median <"$other")" \
		-v load="$load" -v name="$2" -v to="$3" -v goal="${4:-}" \
		-v all="$(sort -n "$one" | tr '\n' ' ')/ $(sort -n "$other" |
			tr '\n' ' ')" 'BEGIN {
		printf "ratio %s: %s %d %s %d %.2f (%s)", load, name, this,
			to, that, this / that, all
		if (goal)
			printf ", goal %s: %s", goal,
				(this / that >= goal ? "met" : "missed")
		print ""
	}'
}
