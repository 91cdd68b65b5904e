#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Process 1 behind init.sh, run by the busybox in /run: run what the host
# wrote to /vm/env, keep its status and the kernel's log, power off.
export PATH=/run/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export TMPDIR=/run/tmp HOME=/root LANG=C.UTF-8 TERM="${TERM:-linux}"
bb=/run/busybox

# VM_TESTS, VM_MODULES, VM_KERNEL: directories on the host
set -a
# shellcheck source=/dev/null
. /vm/env
set +a
for dir in "$VM_KERNEL"/lib/modules/*; do
	$bb mkdir -p "/lib/modules/${dir##*/}"
	$bb mount -o bind "$dir" "/lib/modules/${dir##*/}"
done

out=/dev/console
for port in /sys/class/virtio-ports/*; do
	[ ! -e "$port/name" ] || [ "$($bb cat "$port/name")" != out ] ||
		out=/dev/${port##*/}
done

read -r boot_seconds _ </proc/uptime
echo "$boot_seconds" >/vm/boot-seconds
if [ -n "${VM_SHELL:-}" ]; then
	cd "$VM_TESTS" || exit
	$bb setsid $bb cttyhack bash --rcfile "$VM_TESTS/guest/shell.sh"
else
	$bb setsid bash "$VM_TESTS/guest/cases.sh" </dev/null >"$out" 2>&1
fi
status=$?
$bb dmesg >/vm/dmesg
echo "$status" >/vm/status
$bb poweroff -f
