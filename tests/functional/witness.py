# SPDX-License-Identifier: BSD-3-Clause
"""USER: the server that hostile initiators meet, and the session beside them.

LUN 0 belongs to a session that behaves well and verifies its data all the
time; LUN 1 is for the others.
"""
import mmap
import os
import random
import signal
import struct
import sys
import time

from rawiscsi import BLOCK, GOOD, Peer

PORTAL, TARGET, PID = sys.argv[1], sys.argv[2], int(sys.argv[3])
PATIENCE = 60


def until(condition, what):
    """Wait for what must come."""
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, f'in vain: {what}'
        time.sleep(0.01)


def connect(**kwargs):
    return Peer(PORTAL, TARGET, **kwargs)


def session(isid=1, **keys):
    return connect(isid=isid).login(**keys).settle()


class Witness:
    """Writes and verifies LUN 0 in a process of its own."""

    blocks = 128

    def __init__(self):
        # operations, errors
        self.shared = mmap.mmap(-1, 16)
        self.pid = os.fork()
        if self.pid == 0:
            self.run()

    def run(self):
        try:
            peer = connect(isid=99, name='iqn.2026-11.org.example:witness')
            peer.login().settle(lun=0)
            self.verify(peer)
        except BaseException as error:
            print(f'the well-behaved session: {error!r}', file=sys.stderr)
            os._exit(1)

    def verify(self, peer):
        noise, written, done = os.urandom(1 << 17), {}, 0
        while True:
            slot, start = random.randrange(64), random.randrange(1 << 16)
            data = noise[start:start + self.blocks * BLOCK]
            status = peer.write(slot * self.blocks, data)
            assert status == GOOD, f'write: status {status:#x}'
            written[slot] = data
            slot = random.choice(list(written))
            data = peer.read(slot * self.blocks, self.blocks)
            assert isinstance(data, bytes), f'read: status {data:#x}'
            assert data == written[slot], f'slot {slot} has other data'
            done += 1
            self.shared[:8] = struct.pack('Q', done)

    def done(self):
        assert not os.waitid(os.P_PID, self.pid,
                             os.WEXITED | os.WNOHANG | os.WNOWAIT), \
            'the well-behaved session came to an end'
        return struct.unpack('Q', self.shared[:8])[0]

    def goes_on(self, by=5):
        before = self.done()
        until(lambda: self.done() >= before + by,
              'progress of the well-behaved session')

    def rate(self, seconds=2.0):
        """Operations a second: to be told, not to be judged."""
        before, start = self.done(), time.monotonic()
        time.sleep(seconds)
        return (self.done() - before) / (time.monotonic() - start)

    def stop(self):
        if self.pid:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        self.pid = None


def server_kib(field='VmHWM'):
    with open(f'/proc/{PID}/status', encoding='ascii') as status:
        for line in status:
            if line.startswith(field + ':'):
                return int(line.split()[1])
    raise AssertionError('the server is gone')


def server_files():
    return len(os.listdir(f'/proc/{PID}/fd'))
