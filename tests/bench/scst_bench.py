# SPDX-License-Identifier: BSD-3-Clause
"""scst-bench: targets, peers and TCP alone under the same load, in turn.

run.sh starts this, and says in the environment where scst-disk, scst-load
and scst-echo are.
"""
import argparse
import datetime
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile

import chart
import fio
import machine
import report
import targets as target_kinds
import workloads
from machine import Failure, say
from rounds import Bench
from targets import find

SCHEMA = 1
IDLE_SECONDS = 10

EPILOG = """\
workloads: [rand]read|write|mix-SIZE-qdDEPTH[-sSESSIONS][-lLUNS][-digests],
  such as randread-4k-qd32, write-1m-qd8 or randmix-4k-qd8-s16-l16-digests

targets:
  scst-null, scst-ram   scst-disk without a medium
  scst-file             scst-disk on a file of --tmpfs
  scst-direct           scst-disk with O_DIRECT on a file of --dir
  tgt-null, tgt-rdwr, tgt-direct
                        tgtd with the same, as Debian configures it
  echo                  TCP alone: messages of the same sizes
  handler               the command of --handler

in the source tree, SCST_BUILD names a build directory to use as it is

A handler is given with its whole command line, on a port that is free:
  scst-bench --handler './my-handler --listen 127.0.0.1:0 --device name=d0'
What it serves is overwritten, but by --workload with reads only.
"""


def size(text):
    """Bytes, with a suffix k, M or G."""
    units = {'k': 10, 'm': 20, 'g': 30}
    unit = units.get(text[-1:].lower())
    digits = text[:-1] if unit else text
    if not digits.isdigit():
        raise argparse.ArgumentTypeError(f"'{text}': want a size, as 256M")
    return int(digits) << (unit or 0)


def version():
    """Of the project; the file is beside this one where it is installed."""
    here = os.path.dirname(os.path.abspath(__file__))
    for path in ('VERSION', '../../kmod/VERSION'):
        try:
            with open(os.path.join(here, path), encoding='utf-8') as file:
                return file.read().strip()
        except OSError:
            pass
    return 'unknown'


def positive(kind):
    """A number above 0."""
    def parse(text):
        try:
            value = kind(text)
        except ValueError:
            value = 0
        if not 0 < value < 1 << 20:
            raise argparse.ArgumentTypeError(f"'{text}': want a number "
                                             'above 0')
        return value
    return parse


class Parser(argparse.ArgumentParser):
    """Says what is wrong in one line, like the other programs."""

    def error(self, message):
        self.exit(2, f'{self.prog}: {message}, see --help\n')


def parse_options():
    """The command line."""
    parser = Parser(
        prog='scst-bench', epilog=EPILOG, allow_abbrev=False,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description='Measure iSCSI targets beside each other: IOPS, latency, '
        'and the CPU time, context switches and system calls that they take.')
    add = parser.add_argument
    sets = '; '.join(f'{name}: {entry.summary}'
                     for name, entry in workloads.SETS.items())
    add('--set', choices=workloads.SETS, metavar='NAME',
        help=f'a set of workloads: {sets} (goals)')
    add('--workload', action='append', metavar='NAME',
        help='a workload instead; may be repeated')
    add('--targets', metavar='NAME,...', help='instead of those of the set')
    add('--handler', metavar='CMD', help='measure this handler')
    add('--fill', action='store_true',
        help='write what the handler serves once before measuring')
    add('--rounds', type=positive(int), metavar='N',
        help='(7; smoke: 1)')
    add('--seconds', type=positive(float), metavar='N',
        help='of each measurement (3; smoke: 0.3)')
    add('--warmup', type=positive(float), metavar='N',
        help='seconds before it (0.5; smoke: 0.1)')
    add('--cpus', metavar='T,G', default='',
        help='processors of target and generator, each N, N-M or several '
        "with + between; 'any': not pinned (the first two cores)")
    add('--size', type=size, metavar='SIZE',
        help='of all LUNs of a target together (256M; smoke: 16M)')
    add('--tmpfs', metavar='DIR', default='/dev/shm',
        help='for files in the page cache (/dev/shm)')
    add('--dir', metavar='DIR', default='/var/tmp',
        help='for files past it (/var/tmp)')
    add('--idle', type=int, metavar='N',
        help='sessions that do nothing; 0: do not measure that '
        f'({workloads.IDLE_SESSIONS}; smoke: 50; with --workload: 0)')
    add('--front', choices=('load', 'fio'), default='load',
        help='what makes the load: scst-load, or fio through an initiator '
        '(load)')
    add('--fio-engine', choices=('nbd', 'libiscsi'), default='nbd',
        help='nbd: through qemu-nbd (nbd)')
    add('--no-syscalls', dest='syscalls', action='store_false',
        help='do not count system calls')
    add('--json', metavar='FILE', default='scst-bench.json',
        help="results (scst-bench.json); '': none")
    add('--svg', metavar='FILE', default='scst-bench.svg',
        help="plot (scst-bench.svg); '': none")
    add('--list', action='store_true',
        help='print the workloads of the set and exit')
    add('--no-install', action='store_true',
        help='install no packages, which is done as root only')
    add('--version', action='version', version='scst-bench ' +
        version())
    return parser, parser.parse_args()


