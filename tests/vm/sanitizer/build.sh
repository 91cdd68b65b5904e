#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Build the sanitizer kernel: Debian's 6.1 sources with tests/vm/sanitizer/
# config. Needs no root. Prints its directory, which has
#
#	bzImage		to boot (its vmlinux dies before it says anything)
#	obj/		to build modules against
#	lib/modules/	its own modules
#
# A directory is named after the configuration; one that is there is used.
# 25 minutes on two free cores, 2 GB.
set -euo pipefail

here=$(realpath "$(dirname "$0")")
cache=${SCST_CACHE:-$HOME/.cache/scst}
dir=$cache/sanitizer-$(sha256sum <"$here/config" | cut -c1-12)

say() {
	echo "sanitizer kernel: $*" >&2
}

# Debian's tarball, unpacked from its package: nothing is installed.
sources() {
	local deb options=()

	# apt's own user may not write here
	[ "$(id -u)" -ne 0 ] || options=(-o APT::Sandbox::User=root)
	say "fetching linux-source-6.1"
	rm -rf "$dir/deb" "$dir/src"
	mkdir -p "$dir/deb" "$dir/src"
	(cd "$dir/deb" && apt-get -qq "${options[@]}" download \
		linux-source-6.1) >&2
	deb=$(echo "$dir"/deb/*.deb)
	dpkg-deb --fsys-tarfile "$deb" |
		tar -xO ./usr/src/linux-source-6.1.tar.xz |
		tar -xJ -C "$dir/src" --strip-components=1
	rm -rf "$dir/deb"
	touch "$dir/src/.complete"
}

kbuild() {
	make -C "$dir/src" O="$dir/obj" ARCH=x86_64 -s "$@"
}

# What Kconfig did not take is a check that would never fire.
configure() {
	local line lost=0

	mkdir -p "$dir/obj"
	kbuild KCONFIG_ALLCONFIG="$here/config" allnoconfig >&2
	while read -r line; do
		case $line in
		CONFIG_*=n) ! grep -q "^${line%=n}=" "$dir/obj/.config" ;;
		CONFIG_*) grep -qxF "$line" "$dir/obj/.config" ;;
		*) continue ;;
		esac || {
			say "lost: $line"
			lost=1
		}
	done <"$here/config"
	return $lost
}

# A line for every 200 objects of about 3000.
progress() {
	awk '/^ *(CC|AS|LD|AR)/ && ++n % 200 == 0 {
		print "sanitizer kernel: " n " objects" >"/dev/stderr"
	} / error:|Error / { print >"/dev/stderr" }'
}

compile() {
	local jobs

	jobs=$(nproc)
	say "building in $dir, $jobs jobs"
	make -C "$dir/src" O="$dir/obj" ARCH=x86_64 -j"$jobs" bzImage modules \
		2>"$dir/errors" | progress || {
		cat "$dir/errors" >&2
		return 1
	}
	kbuild INSTALL_MOD_PATH="$dir" modules_install >&2
	rm -f "$dir"/lib/modules/*/{build,source}
	# modules do not need them
	find "$dir/obj" -name '*.o' ! -path '*/scripts/*' ! -path '*/tools/*' \
		-delete
	mv "$dir/obj/arch/x86/boot/bzImage" "$dir/bzImage"
}

mkdir -p "$dir"
exec 9>"$dir/.lock"
flock 9
if [ ! -e "$dir/bzImage" ]; then
	[ -e "$dir/src/.complete" ] || sources
	configure
	compile
	say "done after $((SECONDS / 60)) min"
fi
echo "$dir"
