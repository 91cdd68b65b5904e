#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# sdk-docs/kernel.md, "From Debian to a disk": its commands, on a Debian 12 that
# has nothing but its kernel. The first two, which compile, run in a chroot, the
# others when it has booted; then it boots once more, and all is there again.
set -eEuo pipefail

TREE=$(realpath "$(dirname "$0")/../..")
TESTS=$TREE/tests/vm
. "$TESTS/host/qemu.sh"
SECONDS_MAX=1800		# for both boots
# An emulated processor may have to wait long for a real one.
OPTIONS="root=/dev/vda rw console=ttyS0 rcupdate.rcu_cpu_stall_timeout=200"

skip() {
	echo "$*"
	exit 77
}

[ "$(id -u)" -eq 0 ] || skip "needs root, for debootstrap"
for tool in debootstrap qemu-system-x86_64 mkfs.ext4 gcc git; do
	command -v $tool >/dev/null ||
		skip "$tool is not installed: tests/install.sh installs it"
done

WORK=$(mktemp -d)
ROOT=$WORK/root

cleanup() {
	umount -l "$ROOT"/{dev,sys,proc} 2>/dev/null || true
	# whatever is still mounted stays
	rm -rf --one-file-system "$WORK"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

exec 3>&1
trap 'tail -n 40 "$WORK/log" >&3' ERR

# command N: the section's Nth block of code
command_of() {
	awk -v want="$1" '
		/^## / { here = /From Debian to a disk/ }
		!here || !/^    / { in_block = 0; next }
		!in_block { in_block = 1; n++ }
		n == want { print substr($0, 5) }
	' "$TREE/sdk-docs/kernel.md"
}

# ---- A machine -----------------------------------------------------------------

machine() {
	local release

	debootstrap --variant=minbase --include=ca-certificates bookworm \
		"$ROOT" http://deb.debian.org/debian
	# as this machine gets its packages
	cp -r /etc/apt/apt.conf.d/. "$ROOT/etc/apt/apt.conf.d"
	cp /etc/resolv.conf /etc/hosts "$ROOT/etc"
	mount -t proc proc "$ROOT/proc"
	mount -t sysfs sys "$ROOT/sys"
	mount --rbind /dev "$ROOT/dev"
	mount --make-rslave "$ROOT/dev"
	in_root apt-get update -qq
	in_root apt-get install -y -qq systemd-sysv udev kmod sudo util-linux \
		linux-image-amd64
	release=$(basename "$ROOT"/lib/modules/*)
	IMAGE=$ROOT/boot/vmlinuz-$release
	INITRD=$ROOT/boot/initrd.img-$release
	be_release "$release"
}

in_root() {
	DEBIAN_FRONTEND=noninteractive LANG=C.UTF-8 chroot "$ROOT" "$@"
}

# A chroot has this machine's kernel: say what it will have.
be_release() {
	gcc -shared -fPIC -o "$ROOT/root/release.so" -x c - <<-END
	#include <string.h>
	#include <sys/syscall.h>
	#include <sys/utsname.h>
	#include <unistd.h>

	int uname(struct utsname *name)
	{
		int ret = syscall(SYS_uname, name);

		strcpy(name->release, "$1");
		return ret;
	}
	END
	echo /root/release.so >"$ROOT/etc/ld.so.preload"
}

# ---- The commands --------------------------------------------------------------

compile() {
	local n

	git -C "$TREE" archive --prefix=scst/ HEAD | tar x -C "$ROOT/root"
	for n in 1 2; do
		in_root sh -exc "cd /root/scst; $(command_of $n)"
	done
	rm "$ROOT/etc/ld.so.preload"
}

prepare_boots() {
	local n

	for n in 3 4 6; do
		command_of $n >"$ROOT/root/command$n"
		[ -s "$ROOT/root/command$n" ]
	done
	cp "$TESTS"/guest/{fresh.sh,dmesg.bad,dmesg.allow} "$ROOT/root"
	cat >"$ROOT/etc/systemd/system/fresh.service" <<-END
	[Unit]
	Description=tests/vm/guest/fresh.sh
	[Service]
	Type=idle
	ExecStart=bash /root/fresh.sh
	END
	ln -s /etc/systemd/system/fresh.service \
		"$ROOT/etc/systemd/system/multi-user.target.wants"
	umount -l "$ROOT"/{dev,sys,proc}
	truncate -s 6G "$WORK/disk"
	mkfs.ext4 -q -d "$ROOT" "$WORK/disk"
}

boots() {
	timeout $SECONDS_MAX qemu-system-x86_64 -machine q35 -nodefaults \
		-accel tcg,thread=multi -cpu "$QEMU_CPU" -m 1024 -display none \
		-kernel "$IMAGE" -initrd "$INITRD" \
		-append "$OPTIONS" \
		-drive "file=$WORK/disk,format=raw,if=virtio" \
		-serial "file:$WORK/console" -serial "file:$WORK/report" \
		</dev/null
}

machine >"$WORK/log" 2>&1
compile >>"$WORK/log" 2>&1
prepare_boots
boots || true
tr -d '\r' <"$WORK/report" | tee "$WORK/lines"
grep -qx "fresh: all is there again" "$WORK/lines" || {
	tail -n 60 "$WORK/console"
	exit 1
}
