# SPDX-License-Identifier: BSD-3-Clause
"""What is done to a target, which sets of that have a name, and the goals."""
import re
from typing import NamedTuple

BHS = 48                        # the header of an iSCSI PDU
SEGMENT = 262144                # what scst-load takes in one Data-In

NAME = re.compile(r'(rand)?(read|write|mix)-(\d+)([km])-qd(\d+)'
                  r'(?:-s(\d+))?(?:-l(\d+))?(-digests)?$')


class Workload(NamedTuple):
    """The parts of a workload's name."""
    name: str
    rw: str
    sequential: bool
    size: int
    depth: int
    sessions: int
    luns: int
    digests: bool

    def load_args(self):
        """Options of scst-load."""
        args = ['--rw', self.rw, '--size', self.size, '--depth', self.depth,
                '--sessions', self.sessions, '--luns', self.luns]
        args += ['--sequential'] if self.sequential else []
        args += ['--digests'] if self.digests else []
        return [str(arg) for arg in args]

    def echo_args(self):
        """Options of scst-echo: messages of the same sizes. Of a mix, the
        averages; what R2T asks for comes with the request."""
        writes = {'read': 0, 'write': 1, 'mix': 0.3}[self.rw]
        headers = BHS * -(-self.size // SEGMENT)
        request = BHS + writes * (self.size + headers - BHS)
        reply = BHS + (1 - writes) * (self.size + headers - BHS)
        return ['--request', str(round(request)), '--reply',
                str(round(reply)), '--depth', str(self.depth),
                '--sessions', str(self.sessions)]

    def as_dict(self):
        """For the JSON."""
        return self._asdict()


def parse(name):
    """The workload of that name; ValueError says what is wrong with it."""
    match = NAME.match(name)
    if not match:
        raise ValueError(f"'{name}': want [rand]read|write|mix-SIZE-qdN, then "
                         "-sN, -lN, -digests")
    rand, rw, size, unit, depth, sessions, luns, digests = match.groups()
    work = Workload(name, rw, not rand,
                    int(size) << (10 if unit == 'k' else 20),
                    int(depth), int(sessions or 1), int(luns or 1),
                    bool(digests))
    if not 512 <= work.size <= 8 << 20:
        raise ValueError(f"'{name}': a command has 512 bytes to 8 MiB")
    if not 1 <= work.depth <= 512:
        raise ValueError(f"'{name}': the queue depth is 1 to 512")
    if not 1 <= work.sessions <= 1024 or not 1 <= work.luns <= 64:
        raise ValueError(f"'{name}': 1 to 1024 sessions, 1 to 64 LUNs")
    return work


class Goal(NamedTuple):
    """IOPS of a target are to be so many times those of its peer."""
    workload: str
    target: str
    peer: str
    want: float


GOALS = [
    Goal('randread-4k-qd32', 'scst-file', 'tgt-rdwr', 6.0),
    Goal('randread-4k-qd32', 'scst-ram', 'tgt-null', 5.0),
    Goal('randread-4k-qd32', 'scst-ram', 'echo', 0.50),
    Goal('randread-4k-qd32', 'scst-null', 'echo', 0.75),
    Goal('randwrite-4k-qd32', 'scst-file', 'tgt-rdwr', 7.0),
    Goal('randwrite-4k-qd32', 'scst-ram', 'tgt-null', 5.0),
    Goal('randwrite-4k-qd32', 'scst-ram', 'echo', 0.60),
    Goal('randwrite-4k-qd32', 'scst-null', 'echo', 0.75),
    Goal('randread-4k-qd1', 'scst-ram', 'tgt-null', 1.4),
    Goal('randread-4k-qd1', 'scst-ram', 'echo', 0.95),
    Goal('read-128k-qd8', 'scst-file', 'tgt-rdwr', 2.5),
    Goal('read-128k-qd8', 'scst-ram', 'echo', 0.70),
    Goal('write-128k-qd8', 'scst-file', 'tgt-rdwr', 2.5),
    Goal('write-128k-qd8', 'scst-ram', 'echo', 0.70),
    Goal('randread-4k-qd4-s64', 'scst-file', 'tgt-rdwr', 6.0),
]
# Of a target with IDLE_SESSIONS that do nothing.
IDLE_SESSIONS = 1000
IDLE_CPU_PERCENT = 0.05         # which is printed as 0.0
IDLE_BYTES = 64 << 10           # for each session


class Set(NamedTuple):
    """Workloads that are run together."""
    summary: str
    workloads: list             # names
    targets: dict               # by workload; the key None: all others
    idle: list                  # targets


ALL = ['scst-null', 'scst-ram', 'scst-file', 'scst-direct', 'tgt-null',
       'tgt-rdwr', 'tgt-direct', 'echo']


def _goal_targets():
    wanted = {}
    for goal in GOALS:
        names = wanted.setdefault(goal.workload, [])
        names += [n for n in (goal.target, goal.peer) if n not in names]
    return {work: sorted(names, key=ALL.index)
            for work, names in wanted.items()}


def _full():
    names = [f'rand{rw}-4k-qd{depth}' for rw in ('read', 'write')
             for depth in (1, 8, 32, 128)]
    names += [f'{rw}-{size}-qd8' for size in ('128k', '1m')
              for rw in ('read', 'write')]
    names += ['randmix-4k-qd32']
    names += [f'randread-4k-qd4-s{n}' for n in (1, 2, 8, 64)]
    names += [f'randread-4k-qd32-s{n}' for n in (2, 8, 64)]
    names += ['randread-4k-qd32-l16', 'randwrite-4k-qd32-l16',
              'randread-4k-qd8-s16-l16']
    names += [f'{name}-digests' for name in
              ('randread-4k-qd32', 'randwrite-4k-qd32', 'read-128k-qd8',
               'write-128k-qd8')]
    return names


SETS = {
    'goals': Set('what the project has goals for, and whether they are met',
                 list(_goal_targets()), _goal_targets(), ['scst-ram']),
    'full': Set('all workloads on all targets: hours', _full(), {None: ALL},
                ['scst-ram', 'tgt-null']),
    'handler': Set("a handler beside ours and tgt's; what --handler implies",
                   ['randread-4k-qd1', 'randread-4k-qd32',
                    'randwrite-4k-qd32', 'read-128k-qd8', 'write-128k-qd8',
                    'randread-4k-qd4-s64'],
                   {None: ['handler', 'scst-ram', 'tgt-rdwr', 'echo']},
                   ['handler']),
    'smoke': Set('seconds, to see that it works',
                 ['randread-4k-qd8', 'write-128k-qd2-s2-l2-digests'],
                 {None: ['scst-ram', 'scst-file', 'echo']}, ['scst-ram']),
}
