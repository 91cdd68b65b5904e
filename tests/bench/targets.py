# SPDX-License-Identifier: BSD-3-Clause
"""The targets: each is started for a number of LUNs, says where it is, who
its processes are, and is gone when stopped."""
import contextlib
import os
import select
import shutil
import socket
import subprocess
import tempfile
import time
from typing import NamedTuple

import machine
from machine import Failure

START_SECONDS = 60
STOP_SECONDS = 10


class Setup(NamedTuple):
    """What all targets of a run share."""
    disk: str                   # scst-disk
    load: str                   # scst-load
    echo: str                   # scst-echo
    work: str                   # a directory for logs and sockets
    tmpfs: str                  # a directory for files in the page cache
    direct: str                 # and for those past it
    size: int                   # of all LUNs of a target, in bytes
    target_cpus: set
    load_cpus: set


class Target:
    """A server that may be started again and again."""
    needs = ()
    fills = True                # has to be written before it is read

    def __init__(self, name, setup):
        self.name = name
        self.setup = setup
        self.process = None
        self.shape = None       # LUNs, digests
        self.url = None
        self.files = []

    def missing(self):
        """Why it cannot be had here, or None."""
        for tool in self.needs:
            if not find(tool):
                return f'{tool} is not installed'
        return None

    def log(self):
        """Where its standard error goes."""
        return os.path.join(self.setup.work, self.name + '.log')

    def span(self):
        """Bytes of each LUN to use."""
        return self.setup.size // self.shape[0] // 1048576 * 1048576

    def make_file(self, directory, lun):
        """Space for a LUN: allocated, so that it does not run out later."""
        fd, path = _temporary(directory, f'scst-bench-{self.name}-{lun}-')
        self.files.append(path)
        try:
            os.posix_fallocate(fd, 0, self.span())
        except OSError as error:
            raise Failure(f'{directory}: {error.strerror}') from error
        finally:
            os.close(fd)
        return path

    def require(self, luns, digests):
        """Be started for so many LUNs."""
        if self.shape == (luns, digests) and self.process.poll() is None:
            return
        self.stop()
        self.shape = (luns, digests)
        try:
            self.start(luns, digests)
        except BaseException:
            self.stop()
            raise
        if self.fills:
            self.fill(luns)

    def start(self, luns, digests):
        """Set process and url."""
        raise NotImplementedError

    def fill(self, luns):
        """Write every block once."""
        args = [self.setup.load, '--fill', '--size', '262144', '--depth', '8',
                '--sessions', str(luns), '--luns', str(luns), '--span',
                str(self.span()), self.url]
        machine.run(args, self.setup.load_cpus, 600)

    def pids(self):
        """Of all its processes."""
        return machine.session_members(self.process.pid)

    def stop(self):
        """Without a trace. May be called at any time."""
        if self.process and machine.kill(self.process, STOP_SECONDS):
            machine.say(f'{self.name}: did not end within {STOP_SECONDS} s')
        self.process = self.shape = None
        for path in self.files:
            with contextlib.suppress(OSError):
                os.unlink(path)
        self.files = []


class Ready(Target):
    """A handler of libscstuser: says "ready URL" for each LUN."""

    def serve(self, args, urls):
        """Start it, and wait for so many lines."""
        with open(self.log(), 'w', encoding='utf-8') as log:
            self.process = machine.spawn(args, self.setup.target_cpus,
                                         stdout=subprocess.PIPE, stderr=log)
        self.url = None
        out, rest = self.process.stdout.fileno(), b''
        end = time.monotonic() + START_SECONDS
        while urls > 0:
            left = max(0, end - time.monotonic())
            if not select.select([out], [], [], left)[0]:
                raise Failure(f'{self.name}: not ready after '
                              f'{START_SECONDS} s')
            data = os.read(out, 65536)
            if not data:
                raise Failure(f'{self.name}: {machine.tail(self.log())}')
            *lines, rest = (rest + data).split(b'\n')
            for line in lines:
                word, _, url = line.decode(errors='replace').partition(' ')
                if word == 'ready':
                    self.url = self.url or url
                    urls -= 1


class Scst(Ready):
    """scst-disk with one of its backends."""

    def __init__(self, name, setup, backend):
        super().__init__(name, setup)
        self.backend = backend
        self.fills = backend != 'null'

    def missing(self):
        return None if os.access(self.setup.disk, os.X_OK) else \
            f'{self.setup.disk} is not there'

    def device(self, lun):
        """A --device."""
        words = f'name={self.backend}{lun},size={self.span()}'
        if self.backend in ('null', 'ram'):
            return f'{words},backend={self.backend}'
        direct = self.backend == 'direct'
        path = self.make_file(self.setup.direct if direct else
                              self.setup.tmpfs, lun)
        return f'{words},path="{path}"' + (',direct' if direct else '')

    def start(self, luns, digests):
        args = [self.setup.disk, '--listen', '127.0.0.1:0', '--loops',
                str(len(self.setup.target_cpus or [0]))]
        for lun in range(luns):
            args += ['--device', self.device(lun)]
        self.serve(args, luns)


