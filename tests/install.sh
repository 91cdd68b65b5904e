#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Install what the tests need, on Debian 12: as root, or with sudo. Does
# nothing, and needs no rights, when all is there.
set -euo pipefail

PACKAGES="
	cmake make ninja-build gcc g++ clang libclang-rt-dev llvm pkg-config git
	liburing-dev libaio-dev libssl-dev libfuse3-dev fuse3
	libjansson-dev libnl-genl-3-dev
	check libiscsi-dev libiscsi-bin qemu-utils qemu-block-extra
	mandoc shellcheck python3 sparse linux-headers-amd64
	qemu-system-x86 busybox-static cpio kmod xz-utils zstd
	debootstrap sg3-utils fio e2fsprogs xfsprogs dmsetup lsscsi
	flex bison bc libelf-dev
"
# Another kernel's headers are in no release but through its backport.
OPTIONAL="linux-headers-6.12-amd64"

missing() {
	local package

	for package in "$@"; do
		dpkg-query -W -f '${Status}' "$package" 2>/dev/null |
			grep -q "ok installed" || echo "$package"
	done
}

# shellcheck disable=SC2086
need=$(missing $PACKAGES)
# shellcheck disable=SC2086
want=$(missing $OPTIONAL)
[ -n "$need$want" ] || exit 0

sudo=
if [ "$(id -u)" -ne 0 ]; then
	sudo=sudo
	command -v sudo >/dev/null || {
		echo "install as root: $need" | tr '\n' ' ' >&2
		exit 1
	}
fi
export DEBIAN_FRONTEND=noninteractive
# shellcheck disable=SC2086
echo "installing:" $need $want
$sudo apt-get update -qq
# shellcheck disable=SC2086
[ -z "$need" ] ||
	$sudo apt-get install -y -qq --no-install-recommends $need >/dev/null
# shellcheck disable=SC2086
[ -z "$want" ] ||
	$sudo apt-get install -y -qq --no-install-recommends $want >/dev/null ||
	echo "without: $want"
