# SPDX-License-Identifier: BSD-3-Clause
"""USER: what initiators see of handlers that misbehave; see misbehave.sh.

    misbehave.py PORTAL TARGET PID MODE [GATE]

LUN 0 behaves, and a session verifies its data all the time; LUN 1 does with
reads of its second half what MODE says.
"""
import sys

from rawiscsi import FINAL, GOOD, IMMEDIATE, NO_TAG, TMF, TMF_RSP
from witness import Witness, connect, session

BAD = 8192		# first block of the second half
ABORT_TASK, LUN_RESET = 1, 5
DONE = 0


def function(peer, number, tag=NO_TAG):
    itt = peer.next_itt()
    peer.send(TMF | IMMEDIATE, FINAL | number, itt, (tag, peer.cmd_sn),
              lun=1 << 48)
    return itt


def twice(witness):
    """The whole server ends; the script looks how."""
    peer = session()
    witness.stop()
    peer.read10(BAD, 8)
    while peer.recv():
        pass


def never(witness):
    """The LUN goes on with what it can; its initiator cannot come again."""
    peer = session()
    command = peer.read10(BAD, 8)
    peer.good(peer.write10(0, 8, data=bytes(4096)))
    assert isinstance(peer.read(0, 8, lun=1), bytes)
    function(peer, ABORT_TASK, command)
    peer.alive()
    other = session(isid=2)
    assert isinstance(other.read(0, 8, lun=1), bytes)
    again = connect()
    again.login_request(again.login_text())
    again.dropped()			# login-timeout: the old one lives on
    peer.dropped()
    other.alive()
    witness.goes_on()


def late(witness):
    """Aborted means: not answered, and told when it is over."""
    peer = session()
    for number in ABORT_TASK, LUN_RESET:
        command = peer.read10(BAD, 8)
        itt = function(peer, number, command)
        assert peer.expect(TMF_RSP, itt).byte2 == DONE
        peer.alive()
    # The connection is gone before the command ends.
    peer.settle().read10(BAD, 8)
    again = session()
    again.alive()
    peer.dropped()
    witness.goes_on()


def block(witness):
    """Who blocks stalls nobody else."""
    peer = session()
    command = peer.read10(BAD, 8)
    witness.goes_on(50)
    other = session(isid=2).settle(lun=0)
    assert isinstance(other.read(0, 8), bytes)
    peer.alive()
    with open(sys.argv[5], 'wb') as gate:
        gate.write(b'x')
    peer.good(command)
    assert peer.write(0, bytes(4096), lun=1) == GOOD


def main():
    witness = Witness()
    try:
        witness.goes_on()
        {'twice': twice, 'never': never, 'late': late,
         'block': block}[sys.argv[4]](witness)
    finally:
        witness.stop()


main()
