#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# The bench, installed as scst-bench. As root it installs the packages that it
# uses and that are missing; in the source tree it builds first. See --help.
set -euo pipefail

HERE=$(dirname "$(readlink -f "$0")")
# What is used, and the Debian package that has it.
TOOLS="python3:python3 tgtd:tgt fio:fio qemu-nbd:qemu-utils strace:strace"
# To build with.
LIBRARIES="pkg-config liburing-dev libaio-dev libssl-dev libc6-dev"
QUIET=0
INSTALL=1

die() {
	echo "scst-bench: $*" >&2
	exit 1
}

for arg; do
	case $arg in
	--no-install) INSTALL=0 ;;
	-h | --help | --version | --list) QUIET=1 ;;
	esac
done

in_tree() {
	[ -e "$HERE/scst_bench.py" ]
}

missing() {
	local tools=$TOOLS tool package

	if in_tree && [ -z "${SCST_BUILD:-}" ]; then
		tools="$tools cmake:cmake ninja:ninja-build cc:gcc"
		for package in $LIBRARIES; do
			dpkg-query -W -f '${Status}' "$package" 2>/dev/null |
				grep -q "ok installed" || echo "$package"
		done
	fi
	for tool in $tools; do
		PATH=$PATH:/usr/sbin:/sbin command -v "${tool%:*}" >/dev/null ||
			echo "${tool#*:}"
	done
	# qemu-nbd's iSCSI is a plugin.
	compgen -G '/usr/lib/*/qemu/block-iscsi.so' >/dev/null ||
		echo qemu-block-extra
}

install_packages() {
	local need

	need=$(missing | tr '\n' ' ')
	[ -n "$need" ] || return 0
	if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
		echo "scst-bench: goes on without: $need" >&2
		return
	fi
	echo "scst-bench: installing: $need" >&2
	export DEBIAN_FRONTEND=noninteractive
	apt-get update -qq
	# shellcheck disable=SC2086
	apt-get install -y -qq --no-install-recommends $need >/dev/null
	# The package starts a target that nobody asked for.
	case $need in
	*tgt*) systemctl disable --now tgt >/dev/null 2>&1 || true ;;
	esac
}

build() {
	local tree=$1 build=$1/build-bench

	if [ -n "${SCST_BUILD:-}" ]; then
		build=$SCST_BUILD
	else
		[ -e "$build/build.ninja" ] ||
			cmake -G Ninja -S "$tree" -B "$build" \
				-DSCST_TESTS=OFF -DSCST_BENCH=ON >&2
		ninja -C "$build" scst-disk scst-load scst-echo >&2
	fi
	export SCST_BENCH_DISK=$build/handlers/disk/scst-disk
	export SCST_BENCH_LOAD=$build/tests/bench/scst-load
	export SCST_BENCH_ECHO=$build/tests/bench/scst-echo
}

[ $INSTALL$QUIET != 10 ] || install_packages
command -v python3 >/dev/null || die "python3 is not installed"
if in_tree; then
	lib=$HERE
	[ $QUIET = 1 ] || build "$(dirname "$(dirname "$HERE")")"
else
	lib=$HERE/../share/scst-bench
	export SCST_BENCH_DISK=${SCST_BENCH_DISK:-$HERE/scst-disk}
	export SCST_BENCH_LOAD=$HERE/scst-load
	export SCST_BENCH_ECHO=$HERE/scst-echo
fi
export PYTHONDONTWRITEBYTECODE=1
exec python3 "$lib/scst_bench.py" "$@"
