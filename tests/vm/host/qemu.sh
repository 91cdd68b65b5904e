# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# Sourced by run.sh: QEMU, emulating the processor (TCG): it runs where there
# is no KVM.

# erms=off: the kernel would copy with rep movsb, which is emulated byte by
# byte; la57=off spares a level of page tables. SMAP stays: it finds who
# touches user memory directly.
QEMU_CPU=max,erms=off,la57=off

# slab_nomerge: our caches are found by their names. oops=panic with -no-reboot:
# a guest that is broken ends at once; one that spins, after a minute, which
# no busy host keeps it waiting.
KERNEL_OPTIONS="console=ttyS0 quiet loglevel=4 log_buf_len=4M panic=-1
	oops=panic softlockup_panic=1 watchdog_thresh=30 slab_nomerge nokaslr mitigations=off random.trust_cpu=on
	no_timer_check tsc=reliable audit=0 apparmor=0 cryptomgr.notests
	rcupdate.rcu_expedited=1"

# How processors run and clocks go: by the host's, or by instructions, of which
# 250 million make a second.
declare -A QEMU_CLOCK=(
	[host]="-accel tcg,thread=multi,tb-size=512"
	[icount]="-accel tcg,thread=single,tb-size=512 -icount shift=2,sleep=off"
)

# qemu_machine OUT KERNEL INITRAMFS SMP MEM CLOCK: sets QEMU
qemu_machine() {
	local out=$1 options

	read -ra options <<<"${QEMU_CLOCK[$6]}"

	QEMU=(qemu-system-x86_64 -machine q35 -nodefaults -no-user-config
		"${options[@]}" -cpu "$QEMU_CPU"
		-smp "$4" -m "$5" -display none -no-reboot
		-kernel "$2" -initrd "$3"
		-append "${KERNEL_OPTIONS//[[:space:]]/ } ${FAILSLAB:-}"
		-fsdev "local,id=root,path=/,security_model=none,readonly=on,multidevs=remap"
		-device "virtio-9p-pci,fsdev=root,mount_tag=root"
		-fsdev "local,id=out,path=$out,security_model=none"
		-device "virtio-9p-pci,fsdev=out,mount_tag=out"
		-device virtio-serial-pci)
}

# qemu_disk IMAGE: a disk more, behind qemu_machine. What the guest has written
# there outlives QEMU; what it only caches does not.
qemu_disk() {
	# shellcheck disable=SC2054 # QEMU's commas
	QEMU+=(-drive "file=$1,format=raw,if=none,id=disk,cache=writeback"
		-device virtio-blk-pci,drive=disk)
}

# qemu_cut OUT: when the guest makes the file "cut", give it some time to be in
# the middle of things, and cut its power
qemu_cut() {
	until [ -e "$1/cut" ]; do
		sleep 0.1
	done
	sleep "$((RANDOM % 4)).$((RANDOM % 10))"
	pkill -KILL -P "$QEMU_PID"
}

# qemu_run OUT SECONDS: 0 when the guest left its status and powered off, 124
# when it took too long, 125 when it died. QEMU_PID: while it runs.
#
# stdin is a pipe that never ends: at its end QEMU takes the port for closed,
# and the guest would wait for ever to write to it.
qemu_run() {
	local out=$1 status=0 cutter=

	rm -f "$out/status" "$out/stdin"
	mkfifo "$out/stdin"
	exec 8<>"$out/stdin"
	rm "$out/stdin"
	timeout -k 5 "$2" "${QEMU[@]}" \
		-chardev "file,id=console,path=$out/console" \
		-serial chardev:console \
		-chardev stdio,id=out,signal=off \
		-device virtserialport,chardev=out,name=out <&8 &
	QEMU_PID=$!
	if [ ! -e "$out/cut" ]; then
		qemu_cut "$out" 7>&- &
		cutter=$!
	fi
	# the shell would tell that it was killed, too
	wait "$QEMU_PID" 2>/dev/null || status=$?
	QEMU_PID=
	[ -z "$cutter" ] || kill "$cutter" 2>/dev/null
	exec 8>&-
	[ -s "$out/status" ] && return 0
	[ $status -eq 124 ] || [ $status -eq 137 ] && return 124
	return 125
}

# qemu_shell: the guest's console on this terminal
qemu_shell() {
	"${QEMU[@]}" -serial mon:stdio
}