def complete(options):
    """What depends on the set."""
    smoke = options.set == 'smoke'
    if not options.set:
        options.set = 'handler' if options.handler else 'goals'
    options.rounds = options.rounds or (1 if smoke else 7)
    options.seconds = options.seconds or (0.3 if smoke else 3)
    options.warmup = options.warmup or (0.1 if smoke else 0.5)
    options.size = options.size or size('16M' if smoke else '256M')
    if options.idle is None:
        options.idle = 0 if options.workload else \
            50 if smoke else workloads.IDLE_SESSIONS
    if not 0 <= options.idle <= 4000:
        raise ValueError('--idle: 0 to 4000')


def plan(options):
    """Pairs of a workload and the names of its targets; and who idles."""
    chosen = workloads.SETS[options.set]
    names = options.workload or chosen.workloads
    everyone = options.targets.split(',') if options.targets else None
    pairs = []
    for name in names:
        work = workloads.parse(name)
        default = chosen.targets.get(name, chosen.targets.get(None)) or \
            ['scst-ram', 'scst-file', 'tgt-rdwr', 'echo']
        pairs.append((work, list(everyone or default)))
    idlers = [name for name in everyone or chosen.idle if name != 'echo']
    for wanted in [idlers] + [names for _, names in pairs]:
        if options.handler and 'handler' not in wanted:
            wanted.insert(0, 'handler')
    return pairs, idlers if options.idle else []


def for_fio(pairs):
    """Those of the plan that fio can do."""
    for work, _ in pairs:
        reason = fio.suits(work)
        if reason:
            say(f'without {work.name}: {reason}')
    return [pair for pair in pairs if not fio.suits(pair[0])]


def tools():
    """Where run.sh says that they are, or in the path."""
    found = []
    for name in ('disk', 'load', 'echo'):
        path = os.environ.get('SCST_BENCH_' + name.upper()) or \
            find('scst-' + name)
        found.append(path or 'scst-' + name)
    return found


def tgt_version():
    """As tgtd says it."""
    try:
        return subprocess.run([find('tgtd') or 'tgtd', '--version'],
                              capture_output=True, text=True, timeout=10,
                              check=False).stdout.strip()
    except (OSError, subprocess.TimeoutExpired):
        return ''


