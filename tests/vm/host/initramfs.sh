# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# Sourced by run.sh: the initramfs, a static busybox and the modules that lead
# to the host's root.

INITRAMFS_MODULES="configfs virtio_pci 9pnet_virtio 9p overlay virtio_console"
INITRAMFS_APPLETS="sh mount insmod mkdir ln cp ifconfig hostname poweroff
	switch_root"

# The files of the modules, in load order; none where all is built in.
initramfs_modules() {
	local kernel=$1 release module

	for module in $INITRAMFS_MODULES; do
		for release in "$kernel"/lib/modules/*; do
			modprobe -d "$kernel" -S "${release##*/}" \
				--show-depends "$module" || return
		done
	done | awk '$1 == "insmod" && !seen[$2]++ { print $2 }'
}

# initramfs_fill DIR INIT MODULE...
initramfs_fill() {
	local dir=$1 init=$2 module name number=100

	shift 2
	mkdir -p "$dir"/{bin,dev,lower,modules,out,proc,root,sys,upper}
	cp /bin/busybox "$dir/bin/"
	for name in $INITRAMFS_APPLETS; do
		ln -s busybox "$dir/bin/$name"
	done
	install -m 755 "$init" "$dir/init"
	for module in "$@"; do
		number=$((number + 1))
		name=$dir/modules/$number-$(basename "${module%.ko*}").ko
		case $module in
		*.ko.xz) xz -dc "$module" >"$name" ;;
		*.ko) cp "$module" "$name" ;;
		*) echo "$module: compressed by something unknown" >&2 && return 1 ;;
		esac
	done
}

# initramfs_get KERNEL INIT: prints its file, which is named after what it is
# made of
initramfs_get() (
	modules=$(initramfs_modules "$1") || exit
	# shellcheck disable=SC2086
	key=$({
		cat "$2" /bin/busybox "${BASH_SOURCE[0]}"
		cat /dev/null $modules
	} | sha256sum | cut -c1-16)
	file=$CACHE/initramfs-$key
	if [ ! -e "$file" ]; then
		work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
		# shellcheck disable=SC2086
		initramfs_fill "$work" "$2" $modules || exit
		(cd "$work" && find . | cpio -o -H newc --quiet) >"$work.cpio" &&
			mv "$work.cpio" "$file" || exit
	fi
	echo "$file"
)
