#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# checkpatch.pl has nothing to say of the modules. It is in no package: it
# comes with the source of the sanitizer kernel (tests/vm/sanitizer).
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
cache=${SCST_CACHE:-$HOME/.cache/scst}
checkpatch=$(find "$cache" -maxdepth 4 -path '*/scripts/checkpatch.pl' |
	head -n 1)
[ -n "$checkpatch" ] || {
	echo "checkpatch: skipped: the sanitizer kernel is not built"
	exit 77
}

# What does not hold here: the portable core exports from one file, as it knows
# nothing of modules; two kernels are built for; macros make tables and loops.
ignore=EXPORT_SYMBOL,LINUX_VERSION_CODE,CONSTANT_COMPARISON,COMPLEX_MACRO
ignore+=,ASSIGN_IN_IF
types=$(mktemp)
trap 'rm -f "$types"' EXIT
echo sbc_op >"$types"
git ls-files 'kmod/*.[ch]' |
	xargs "$checkpatch" --no-tree --terse --show-types --no-summary \
		--typedefsfile "$types" --ignore "$ignore" -f
