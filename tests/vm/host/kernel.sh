# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# Sourced by run.sh: kernels to boot. They are unpacked from Debian's
# packages below SCST_CACHE, not installed: the machine's own boot
# loader never hears of them.

CACHE=${SCST_CACHE:-$HOME/.cache/scst}

# kernel_release 6.1: the newest of it whose headers are here, or nothing
kernel_release() {
	local dir

	for dir in /usr/src/linux-headers-"$1".*-amd64; do
		[ -e "$dir/Makefile" ] || continue
		case $dir in
		*-cloud-* | *-rt-*) continue ;;
		esac
		echo "${dir##*/linux-headers-}"
	done | sort -V | tail -n 1
}

# Unpack the image of a release below DIR, with its modules.
kernel_unpack() {
	local release=$1 dir=$2 options=()

	# apt's own user may not write here
	[ "$(id -u)" -ne 0 ] || options=(-o APT::Sandbox::User=root)
	mkdir -p "$dir/deb"
	(
		cd "$dir/deb" || exit
		get=(apt-get -qq "${options[@]}" download "linux-image-$release")
		"${get[@]}" || { apt-get -qq update && "${get[@]}"; }
	) || return
	dpkg-deb -x "$dir"/deb/*.deb "$dir" && depmod -b "$dir" "$release" &&
		rm -r "${dir:?}"/{deb,usr}
}

# kernel_vmlinux BZIMAGE OUT: what is compressed in it. Booting that saves the
# guest the decompression, some 2 s. The image's header (Documentation/arch/
# x86/boot.rst) says where the payload is; its last 4 bytes are its size.
kernel_vmlinux() {
	local image=$1 sectors offset length unpack

	number() {
		od -A n -t "u$2" -j "$1" -N "$2" "$image" | tr -d ' '
	}
	sectors=$(number $((0x1f1)) 1)
	offset=$(($(number $((0x248)) 4) + (sectors + 1) * 512))
	length=$(($(number $((0x24c)) 4) - 4))
	case $(od -A n -t x1 -j $offset -N 4 "$image") in
	" fd 37 7a 58") unpack=(xz -dc) ;;
	" 28 b5 2f fd") unpack=(zstd -dc) ;;
	" 02 21 4c 18") unpack=(lz4 -dc) ;;
	*) echo "$image: compressed by something unknown" >&2 && return 1 ;;
	esac
	head -c $((offset + length)) "$image" | tail -c $length |
		"${unpack[@]}" >"$2"
}

# kernel_get RELEASE: unpacked, fetched if need be; prints its directory,
# which has vmlinux and lib/modules/
kernel_get() (
	dir=$CACHE/linux-$1

	mkdir -p "$dir" && exec 9>"$dir/.lock" && flock 9 || exit
	if [ ! -e "$dir/vmlinux" ]; then
		echo "fetching linux-image-$1" >&2
		kernel_unpack "$1" "$dir" &&
			kernel_vmlinux "$dir/boot/vmlinuz-$1" "$dir/partial" &&
			mv "$dir/partial" "$dir/vmlinux" || exit
	fi
	echo "$dir"
)