class Handler(Ready):
    """Somebody's own: a command line for the shell."""

    def __init__(self, setup, command, fill):
        super().__init__('handler', setup)
        self.command = command
        self.fills = fill

    def start(self, luns, digests):
        self.serve(['/bin/sh', '-c', self.command], luns)


class Tgt(Target):
    """tgtd with a backing store, as Debian has it."""
    needs = ('tgtd', 'tgtadm')

    def __init__(self, name, setup, store):
        super().__init__(name, setup)
        self.store = store
        self.fills = store != 'null'

    def environment(self):
        """The socket is ours, and so is control port 1 on it."""
        path = os.path.join(self.setup.work, f'{self.name}.ipc')
        return dict(os.environ, TGT_IPC_SOCKET=path)

    def admin(self, *words):
        """tgtadm."""
        args = [find('tgtadm'), '-C', '1', '--lld', 'iscsi']
        return machine.run(args + list(words), self.setup.load_cpus, 30,
                           env=self.environment())

    def launch(self):
        """A daemon that takes commands, on a port that was free just now."""
        with socket.socket() as probe:
            probe.bind(('127.0.0.1', 0))
            port = probe.getsockname()[1]
        args = [find('tgtd'), '-f', '-C', '1', '--iscsi',
                f'portal=127.0.0.1:{port}']
        with open(self.log(), 'w', encoding='utf-8') as log:
            self.process = machine.spawn(args, self.setup.target_cpus,
                                         stdout=log, stderr=log,
                                         env=self.environment())
        end = time.monotonic() + START_SECONDS
        while self.process.poll() is None and time.monotonic() < end:
            with contextlib.suppress(Failure):
                self.admin('--op', 'show', '--mode', 'sys')
                return port
            time.sleep(0.05)
        raise Failure(f'{self.name}: {machine.tail(self.log())}')

    def start(self, luns, digests):
        port = self.launch()
        name = f'iqn.2026-11.org.example:{self.name}'
        target = ['--mode', 'target', '--tid', '1']
        self.admin('--op', 'new', *target, '-T', name)
        for lun in range(1, luns + 1):
            self.add_lun(lun)
        for key in ('HeaderDigest', 'DataDigest') if digests else ():
            self.admin('--op', 'update', *target, '-n', key, '-v', 'CRC32C')
        self.admin('--op', 'bind', *target, '-I', 'ALL')
        self.url = f'iscsi://127.0.0.1:{port}/{name}/1'

    def add_lun(self, lun):
        """Its LUN 0 is a controller."""
        words = ['--op', 'new', '--mode', 'logicalunit', '--tid', '1',
                 '--lun', str(lun)]
        if self.store == 'null':
            words += ['--bstype', 'null', '-b', '/dev/null']
        elif self.store == 'direct':
            words += ['-b', self.make_file(self.setup.direct, lun),
                      '--bsoflags', 'direct']
        else:
            words += ['-b', self.make_file(self.setup.tmpfs, lun)]
        self.admin(*words)

    def stop(self):
        # SIGTERM means nothing to it while it has targets.
        if self.process:
            machine.kill(self.process)
        super().stop()


class Echo:
    """No target, but what one could at most do."""
    name = 'echo'

    def __init__(self, setup):
        self.setup = setup

    def missing(self):
        """As of a target."""
        return None if os.access(self.setup.echo, os.X_OK) else \
            f'{self.setup.echo} is not there'

    def require(self, luns, digests):
        """Nothing to be started."""

    def stop(self):
        """Nothing to be stopped."""


def make(name, setup, handler=None, fill=False):
    """The target of that name; ValueError if there is none."""
    if name == 'echo':
        return Echo(setup)
    if name == 'handler' and handler:
        return Handler(setup, handler, fill)
    kind, _, store = name.partition('-')
    if kind == 'scst' and store in ('null', 'ram', 'file', 'direct'):
        return Scst(name, setup, store)
    if kind == 'tgt' and store in ('null', 'rdwr', 'direct'):
        return Tgt(name, setup, store)
    raise ValueError(f"'{name}': no such target" +
                     (', without --handler' if name == 'handler' else ''))


def find(tool):
    """A program, also where only root has it in the path."""
    path = os.environ.get('PATH', os.defpath) + ':/usr/sbin:/sbin'
    return shutil.which(tool, path=path)


def _temporary(directory, prefix):
    try:
        return tempfile.mkstemp(prefix=prefix, dir=directory)
    except OSError as error:
        raise Failure(f'{directory}: {error.strerror}') from error
