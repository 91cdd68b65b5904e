# SPDX-License-Identifier: BSD-3-Clause
"""USER: hostile initiators; hostile.sh says against which server.

    hostile.py PORTAL TARGET PID MAX_KIB GROUP

After each test the session beside it must have made progress, and the server's
memory must never have been above MAX_KIB (0: not looked at). What the target
owes to a peer is what RFC 7143 says; or it closes the connection.
"""
import resource
import sys

import hostile_limits as limits
import hostile_protocol as protocol
from witness import Witness, server_kib

MAX_KIB, GROUP = int(sys.argv[4]), sys.argv[5]

GROUPS = {
    'protocol': protocol.TESTS,
    'numbers': limits.NUMBERS,
    'backlog': limits.BACKLOG,
    'silence': [limits.never_reading_ends_in_time],
    'files': [limits.more_connections_than_files],
    'soft-limit': [limits.sessions_beyond_the_soft_limit_of_files],
}


def run(test, witness):
    print(test.__name__, flush=True)
    if test.__code__.co_argcount:
        test(witness)
    else:
        test()
    witness.goes_on()
    peak = server_kib()
    assert not MAX_KIB or peak <= MAX_KIB, \
        f'{test.__name__}: the server took {peak} KiB, not {MAX_KIB}'


def main():
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    witness = Witness()
    try:
        witness.goes_on()
        for test in GROUPS[GROUP]:
            run(test, witness)
        print(f'{witness.done()} operations were verified meanwhile; '
              f'the server took {server_kib()} KiB at most, of {MAX_KIB}')
    finally:
        witness.stop()


main()
