# SPDX-License-Identifier: BSD-3-Clause
"""The other front: fio through an initiator, with the job files in fio/."""
import json
import os
import subprocess
import time

import machine
from machine import Failure
from targets import find

JOBS = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'fio')


def missing(engine):
    """Why this front cannot be had here, or None."""
    for tool in ('fio',) + (('qemu-nbd',) if engine == 'nbd' else ()):
        if not find(tool):
            return f'{tool} is not installed'
    known = subprocess.run([find('fio'), '--enghelp'], check=False,
                           capture_output=True, text=True).stdout.split()
    return None if engine in known else f'this fio has no engine {engine}'


def suits(work):
    """Why a workload is not for this front, or None."""
    if work.sessions > 1 or work.luns > 1 or work.digests:
        return 'fio has one session on one LUN, without digests'
    return None


def environment(work, seconds, uri):
    """What the job files want to know."""
    rw = {'read': 'read', 'write': 'write', 'mix': 'rw'}[work.rw]
    return dict(os.environ, RW=rw if work.sequential else 'rand' + rw,
                SIZE=str(work.size), DEPTH=str(work.depth),
                SECONDS=f'{seconds}s', URI=uri)


def _serve_nbd(setup, target):
    """qemu-nbd as the initiator, and the URI of its socket."""
    path = os.path.join(setup.work, 'nbd')
    if os.path.exists(path):
        os.unlink(path)
    log = os.path.join(setup.work, 'qemu-nbd.log')
    with open(log, 'w', encoding='utf-8') as file:
        process = machine.spawn([find('qemu-nbd'), '-f', 'raw', '-t',
                                 '--cache=none', '--socket', path,
                                 target.url], setup.load_cpus, stderr=file,
                                stdout=file)
    end = time.monotonic() + 30
    while not os.path.exists(path):
        if process.poll() is not None or time.monotonic() > end:
            machine.kill(process)
            raise Failure(f'qemu-nbd: {machine.tail(log)}')
        time.sleep(0.02)
    return process, f'nbd+unix:///?socket={path}'


def run(setup, target, work, seconds, engine):
    """A sample, with the names that scst-load gives. CPU and switches are
    of the whole time that fio ran."""
    initiator, uri = None, target.url
    if engine == 'nbd':
        initiator, uri = _serve_nbd(setup, target)
    try:
        before = machine.usage(target.pids())
        out = machine.run([find('fio'), '--output-format=json',
                           os.path.join(JOBS, engine + '.fio')],
                          setup.load_cpus, seconds + 60,
                          env=environment(work, seconds, uri))
        after = machine.usage(target.pids())
    finally:
        if initiator:
            machine.kill(initiator, patience=10)
    return _sample(out, before, after)


def _sample(out, before, after):
    """From fio's JSON, which may have a line of text before it."""
    job = json.loads(out[out.index('{'):])['jobs'][0]
    parts = [job[side] for side in ('read', 'write')
             if job[side]['total_ios']]
    commands = sum(part['total_ios'] for part in parts)
    if not commands:
        raise Failure('fio: not one I/O')
    elapsed = max(part['runtime'] for part in parts) / 1000

    def percentile(key):
        return max(part['clat_ns']['percentile'][key]
                   for part in parts) / 1000
    return {'iops': sum(part['iops'] for part in parts),
            'mbps': sum(part['bw_bytes'] for part in parts) / 1e6,
            'p50': percentile('50.000000'), 'p99': percentile('99.000000'),
            'p999': percentile('99.900000'), 'commands': commands,
            'seconds': elapsed,
            'cpu_us': (after[0] - before[0]) / 1e3 / commands,
            'cpu': (after[0] - before[0]) / 1e9 / elapsed,
            'switches': (after[1] - before[1]) / commands}