class Run:
    """All of it."""

    def __init__(self, options, setup, pairs, idlers):
        self.options = options
        self.pairs = pairs
        self.idlers = idlers
        self.left_out = {}
        self.bench = Bench(setup, options)
        self.targets = {}
        for name in dict.fromkeys(name for _, names in
                                  pairs + [(None, idlers)]
                                  for name in names):
            self.targets[name] = target_kinds.make(name, setup,
                                                   options.handler,
                                                   options.fill)

    def leave_out(self):
        """What is not installed."""
        for name, target in self.targets.items():
            reason = target.missing()
            if self.options.front == 'fio' and name == 'echo':
                reason = 'fio cannot talk to it'
            if reason:
                self.left_out[name] = reason
                say(f'without {name}: {reason}')

    def present(self, names):
        """The targets of these names that can be had."""
        return [self.targets[name] for name in names
                if name not in self.left_out]

    def warn(self):
        """How long it takes, and whether it is worth it."""
        options, busy = self.options, os.getloadavg()[0]
        turns = sum(len(self.present(names)) for _, names in self.pairs)
        turn = options.seconds + options.warmup + 0.2
        say(f'about {max(1, turns * options.rounds * turn / 60):.0f} min')
        if busy > 1:
            say(f'others use this machine (load {busy:.1f}): '
                'the numbers will mean little')

    def measure(self):
        """The document that --json saves."""
        self.leave_out()
        self.warn()
        peers = [name for name in self.targets
                 if name == 'echo' or not name.startswith('scst-')
                 and name != 'handler']
        if self.options.handler:
            peers += [name for name in self.targets
                      if name.startswith('scst-')]
        entries = []
        for work, names in self.pairs:
            entry = self.bench.workload(work, self.present(names), peers)
            entries.append(entry)
            print(report.workload(entry, peers) + '\n', flush=True)
        idlers = self.measure_idle()
        return {'schema': SCHEMA, 'program': 'scst-bench',
                'version': version(),
                'date': datetime.datetime.now(datetime.timezone.utc)
                .isoformat(timespec='seconds'),
                'machine': machine.describe(), 'settings': self.settings(),
                'left_out': self.left_out, 'failures': self.bench.failures,
                'workloads': entries, 'idle': idlers,
                'goals': report.goals(entries, idlers)
                if self.options.front == 'load' else []}

    def measure_idle(self):
        """By target."""
        found = {}
        seconds = 1 if self.options.set == 'smoke' else IDLE_SECONDS
        for target in self.targets.values():
            target.stop()
        for target in self.present(self.idlers):
            try:
                found[target.name] = self.bench.idle(
                    target, self.options.idle, seconds)
            except Failure as failure:
                self.bench.fail('idle', target, failure)
        if found:
            print(report.idle(found) + '\n', flush=True)
        return found

    def settings(self):
        """Under which it was measured."""
        setup, options = self.bench.setup, self.options
        return {'set': options.set, 'rounds': options.rounds,
                'seconds': options.seconds, 'warmup': options.warmup,
                'size': setup.size, 'front': options.front,
                'fio_engine': options.fio_engine
                if options.front == 'fio' else None,
                'target_cpus': sorted(setup.target_cpus or []),
                'load_cpus': sorted(setup.load_cpus or []),
                'tmpfs': setup.tmpfs, 'dir': setup.direct,
                'handler': options.handler, 'tgt': tgt_version()}

    def stop(self):
        """Nothing stays."""
        for target in self.targets.values():
            target.stop()


def save(path, words):
    """A result."""
    with open(path, 'w', encoding='utf-8') as file:
        file.write(words)
    say(f'saved {path}')


def finish(document, options):
    """Print what it comes to, save it; the exit status."""
    if document['goals']:
        print(report.goal_table(document['goals']))
    for words in report.busy(document['workloads']):
        say(f'the generator was busy more than half of the time: {words}')
    if options.json:
        save(options.json, json.dumps(document, indent=1) + '\n')
    if options.svg:
        save(options.svg, chart.draw(document))
    return 1 if document['failures'] else 0


def main():
    """0: measured; 1: something could not be; 2: wrong options."""
    parser, options = parse_options()
    try:
        complete(options)
        pairs, idlers = plan(options)
        target_cpus, load_cpus = machine.parse_cpus(options.cpus)
        if options.front == 'fio':
            reason = fio.missing(options.fio_engine)
            if reason:
                raise ValueError(f'--front fio: {reason}')
            pairs = for_fio(pairs)
    except (ValueError, Failure) as error:
        parser.error(str(error))
    if options.list:
        for work, names in pairs:
            print(work.name, ' '.join(names))
        return 0
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    if load_cpus:
        os.sched_setaffinity(0, load_cpus)
    work = tempfile.mkdtemp(prefix='scst-bench-')
    run = None
    try:
        setup = target_kinds.Setup(*tools(), work, options.tmpfs, options.dir,
                                   options.size, target_cpus, load_cpus)
        run = Run(options, setup, pairs, idlers)
        return finish(run.measure(), options)
    except (ValueError, Failure) as error:
        parser.error(str(error))
    except OSError as error:
        say(f'scst-bench: {error}')
        return 1
    except KeyboardInterrupt:
        return 130
    finally:
        if run:
            run.stop()
        shutil.rmtree(work, ignore_errors=True)


if __name__ == '__main__':
    sys.exit(main())
