#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# The bench measures, and says what it says it says; how fast is not asked.
. "$(dirname "$0")/lib.sh"
requires python3
[ -x "$SCST_BUILD/tests/bench/scst-load" ] || skip "built without SCST_BENCH"

BENCH=$SOURCE/tests/bench/run.sh
mkdir "$WORK/tmp"
export TMPDIR=$WORK/tmp
cd "$WORK"

# bench STATUS ARGS...: quick, and without a trace but the results
bench() {
	local want=$1 status=0

	shift
	"$BENCH" --no-install --tmpfs "$TMPDIR" --dir "$TMPDIR" "$@" \
		>bench.out 2>bench.log || status=$?
	[ "$status" -eq "$want" ] || die "$*: status $status, not $want"
	[ -z "$(ls "$TMPDIR")" ] || die "$*: left behind: $(ls "$TMPDIR")"
}

bench 0 --set smoke
cat >check.py <<'EOP'
import json
import sys
import xml.etree.ElementTree

with open('scst-bench.json', encoding='utf-8') as file:
    document = json.load(file)
assert document['schema'] == 1, document['schema']
assert not document['failures'], document['failures']
assert not document['left_out'], document['left_out']
for part in ('date', 'machine', 'settings', 'goals'):
    assert part in document, part
names = [entry['name'] for entry in document['workloads']]
assert names == ['randread-4k-qd8', 'write-128k-qd2-s2-l2-digests'], names

for entry in document['workloads']:
    results = entry['results']
    assert set(results) == {'scst-ram', 'scst-file', 'echo'}, set(results)
    for name, result in results.items():
        for metric in ('iops', 'mbps', 'p50', 'p99', 'p999', 'cpu_us', 'cpu',
                       'load_cpu_us', 'load_cpu'):
            spread = result[metric]
            assert 0 < spread['min'] <= spread['median'] <= spread['max'], \
                (entry['name'], name, metric, spread)
        assert result['switches']['min'] >= 0
        assert result['p50']['median'] <= result['p999']['median']
        assert len(result['samples']) == document['settings']['rounds']
        # A call is good for many commands, but not for a thousand of these.
        assert result.get('syscalls', 1) > 0.001, (name, result['syscalls'])
        if name != 'echo':
            size = result['mbps']['median'] / result['iops']['median'] * 1e6
            assert abs(size / entry['size'] - 1) < 0.01, size
    for pair in ('scst-ram/echo', 'scst-file/echo'):
        ratio = entry['ratios'][pair]
        assert ratio['iops']['median'] > 0 and ratio['cpu_us']['median'] > 0

idle = document['idle']['scst-ram']
assert idle['sessions'] == 50 and idle['cpu_percent'] >= 0, idle
assert {'pss_per_session', 'private_per_session'} <= set(idle), idle
text = ''.join(xml.etree.ElementTree.parse('scst-bench.svg').getroot()
               .itertext())
assert all(name in text for name in names), text
with open('bench.out', encoding='utf-8') as file:
    printed = file.read()
assert all(name in printed for name in names), printed
EOP
python3 check.py || die "$(cat scst-bench.json)"

# A handler of somebody else's; and one that does not start.
quick=(--rounds 2 --seconds 0.2 --warmup 0.1 --size 4M --idle 0 --no-syscalls
	--workload randmix-8k-qd4-s2 --json out.json --svg '')
bench 0 "${quick[@]}" --targets echo --handler \
	"$SCST_BUILD/examples/ramdisk --listen 127.0.0.1:0 --device name=d0"
python3 - <<'EOP' || die "$(cat out.json)"
import json

with open('out.json', encoding='utf-8') as file:
    document = json.load(file)
entry = document['workloads'][0]
assert len(entry['results']['handler']['samples']) == 2
assert 'handler/echo' in entry['ratios']
EOP
bench 1 "${quick[@]}" --targets echo --handler 'echo out of order >&2; false'
grep -q 'without handler: .*out of order' bench.log || die "no reason given"

# fio through an initiator, where both are installed.
if [ -n "$(type -P fio)" ] && [ -n "$(type -P qemu-nbd)" ]; then
	bench 0 "${quick[@]}" --front fio --workload randmix-4k-qd4 \
		--rounds 1 --seconds 0.5 --targets scst-ram
	grep -q '^scst-ram ' bench.out || die "fio: $(cat bench.out)"
fi

# refuses TEXT ARGS...: one line that has TEXT in it
refuses() {
	local text=$1

	shift
	bench 2 "$@"
	[ "$(wc -l <bench.log)" -eq 1 ] || die "$*: more than one line"
	grep -qF -- "$text" bench.log || die "$*: $(cat bench.log)"
}

refuses "'randread-4k': want [rand]read" --workload randread-4k
refuses "'nobody': no such target" --targets nobody
refuses "without --handler" --targets handler
refuses "want T,G" --cpus 0
refuses "'4x': want a size" --size 4x
refuses "see --help" --no-such-option
bench 0 --list
grep -q '^randread-4k-qd32 .*tgt-rdwr' bench.out || die "$(cat bench.out)"

# All that is there is documented.
page=$SOURCE/tests/bench/scst-bench.1
"$BENCH" --help >help
grep -o '^  --[a-z-]*' help | sort -u | while read -r option; do
	grep -qF "Fl \\-${option#--}" "$page" || die "$page: no $option"
done
if command -v mandoc >/dev/null; then
	mandoc -T lint -W warning "$page" || die "$page"
fi
