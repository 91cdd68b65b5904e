#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Run one fuzzer for some seconds, from its seeds. New inputs are kept in
# SCST_CORPUS/NAME when that is set; a finding is printed and kept beside.
#
#	tests/fuzz/run.sh FUZZER SECONDS
set -euo pipefail
fuzzer=$(realpath "$1")
seconds=$2
name=$(basename "$fuzzer")
name=${name#fuzz_}
seeds=$(realpath "$(dirname "$0")")/corpus/$name
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

corpus=${SCST_CORPUS:+$SCST_CORPUS/$name}
corpus=${corpus:-$work/corpus}
mkdir -p "$corpus" "$seeds"
cd "$work"
if ! "$fuzzer" -max_total_time="$seconds" -timeout=20 -rss_limit_mb=4096 \
	-print_final_stats=1 "$corpus" "$seeds" >log 2>&1; then
	echo "$name:"
	tail -n 60 log
	for finding in crash-* leak-* timeout-* oom-*; do
		[ -e "$finding" ] || continue
		echo "finding, as base64:"
		base64 "$finding"
	done
	exit 1
fi
grep -E "number_of_executed_units|new_units_added" log
