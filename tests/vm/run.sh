#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# The kernel modules, tested in a guest that QEMU emulates (no KVM needed):
# fetches Debian's kernels, builds the modules for each, boots it with this
# machine's root, read only below a tmpfs, and runs tests/vm/cases.
#
# A case may say in comments what it wants:
#
#	# vm: smoke		is part of --smoke
#	# vm: long		is only in --long, or by --case
#	# vm: own-boot		a guest of its own
#	# vm: icount		... whose clock counts its instructions: to
#				measure in, whatever else the host does; not
#				with --smp: processors could not wait for each
#				other
#	# vm: cuts=N		N guests of its own that lose their power when
#				the case has made /vm/cut; each time it runs in
#				a second one, with the disk /dev/vda as it is
#	# vm: smp=N mem=MB	of this size (1, 1024)
#	# vm: timeout=SECONDS	on a quiet machine (120)
#	# vm: sanitize=only	on the sanitizer kernel, or =no: not there
#	# vm: handlers		with the library's programs, which are built
set -uo pipefail

TESTS=$(realpath "$(dirname "$0")")
TREE=$(realpath "$TESTS/../..")
BUILDS=${SCST_BUILDS:-$TREE/build-tests}
. "$TESTS/host/kernel.sh"
. "$TESTS/host/initramfs.sh"
. "$TESTS/host/qemu.sh"

usage() {
	cat <<-EOF
	usage: tests/vm/run.sh [OPTION]...

	--kernel 6.1|6.12  on this one; else on both
	--sanitize         on the sanitizer kernel (built first: 25 minutes)
	--case NAME        this case; may be repeated
	--smoke            the few that tell most
	--long             those that take long, too
	--smp N            processors
	--shell            a shell in the guest instead of cases
	--list             the cases and what they want
	--verbose          what cases say, also when they pass
	SCST_BUILDS: where to build (build-tests)
	SCST_CACHE: for kernels (~/.cache/scst)
	EOF
}

KERNELS=()
CASES=()
SUBSET=default
SMP=
SHELL_WANTED=
VERBOSE=
LIST=
while [ $# -gt 0 ]; do
	case $1 in
	--kernel) KERNELS+=("${2:?6.1 or 6.12}") && shift ;;
	--sanitize) KERNELS+=(sanitizer) ;;
	--case) CASES+=("${2:?a case}") && shift ;;
	--smoke) SUBSET=smoke ;;
	--long) SUBSET=long ;;
	--smp) SMP=${2:?a number} && shift ;;
	--shell) SHELL_WANTED=1 ;;
	--list) LIST=1 ;;
	--verbose) VERBOSE=1 ;;
	--help) usage && exit 0 ;;
	*) usage >&2 && exit 2 ;;
	esac
	shift
done
[ ${#KERNELS[@]} -gt 0 ] || KERNELS=(6.1 6.12)

die() {
	echo "tests/vm: $*" >&2
	exit 1
}

skip() {
	echo "$*"
	exit 77
}

cleanup() {
	[ -z "${QEMU_PID:-}" ] || kill "$QEMU_PID"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

# ---- Cases -------------------------------------------------------------------

# wish CASE KEY DEFAULT: what the case says of it
wish() {
	local word

	while read -r word; do
		case $word in
		"$2") echo yes && return ;;
		"$2"=*) echo "${word#*=}" && return ;;
		esac
	done < <(sed -n 's/^# vm: //p' "$TESTS/cases/$1.sh" | tr ' ' '\n')
	echo "$3"
}

all_cases() {
	local file

	for file in "$TESTS"/cases/*.sh; do
		basename "$file" .sh
	done
}

# selected KERNEL: the cases to run on it
selected() {
	local name sanitize

	if [ ${#CASES[@]} -gt 0 ]; then
		printf '%s\n' "${CASES[@]}"
		return
	fi
	for name in $(all_cases); do
		sanitize=$(wish "$name" sanitize -)
		case $1/$sanitize in
		sanitizer/no) continue ;;
		sanitizer/*) ;;
		*/only) continue ;;
		esac
		case $SUBSET in
		smoke) [ "$(wish "$name" smoke no)" = yes ] || continue ;;
		default) [ "$(wish "$name" long no)" = no ] || continue ;;
		esac
		echo "$name"
	done
}

# ---- Programs for the guest ----------------------------------------------------

