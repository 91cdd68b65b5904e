#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# libiscsi's conformance suite against scst-disk: no failure, and at least
# MINIMUM tests of the SCSI family executed on one LUN. A test that printed
# [SKIPPED] was not executed, whatever CUnit counts it as.
. "$(dirname "$0")/../functional/lib.sh"
requires iscsi-test-cu

MINIMUM=150

# Thin and removable; small enough that no test asks for more than one command
# can move; and unmapped blocks are not
# promised to be zero, because SCSI.WriteSame10.UnmapUntilEnd asks for zeroes
# after unmapping by a pattern that is not zero (SBC-4 5.50: the pattern then
# is written).
start "$DISK" --device name=d,backend=ram,size=24M,thin,removable,unmap-zeroes=off

# run FAMILY: prints and keeps a line a test: SUITE.TEST passed|skipped|failed
run() {
	local family=$1

	timeout 900 iscsi-test-cu --dataloss --test="$family" "$URL" \
		>"$WORK/$family.out" 2>&1 || true
	grep -q "Run Summary" "$WORK/$family.out" || {
		tail -n 20 "$WORK/$family.out"
		die "$family: the suite did not run to its end"
	}
	awk '
	function flush() { if (test != "") print suite "." test, result }
	/^Suite: / { flush(); test = ""; suite = $2 }
	/^  Test: / { flush(); test = $2; result = "passed" }
	{ sub(/passed +\[SKIPPED\].*/, "passed") }	# from the clean-up
	/\[SKIPPED\]/ { if (result == "passed") result = "skipped" }
	/^FAILED/ || /\.\.\.FAILED/ { result = "failed" }
	END { flush() }' "$WORK/$family.out" >"$WORK/$family.results"
	printf '%-8s %4d executed  %4d passed  %4d failed  %4d skipped\n' \
		"$family" "$(grep -vc ' skipped$' "$WORK/$family.results")" \
		"$(grep -c ' passed$' "$WORK/$family.results")" \
		"$(grep -c ' failed$' "$WORK/$family.results" || true)" \
		"$(grep -c ' skipped$' "$WORK/$family.results" || true)"
}

failed=0
for family in SCSI iSCSI; do
	run $family
	if grep ' failed$' "$WORK/$family.results"; then
		failed=1
		grep -B2 -A6 FAILED "$WORK/$family.out" | head -n 100
	fi
done
passed=$(grep -c ' passed$' "$WORK/SCSI.results")
if [ "$passed" -lt $MINIMUM ]; then
	grep ' skipped$' "$WORK/SCSI.results"
	die "only $passed tests of the SCSI family were executed and passed"
fi
stop
exit $failed
