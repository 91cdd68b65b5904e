# SPDX-License-Identifier: BSD-3-Clause
"""Processes: how they are started, what they use, where they run; the
machine that they run on."""
import ctypes
import os
import platform
import signal
import subprocess
import sys

PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None)


class Failure(Exception):
    """Something could not be run or measured; one line says what."""


def say(text):
    """Progress goes to standard error."""
    print(text, file=sys.stderr, flush=True)


def spawn(args, cpus, **options):
    """Start a process on these CPUs that does not outlive us. It leads a
    session of its own."""
    def before():
        LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if cpus:
            os.sched_setaffinity(0, cpus)
    try:
        return subprocess.Popen(args, preexec_fn=before, text=True,
                                start_new_session=True,
                                stdin=subprocess.DEVNULL, **options)
    except OSError as error:
        raise Failure(f'{args[0]}: {error.strerror}') from error


def kill(process, patience=0):
    """End a process of spawn(), and what it started; true if it would not
    end by itself within the patience in seconds."""
    stuck = False
    if process.poll() is None and patience:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(patience)
        except subprocess.TimeoutExpired:
            stuck = True
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.wait()
    for stream in (process.stdout, process.stderr):
        if stream:
            stream.close()
    return stuck


def run(args, cpus, timeout, env=None):
    """Run a process to its end; what it wrote to standard output."""
    process = spawn(args, cpus, stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE, env=env)
    try:
        out, err = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired as error:
        raise Failure(f'{os.path.basename(args[0])}: no end after '
                      f'{timeout:.0f} s') from error
    finally:
        kill(process)
    if process.returncode:
        lines = [line for line in err.splitlines() if line] or ['']
        raise Failure(f'{os.path.basename(args[0])}: status '
                      f'{process.returncode}: {lines[-1]}')
    return out


def tail(path):
    """The last line of a log."""
    try:
        with open(path, encoding='utf-8', errors='replace') as file:
            lines = file.read().split('\n')
        return next((line for line in reversed(lines) if line), 'no log')
    except OSError:
        return 'no log'


# ---- What processes use -----------------------------------------------------

def _read(path):
    try:
        with open(path, encoding='utf-8', errors='replace') as file:
            return file.read()
    except OSError:
        return ''


def session_members(leader):
    """The processes of a session of spawn()."""
    pids = []
    for name in os.listdir('/proc'):
        if name.isdigit():
            fields = _read(f'/proc/{name}/stat').rpartition(')')[2].split()
            if len(fields) > 3 and int(fields[3]) == leader:
                pids.append(int(name))
    return pids


def usage(pids):
    """CPU time in ns and context switches, of all threads."""
    cpu = switches = 0
    for pid in pids:
        try:
            threads = os.listdir(f'/proc/{pid}/task')
        except OSError:
            continue
        for thread in threads:
            base = f'/proc/{pid}/task/{thread}'
            cpu += int((_read(base + '/schedstat').split() or [0])[0])
            for line in _read(base + '/status').splitlines():
                if 'voluntary_ctxt_switches:' in line:
                    switches += int(line.split()[1])
    return cpu, switches


def memory(pids):
    """Proportional and private memory in bytes."""
    pss = private = 0
    for pid in pids:
        for line in _read(f'/proc/{pid}/smaps_rollup').splitlines():
            name, _, value = line.partition(':')
            if name == 'Pss':
                pss += int(value.split()[0]) << 10
            elif name in ('Private_Clean', 'Private_Dirty'):
                private += int(value.split()[0]) << 10
    return pss, private


# ---- The machine ------------------------------------------------------------

def _cpu_list(text):
    cpus = set()
    for part in text.split('+'):
        first, _, last = part.partition('-')
        cpus |= set(range(int(first), int(last or first) + 1))
    return cpus


def parse_cpus(text):
    """T,G: the CPUs of target and generator, each one, FIRST-LAST, or
    several with + between them; '' for the first two cores; 'any'."""
    ours = os.sched_getaffinity(0)
    if text == 'any' or (not text and len(ours) < 2):
        return None, None
    if not text:
        first = min(ours)
        path = f'/sys/devices/system/cpu/cpu{first}/topology'
        siblings = _read(path + '/thread_siblings_list').strip()
        try:
            other = ours - _cpu_list(siblings.replace(',', '+'))
        except ValueError:
            other = ours - {first}
        return {first}, {min(other or ours - {first})}
    try:
        target, generator = (_cpu_list(part) for part in text.split(','))
    except ValueError:
        raise Failure('--cpus: want T,G, such as 0,1 or 0-3,4') from None
    if not target <= ours or not generator <= ours:
        raise Failure(f'--cpus {text}: may run on {sorted(ours)} only')
    return target, generator


def describe():
    """The machine, for the JSON."""
    model = [line.partition(':')[2].strip()
             for line in _read('/proc/cpuinfo').splitlines()
             if line.startswith('model name')]
    pages = os.sysconf('SC_PHYS_PAGES') * os.sysconf('SC_PAGE_SIZE')
    return {'kernel': platform.release(), 'arch': platform.machine(),
            'cpu': model[0] if model else 'unknown',
            'cpus': os.cpu_count(), 'memory': pages,
            'load': os.getloadavg()[0]}