# Static: those are quicker to start over 9p.
build_tools() {
	local source

	TOOLS=$BUILDS/vm/tools
	mkdir -p "$TOOLS"
	for source in "$TESTS"/tools/*.c; do
		gcc -O2 -Wall -Wextra -Werror -static -pthread \
			-o "$TOOLS/$(basename "$source" .c)" "$source" || return
	done
}

# Handlers, examples and scstctl, if a case wants them.
build_handlers() {
	local kernel name

	HANDLERS=$BUILDS/vm/handlers
	for kernel in "${KERNELS[@]}"; do
		for name in $(selected "$kernel"); do
			[ "$(wish "$name" handlers no)" = no ] || break 2
		done
	done
	[ "$(wish "$name" handlers no)" = yes ] || return 0
	cmake -S "$TREE" -B "$HANDLERS" -G Ninja -DSCST_TESTS=OFF \
		-DSCST_BENCH=OFF >"$BUILDS/vm/handlers.log" &&
		ninja -C "$HANDLERS" >>"$BUILDS/vm/handlers.log" && return
	tail -n 20 "$BUILDS/vm/handlers.log"
	return 1
}

# ---- One kernel ----------------------------------------------------------------

# Sets KERNEL (its directory), IMAGE, HEADERS and MODULES.
prepare() {
	local release

	if [ "$1" = sanitizer ]; then
		KERNEL=$("$TESTS/sanitizer/build.sh") || return
		IMAGE=$KERNEL/bzImage
		HEADERS=$KERNEL/obj
		MODULES=$BUILDS/kmod-sanitizer
		SLOWNESS=6
		# The filter of failslab by cache knows these.
		FAILSLAB="slub_debug=A,kmalloc-*"
	else
		release=$(kernel_release "$1")
		[ -n "$release" ] || {
			echo "skip  $1: no headers; tests/install.sh installs them"
			return 77
		}
		KERNEL=$(kernel_get "$release") || return
		IMAGE=$KERNEL/vmlinux
		HEADERS=/usr/src/linux-headers-$release
		MODULES=$BUILDS/kmod-linux-headers-$release
		SLOWNESS=2
		FAILSLAB=
	fi
	INITRAMFS=$(initramfs_get "$KERNEL" "$TESTS/guest/init.sh") || return
	OUT=$BUILDS/vm/$1
	mkdir -p "$OUT"
	make -s -j"$(nproc)" -C "$TREE/kmod" KDIR="$HEADERS" OUT="$MODULES" \
		>"$OUT/build.log" 2>&1 || {
		cat "$OUT/build.log"
		return 1
	}
}

# boot LABEL SMP MEM SECONDS: a guest for the cases of $OUT/plan
boot() {
	local label=$1 file name clock=host

	read -r name _ <"$OUT/plan"
	[ "$(wish "$name" icount no)" = no ] || [ "$2" -gt 1 ] || clock=icount
	rm -f "$OUT"/{results,status,console,dmesg,modules,*.log}
	touch "$OUT/results"
	for file in "$MODULES"/*.ko; do
		echo "$(basename "$file" .ko) $(modinfo -F depends "$file" |
			tr , ' ')" >>"$OUT/modules"
	done
	cat >"$OUT/env" <<-EOF
	VM_TESTS=$TESTS
	VM_MODULES=$MODULES
	VM_TOOLS=$TOOLS
	VM_HANDLERS=$HANDLERS
	VM_KERNEL=$KERNEL
	VM_OUT=$OUT
	VM_LABEL=$label
	VM_SLOWNESS=$SLOWNESS
	VM_VERBOSE=$VERBOSE
	VM_SHELL=$SHELL_WANTED
	EOF
	cp "$TESTS/guest/main.sh" "$OUT/main.sh"
	qemu_machine "$OUT" "$IMAGE" "$INITRAMFS" "$2" "$3" "$clock"
	[ ! -e "$OUT/disk" ] || qemu_disk "$OUT/disk"
	if [ -n "$SHELL_WANTED" ]; then
		qemu_shell
		return
	fi
	qemu_run "$OUT" "$4"
}

# Emulated, one processor may step on an int3 while another patches the kernel's
# code, long before anything of ours is there. That says nothing, so boot again.
boot_surely() {
	local tries status

	for tries in 1 2 3; do
		status=0
		rm -f "$OUT/boot-seconds"
		boot "$@" || status=$?
		if [ -e "$OUT/boot-seconds" ] ||
			! grep -q 'Oops: int3' "$OUT/console"; then
			break
		fi
		echo "note  $1 boot: the kernel fell over its own patching (try $tries)"
	done
	return $status
}

# The plan's first case without a result ended the guest, or it never came up.
blame() {
	local label=$1 status=$2 name

	name=$(while read -r name _; do
		grep -q " $name\$" "$OUT/results" || echo "$name"
	done <"$OUT/plan" | head -n 1)
	name=${name:-the end}
	[ -e "$OUT/boot-seconds" ] || name=boot
	if [ "$status" -eq 124 ]; then
		echo "FAIL  $label $name: the guest did not end in time"
	else
		echo "FAIL  $label $name: the guest died"
	fi
	{
		tail -n 100 "$OUT/console"
		tail -n 20 "$OUT/$name.log"
	} 2>/dev/null | sed 's/^/      /'
	echo "fail $name" >>"$OUT/results"
}

# run_group LABEL SMP MEM CASE...: in one guest, or in several when one must
# be given up
run_group() {
	local label=$1 smp=$2 mem=$3 name seconds bound status

	shift 3
	while [ $# -gt 0 ]; do
		bound=$((200 * SLOWNESS))
		for name in "$@"; do
			seconds=$(($(wish "$name" timeout 120) * SLOWNESS))
			bound=$((bound + seconds + 60))
			echo "$name $seconds"
		done >"$OUT/plan"
		status=0
		boot_surely "$label" "$smp" "$mem" "$bound" || status=$?
		if [ $status -ne 0 ] || [ ! -s "$OUT/results" ]; then
			blame "$label" $status
		fi
		tally
		[ -e "$OUT/boot-seconds" ] || return
		# shellcheck disable=SC2046
		set -- $(for name in "$@"; do
			grep -q " $name\$" "$OUT/results" || echo "$name"
		done)
	done
}

# run_cuts LABEL SMP MEM CASE: as its "cuts" wants it
run_cuts() {
	local round

	for ((round = $(wish "$4" cuts 1); round > 0; round--)); do
		rm -f "$OUT"/{cut,disk,journal.*}
		truncate -s 1G "$OUT/disk"
		echo "$4 $(($(wish "$4" timeout 120) * SLOWNESS))" >"$OUT/plan"
		boot "$1" "$2" "$3" $((400 * SLOWNESS))
		if [ -e "$OUT/cut" ] && [ ! -s "$OUT/results" ]; then
			run_group "$@"
		elif [ -s "$OUT/results" ]; then
			tally
		else
			blame "$1" 125
			tally
		fi
	done
	rm -f "$OUT"/{cut,disk,journal.*}
}

tally() {
	local verdict name

	while read -r verdict name; do
		case $verdict in
		pass) PASSED=$((PASSED + 1)) ;;
		skip) SKIPPED=$((SKIPPED + 1)) ;;
		*) FAILED+=("$name") ;;
		esac
	done <"$OUT/results"
}

run_kernel() {
	local label=$1 name smp mem key run status=0
	local -A groups=()
	local order=()

	prepare "$1" || status=$?
	case $status in
	0) ;;
	77) SKIPPED=$((SKIPPED + 1)) && return ;;
	*)
		echo "FAIL  $label: no kernel, or no modules"
		FAILED+=("$label")
		return
		;;
	esac
	if [ -n "$SHELL_WANTED" ]; then
		: >"$OUT/plan"
		boot "$label" "${SMP:-1}" 1024 0
		return
	fi
	for name in $(selected "$1"); do
		smp=${SMP:-$(wish "$name" smp 1)}
		mem=$(wish "$name" mem 1024)
		key="$smp $mem"
		[ "$(wish "$name" own-boot no)" = no ] || key+=" $name"
		[ "$(wish "$name" cuts no)" = no ] || key+=" $name cuts"
		[ -n "${groups[$key]:-}" ] || order+=("$key")
		groups[$key]+=" $name"
	done
	for key in "${order[@]}"; do
		read -r smp mem _ <<<"$key"
		run=run_group
		[ "${key% cuts}" = "$key" ] || run=run_cuts
		# shellcheck disable=SC2086
		$run "$label" "$smp" "$mem" ${groups[$key]}
	done
}

# ---- All ---------------------------------------------------------------------------

list() {
	local name

	for name in $(all_cases); do
		printf '%-20s %s\n' "$name" \
			"$(sed -n 's/^# vm: //p' "$TESTS/cases/$name.sh" |
				tr '\n' ' ')"
	done
}

[ -z "$LIST" ] || {
	list
	exit
}
for name in "${CASES[@]}"; do
	[ -e "$TESTS/cases/$name.sh" ] || die "no case $name, see --list"
done
[ "$(id -u)" -eq 0 ] || skip "needs root, to share the machine's root with the guest"
for tool in qemu-system-x86_64 gcc cpio depmod modprobe dpkg-deb; do
	command -v $tool >/dev/null ||
		skip "$tool is not installed: tests/install.sh installs it"
done
[ -x /bin/busybox ] || skip "busybox-static is not installed: tests/install.sh"

PASSED=0
SKIPPED=0
FAILED=()
mkdir -p "$CACHE" "$BUILDS/vm"
BUILDS=$(realpath "$BUILDS")
CACHE=$(realpath "$CACHE")
exec 7>"$BUILDS/vm/.lock"
flock 7
if ! { build_tools && build_handlers; }; then
	die "the programs for the guest cannot be built"
fi
for kernel in "${KERNELS[@]}"; do
	run_kernel "$kernel"
done
[ -z "$SHELL_WANTED" ] || exit 0
echo "$SECONDS s, $PASSED passed, ${#FAILED[@]} failed, $SKIPPED skipped"
[ ${#FAILED[@]} -eq 0 ] || exit 1
[ $PASSED -gt 0 ] || exit 77
