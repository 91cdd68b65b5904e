# SPDX-License-Identifier: BSD-3-Clause
"""Measuring: rounds in which every target has its turn, then what would
disturb them: system calls; and sessions that do nothing."""
import contextlib
import json
import os
import select
import statistics
import subprocess
import time

import fio
import machine
from machine import Failure, say
from targets import find

METRICS = ('iops', 'mbps', 'p50', 'p99', 'p999', 'cpu_us', 'cpu', 'switches',
           'load_cpu_us', 'load_cpu')
RATIOS = ('iops', 'cpu_us')
SYSCALL_SECONDS = 1.0          # at most


def spread(values):
    """Median, and how far they went."""
    return {'median': statistics.median(values), 'min': min(values),
            'max': max(values)}


class Bench:
    """One run of the program."""

    def __init__(self, setup, options):
        self.setup = setup
        self.options = options
        self.failures = []

    # ---- One measurement ----------------------------------------------------

    def load_command(self, target, work, seconds, warmup):
        """scst-load, or scst-echo."""
        times = ['--seconds', str(seconds), '--warmup', str(warmup)]
        if target.name == 'echo':
            args = [self.setup.echo] + work.echo_args() + times
            cpus = self.setup.target_cpus, self.setup.load_cpus
            if cpus[0]:
                args += ['--cpus', f'{min(cpus[0])},{min(cpus[1])}']
            return args, None
        args = [self.setup.load] + work.load_args() + times
        for pid in target.pids():
            args += ['--pid', str(pid)]
        args += ['--span', str(target.span()), target.url]
        return args, self.setup.load_cpus

    def once(self, target, work):
        """One sample of one target."""
        seconds, warmup = self.options.seconds, self.options.warmup
        target.require(work.luns, work.digests)
        if self.options.front == 'fio':
            return fio.run(self.setup, target, work, seconds,
                           self.options.fio_engine)
        args, cpus = self.load_command(target, work, seconds, warmup)
        out = machine.run(args, cpus, seconds + warmup + 60)
        sample = json.loads(out)
        if not sample['commands']:
            raise Failure(f'{target.name}: not one command in {seconds} s')
        return sample

    # ---- Rounds -------------------------------------------------------------

    def rounds(self, work, targets):
        """Samples by target; one that fails is out."""
        samples = {target.name: [] for target in targets}
        targets = list(targets)
        for number in range(self.options.rounds):
            # Whoever is first is another one each time.
            first = number % len(targets) if targets else 0
            for target in targets[first:] + targets[:first]:
                try:
                    samples[target.name].append(self.once(target, work))
                except Failure as failure:
                    self.fail(work.name, target, failure)
                    targets.remove(target)
                    del samples[target.name]
            say(f'{work.name}: round {number + 1} of {self.options.rounds}')
        return samples

    def fail(self, what, target, failure):
        """Goes on without it."""
        say(f'{what}: without {target.name}: {failure}')
        self.failures.append({'workload': what, 'target': target.name,
                              'reason': str(failure)})
        target.stop()

    def workload(self, work, targets, peers):
        """Results of a workload, for the JSON."""
        samples = self.rounds(work, targets)
        results = {}
        for target in targets:
            if not samples.get(target.name):
                continue
            mine = samples[target.name]
            result = {name: spread([sample[name] for sample in mine])
                      for name in METRICS if name in mine[0]}
            result['samples'] = mine
            if self.options.syscalls and target.name != 'echo':
                result.update(self.syscalls(target, work))
            results[target.name] = result
        return dict(work.as_dict(), results=results,
                    ratios=ratios(results, peers))

    # ---- System calls -------------------------------------------------------

    def syscalls(self, target, work):
        """System calls for each I/O, in a round that counts for nothing
        else; nothing where neither perf nor strace may."""
        for by, count in (('perf', self.perf), ('strace', self.strace)):
            try:
                return {'syscalls': count(target, work), 'syscalls_by': by}
            except Failure as failure:
                reason = str(failure)
        say(f'{work.name}: {target.name}: no system calls: {reason}')
        return {}

    def counting(self):
        """How long system calls are counted."""
        return min(SYSCALL_SECONDS, self.options.seconds)

    def perf(self, target, work):
        """perf stat, from the first login to the end."""
        if not find('perf'):
            raise Failure('perf is not installed')
        args, cpus = self.load_command(target, work, self.counting(), 0)
        counted = os.path.join(self.setup.work, 'perf')
        pids = ','.join(str(pid) for pid in target.pids())
        out = machine.run([find('perf'), 'stat', '-x,', '-o', counted, '-e',
                           'raw_syscalls:sys_enter', '-p', pids, '--'] + args,
                          cpus, 60)
        with open(counted, encoding='utf-8') as file:
            lines = [line.split(',') for line in file
                     if 'raw_syscalls' in line]
        if not lines or not lines[0][0].isdigit():
            raise Failure('perf does not count system calls here')
        return per_command(int(lines[0][0]), out)

    def strace(self, target, work):
        """strace -c, which slows the target down: fewer I/Os share a call
        than otherwise."""
        if not find('strace'):
            raise Failure('neither perf nor strace can be used')
        counted = os.path.join(self.setup.work, 'strace')
        args = [find('strace'), '-c', '-f', '-o', counted]
        for pid in target.pids():
            args += ['-p', str(pid)]
        tracer = machine.spawn(args, self.setup.load_cpus,
                               stderr=subprocess.PIPE)
        try:
            # It says so when it is attached.
            if not tracer.stderr.readline().count('attached'):
                raise Failure('strace may not attach')
            args, cpus = self.load_command(target, work, self.counting(), 0)
            out = machine.run(args, cpus, 60)
            tracer.send_signal(2)
            tracer.communicate(timeout=30)
        finally:
            machine.kill(tracer)
        with open(counted, encoding='utf-8') as file:
            total = [line.split() for line in file
                     if line.rstrip().endswith(' total')]
        if not total:
            raise Failure('strace counted nothing')
        return per_command(int(total[0][3]), out)

    # ---- Idle sessions ------------------------------------------------------

    def idle(self, target, sessions, seconds):
        """CPU and memory of sessions that are logged in, for the JSON."""
        target.stop()
        target.require(1, False)
        before = machine.memory(target.pids())
        client = machine.spawn([self.setup.load, '--idle', '--sessions',
                                str(sessions), target.url],
                               self.setup.load_cpus, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE)
        try:
            if not select.select([client.stdout], [], [], 120)[0] or \
               not client.stdout.readline():
                raise Failure(f'{sessions} sessions do not log in')
            time.sleep(0.5)     # what follows a login is over
            start, cpu = time.monotonic(), machine.usage(target.pids())[0]
            time.sleep(seconds)
            cpu = machine.usage(target.pids())[0] - cpu
            elapsed = time.monotonic() - start
            after = machine.memory(target.pids())
            if client.poll() is not None:
                raise Failure('sessions were dropped')
        finally:
            machine.kill(client)
            target.stop()
        return {'sessions': sessions, 'seconds': elapsed,
                'cpu_percent': cpu / 1e7 / elapsed,
                'pss_per_session': (after[0] - before[0]) / sessions,
                'private_per_session': (after[1] - before[1]) / sessions}


def per_command(calls, out):
    """Of what scst-load printed."""
    with contextlib.suppress(ValueError, KeyError, ZeroDivisionError):
        return calls / json.loads(out)['commands']
    raise Failure('nothing was done while system calls were counted')


def ratios(results, peers):
    """Of each target to each peer: the median of the rounds' ratios, which
    share what the machine did at the time."""
    found = {}
    for name, mine in results.items():
        for peer in peers:
            if peer == name or peer not in results:
                continue
            theirs = results[peer]
            pairs = list(zip(mine['samples'], theirs['samples']))
            found[f'{name}/{peer}'] = {
                metric: spread([ours[metric] / other[metric]
                                for ours, other in pairs])
                for metric in RATIOS
                if all(other.get(metric) and metric in ours
                       for ours, other in pairs)}
    return found
