# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# Sourced by vdisk.sh if USER_DISKS is set: the devices that a case wants of
# scst_vdisk are scst_user's instead, and scst-disk serves them. Attributes
# that scst_user does not have are options of scst-disk.
. "$VM_TESTS/handlers.sh"

declare -A DISK_OPTION	# by NAME.ATTRIBUTE
declare -A DISK_PID	# by NAME: who serves it now

device_get() {
	cat "$SCST/devices/user/${1#*/}/$2"
}

device_add() {
	load_modules scst_user
	mkdir "$SCST/devices/user/${1#*/}"
	defer device_del "$1"
	device_set "$@"
}

# What serves it ends by itself.
device_del() {
	local name=${1#*/}

	[ -e "$SCST/devices/user/$name" ] || return 0
	rmdir "$SCST/devices/user/$name"
	[ -z "${DISK_PID[$name]:-}" ] || wait "${DISK_PID[$name]}"
	unset "DISK_PID[$name]"
}

device_set() {
	local device=$1 name=${1#*/} setting attribute value

	for setting in "${@:2}"; do
		attribute=${setting%%=*}
		value=${setting#*=}
		case $attribute in
		enable)
			disk_stop "$name"
			echo "$value" >"$SCST/devices/user/$name/enable" ||
				return
			[ "$value" = 0 ] || disk_serve "$device"
			;;
		path | size | block_size | direct | thin)
			DISK_OPTION[$name.$attribute]=$value
			[ -z "${DISK_PID[$name]:-}" ] || {
				disk_stop "$name"
				disk_serve "$device"
			}
			;;
		*)
			echo "$value" >"$SCST/devices/user/$name/$attribute" ||
				return
			;;
		esac
	done
}

device_disable() {
	[ -e "$SCST/devices/user/${1#*/}" ] || return 0
	device_set "$1" enable=0
	wait_for "$1 to close" 30 device_is "$1" disabled
}

disk_option() {
	echo "${DISK_OPTION[$1]:-$2}"
}

# The defaults are those of scst_vdisk.
disk_serve() {
	local name=${1#*/} words

	words=name=$name,block-size=$(disk_option "$name.block_size" 512)
	words+=${DISK_OPTION[$name.path]:+,path=${DISK_OPTION[$name.path]}}
	case $1 in
	nullio/*) words+=,backend=null,size=$(disk_option "$name.size" 1G) ;;
	fileio/*) words+=${DISK_OPTION[$name.size]:+,size=${DISK_OPTION[$name.size]}} ;;
	esac
	[ "${1%%/*}" = nullio ] || [ "$(disk_option "$name.thin" 1)" = 0 ] ||
		words+=,thin
	[ "$(disk_option "$name.direct" 0)" = 0 ] || words+=,direct
	serve "$name" "$SCST_DISK" --device "$words"
	DISK_PID[$name]=$PID
}

disk_stop() {
	[ -n "${DISK_PID[$1]:-}" ] || return 0
	PID=${DISK_PID[$1]}
	unset "DISK_PID[$1]"
	serve_stop
}
