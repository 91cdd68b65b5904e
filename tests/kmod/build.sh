#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# The modules, for the kernel whose build tree is KDIR: they build without a
# warning, sparse's included if it is asked for; they install; and the samples
# build with nothing but what that left.
#
#	tests/kmod/build.sh [--sparse] KDIR OUT
set -euo pipefail
sparse=()
if [ "$1" = --sparse ]; then
	sparse=(C=2 CF=-Wsparse-error)
	shift
fi
kdir=$1
out=$2
kmod=$(realpath "$(dirname "$0")/../../kmod")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

make -j "$(nproc)" -C "$kmod" KDIR="$kdir" W=1 OUT="$out" "${sparse[@]}"
make -s -C "$kmod" KDIR="$kdir" OUT="$out" DESTDIR="$work" \
	PREFIX=/usr CONFIG_MODULE_SIG_ALL= install

modules=("$work"/lib/modules/*)
cp -r "$kmod/linux/samples" "$work/samples"
make -C "$work/samples" KDIR="$kdir" KVER="${modules[0]##*/}" \
	PREFIX="$work/usr"
[ -e "$work/samples/ram_handler.ko" ] && [ -e "$work/samples/null_target.ko" ]
