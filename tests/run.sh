#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Everything that must hold before a change goes in: installs what it needs
# (Debian 12), builds, runs the tests. --long runs what takes hours, too.
#
#	tests/run.sh [--long] [--only STEP]...
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1

LONG=0
ONLY=()
BUILDS=${SCST_BUILDS:-$PWD/build-tests}
FUZZ_SECONDS=30

usage() {
	cat <<-EOF
	usage: tests/run.sh [--long] [--only STEP]...

	steps: install style gcc clang asan tsan fuzz kmod vm
	--long: fuzzers for ten minutes each, and many times the durability runs;
	        all cases in the guests, on the sanitizer kernel, too
	SCST_BUILDS: where to build (build-tests)
	EOF
}

while [ $# -gt 0 ]; do
	case $1 in
	--long) LONG=1 FUZZ_SECONDS=600 ;;
	--only) ONLY+=("${2:?a step}") && shift ;;
	--help) usage && exit 0 ;;
	*) usage >&2 && exit 2 ;;
	esac
	shift
done

FAILED=()
SKIPPED=()
START=$SECONDS

wanted() {
	local step

	[ ${#ONLY[@]} -eq 0 ] && return 0
	for step in "${ONLY[@]}"; do
		[ "$step" = "$1" ] && return 0
	done
	return 1
}

# report NAME STATUS SECONDS LOG: quiet when it passed, all it said when not
report() {
	local name=$1 status=$2 log=$4

	case $status in
	0) echo "pass  $name ($3 s)" ;;
	77)
		echo "skip  $name: $(tail -n 1 "$log")"
		SKIPPED+=("$name")
		;;
	*)
		echo "FAIL  $name (status $status)"
		sed 's/^/      /' "$log" | tail -n 200
		FAILED+=("$name")
		;;
	esac
	rm -f "$log"
	return "$status"
}

# check NAME COMMAND...
check() {
	local name=$1 log status=0 began=$SECONDS

	shift
	log=$(mktemp)
	"$@" >"$log" 2>&1 || status=$?
	report "$name" $status $((SECONDS - began)) "$log"
}

# later NAME COMMAND...: check() beside what follows; reported by now_later
later() {
	LATER_NAME=$1 LATER_LOG=$(mktemp) LATER_BEGAN=$SECONDS

	shift
	"$@" >"$LATER_LOG" 2>&1 &
	LATER=$!
}

now_later() {
	local status=0

	[ -n "${LATER:-}" ] || return 0
	wait "$LATER" || status=$?
	report "$LATER_NAME" $status $((SECONDS - LATER_BEGAN)) "$LATER_LOG"
	LATER=
}

# build DIR OPTION...
build() {
	local dir=$BUILDS/$1 name=$1

	shift
	check "configure $name" cmake -G Ninja -S . -B "$dir" \
		-DSCST_WERROR=ON "$@" &&
		check "build $name" ninja -C "$dir"
}

# suite NAME SCRIPT...: unit tests and the scripts on the build NAME; with
# scripts conformance, which takes as long as all of them, beside them
suite() {
	local name=$1 script

	shift
	check "$name: unit tests" ctest --test-dir "$BUILDS/$name" \
		--output-on-failure -j "$(nproc)"
	export SCST_BUILD=$BUILDS/$name
	[ $# -eq 0 ] || later "$name: conformance" tests/conformance/run.sh
	for script in "$@"; do
		check "$name: $(basename "$script" .sh)" "$script"
	done
	now_later
	unset SCST_BUILD
}

functional() {
	find tests/functional -name '*.sh' ! -name lib.sh | sort
}

# One on each processor; what fails says its name.
fuzz() {
	local fuzzers

	mapfile -t fuzzers < <(find "$BUILDS/fuzz/tests" -maxdepth 1 \
		-name 'fuzz_*' -type f)
	check "${#fuzzers[@]} fuzzers, $FUZZ_SECONDS s each" \
		xargs -a <(printf '%s\n' "${fuzzers[@]}") -P "$(nproc)" -I {} \
		tests/fuzz/run.sh {} "$FUZZ_SECONDS"
}

kmod() {
	local headers found=0 sparse=()

	[ $LONG -eq 0 ] || sparse=(--sparse)

	for headers in /usr/src/linux-headers-*-amd64; do
		[ -e "$headers/Makefile" ] || continue
		case $headers in
		*-cloud-*|*-rt-*|*-common*) continue ;;
		esac
		found=1
		check "kmod against ${headers##*/linux-headers-}" \
			tests/kmod/build.sh "${sparse[@]}" "$headers" \
			"$BUILDS/kmod-${headers##*/}"
	done
	[ $found -eq 1 ] || check "kmod" sh -c "echo no kernel headers; exit 77"
}

# The modules in guests; fetches kernels, and for --long builds one.
vm() {
	export SCST_BUILDS=$BUILDS
	if [ $LONG -eq 0 ]; then
		check "vm, smoke" tests/vm/run.sh --smoke
		return
	fi
	check "vm" tests/vm/run.sh --long
	check "vm, sanitizer kernel" tests/vm/run.sh --long --sanitize
	check "four commands on a fresh machine" tests/vm/fresh.sh
	check "checkpatch" tests/kmod/checkpatch.sh
}

if wanted install; then
	check "install" tests/install.sh || exit 1
fi
if wanted style; then
	for script in tests/style/*.sh; do
		check "$(basename "$script" .sh)" "$script"
	done
	# shellcheck disable=SC2046
	check "shellcheck" shellcheck -x -P SCRIPTDIR \
		$(git ls-files '*.sh' '.ci/run')
fi
# shellcheck disable=SC2046
if wanted gcc; then
	[ $LONG -eq 0 ] || export OPS=100000 SCST_LONG=1
	build gcc && suite gcc $(functional)
fi
if wanted clang; then
	build clang -DCMAKE_C_COMPILER=clang && suite clang
fi
# One configuration is enough to find what sanitizers find.
[ $LONG -ne 0 ] || export SCST_CONFORMANCE=main
# shellcheck disable=SC2046
if wanted asan; then
	export ASAN_OPTIONS=detect_leaks=1:abort_on_error=1
	build asan -DSCST_SANITIZE=address && suite asan $(functional)
fi
# shellcheck disable=SC2046
if wanted tsan; then
	export TSAN_OPTIONS=halt_on_error=1
	build tsan -DCMAKE_C_COMPILER=clang -DSCST_SANITIZE=thread &&
		suite tsan $(functional)
fi
if wanted fuzz; then
	build fuzz -DCMAKE_C_COMPILER=clang -DSCST_SANITIZE=address \
		-DSCST_FUZZ=ON && fuzz
fi
if wanted kmod; then
	kmod
fi
if wanted vm; then
	vm
fi

echo
echo "$((SECONDS - START)) s, ${#FAILED[@]} failed, ${#SKIPPED[@]} skipped"
[ ${#FAILED[@]} -eq 0 ] || printf 'failed: %s\n' "${FAILED[@]}"
if [ $LONG -eq 0 ]; then
	echo "Only with --long: ten minutes of each fuzzer, 100000 commands in each durability run, SANITIZE with a reset, all of conformance under sanitizers, every allocation of the fault sweep, all cases in guests, the sanitizer kernel, the four commands of kernel.md on a fresh machine."
fi
[ ${#FAILED[@]} -eq 0 ]
