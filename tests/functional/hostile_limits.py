# SPDX-License-Identifier: BSD-3-Clause
"""USER: too many, too long, too slow: what the limits are there for."""
import socket
import time

from rawiscsi import FINAL, IMMEDIATE, NO_TAG, NOP_OUT, TMF
from witness import (
    PATIENCE, connect, server_files, server_kib, session, until)

NO_RESOURCES = 0x0302

# As hostile.sh says to the server.
MAX_SESSIONS, MAX_LOGINS = 1000, 16


# Time, and numbers of connections

def half_open_login_is_dropped_in_time():
    """Each was begun; none is finished; others come and go meanwhile."""
    silent = connect()
    header = connect()
    header.raw(bytes(47))
    data = connect()
    data.login_request(length=100)
    stage = connect()
    stage.login_request(stage.login_text(), flags=0x04)
    assert stage.login_status() == 0
    slow = [silent, header, data, stage]
    for peer in slow:
        peer.socket.setblocking(False)
    left = set(slow)
    logins = 0
    end = time.monotonic() + PATIENCE
    while left and time.monotonic() < end:
        session(isid=11).close()
        logins += 1
        for peer in list(left):
            try:
                ended = not peer.socket.recv(1)
            except BlockingIOError:
                ended = False
            if ended:
                left.remove(peer)
                peer.close()
    assert not left, 'a login that never ends is still there'
    print(f'  {logins} other logins meanwhile')


def half_open_logins_by_the_thousand():
    """The newest few are kept; a login still gets through."""
    before = server_files()
    peers = []
    for _ in range(3000):
        peers.append(connect())
        if len(peers) % 500 == 0:
            session(isid=12).close()
    until(lambda: server_files() <= before + MAX_LOGINS + 2,
          'connections above max-logins to be closed')
    session(isid=12).close()
    for peer in peers:
        peer.close()
    until(lambda: server_files() <= before + 2, 'files to be closed')


def sessions_by_the_thousand(witness):
    """As many as are allowed; who comes later is told so."""
    before, base = server_files(), server_kib('VmRSS')
    peers = [session(isid=100 + n) for n in range(MAX_SESSIONS - 1)]
    for n in range(20):
        late = connect(isid=50000 + n)
        late.login_request(late.login_text())
        assert late.login_status() == NO_RESOURCES
        late.close()
    each = (server_kib('VmRSS') - base) / len(peers)
    print(f'  {len(peers)} idle sessions: {each:.1f} KiB each')
    witness.goes_on()
    peers[0].alive()
    for peer in peers:
        peer.close()
    until(lambda: server_files() <= before + 2, 'files to be closed')


# Who never reads

def stuff(peer, data, most):
    """Send the same again and again until nothing more is taken."""
    peer.socket.settimeout(1)
    sent = 0
    try:
        while sent < most:
            sent += peer.socket.send(data)
    except TimeoutError:
        peer.socket.settimeout(PATIENCE)
        return sent
    except ConnectionError:
        return sent
    raise AssertionError(f'{sent} bytes were taken, and no end')


def compared(witness, name, before):
    during = witness.rate()
    change = 100 * (during / before - 1) if before else 0
    print(f'  {name}: the other session {before:.0f} -> {during:.0f} '
          f'operations/s ({change:+.0f} %), '
          f'server {server_kib("VmRSS")} KiB')


def reader_that_never_reads(witness):
    """Reads for as much as the window and the limits on memory allow."""
    before = witness.rate()
    peers = [session(isid=200 + n) for n in range(3)]
    for peer in peers:
        peer.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        for _ in range(128):
            peer.read10(0, 16384)
    witness.goes_on(50)
    compared(witness, 'three that never read', before)
    for peer in peers:
        peer.close()


def pings_that_nobody_reads(witness):
    """Answers of the target's own; at some point it stops to listen."""
    before = witness.rate()
    peer = session(isid=210)
    peer.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    ping = peer.pdu(NOP_OUT | IMMEDIATE, FINAL, 5, (NO_TAG, peer.cmd_sn, 1),
                    b'p' * 65536)
    taken = stuff(peer, ping * 4, 1 << 28)
    print(f'  {taken >> 10} KiB were taken')
    witness.goes_on(50)
    compared(witness, 'pings', before)
    peer.close()


def rejects_that_nobody_reads(witness):
    peer = session(isid=211)
    peer.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    stuff(peer, peer.pdu(0x1f, FINAL, 5) * 1000, 1 << 28)
    witness.goes_on(50)
    peer.close()


def functions_that_nobody_reads(witness):
    peer = session(isid=212)
    peer.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    stuff(peer, peer.pdu(TMF | IMMEDIATE, FINAL | 5, 5,
                         (NO_TAG, peer.cmd_sn), lun=1 << 48) * 1000, 1 << 28)
    witness.goes_on(50)
    peer.close()


def data_that_never_comes(witness):
    """Buffers are held for writes whose data is not sent."""
    before = witness.rate()
    peers = [session(isid=220 + n) for n in range(3)]
    for peer in peers:
        for _ in range(128):
            peer.write10(0, 16384)
    witness.goes_on(50)
    compared(witness, 'writes without data', before)
    for peer in peers:
        peer.close()


def never_reading_ends_in_time():
    """Who does not read does not answer pings, and is silent for ever."""
    before = server_files()
    idle, hungry, chatty = (session(isid=230 + n) for n in range(3))
    for _ in range(16):
        hungry.read10(0, 8192)
    stuff(chatty, chatty.pdu(NOP_OUT | IMMEDIATE, FINAL, 5,
                             (NO_TAG, chatty.cmd_sn, 1), b'p' * 65536),
          1 << 28)
    until(lambda: server_files() <= before, 'all three to be dropped')
    for peer in idle, hungry, chatty:
        peer.close()


# Files

def more_connections_than_files(witness):
    """A connection for which there is no file is closed, at once."""
    peers = []
    while True:
        peer = connect(isid=300 + len(peers))
        peers.append(peer)
        try:
            peer.login_request(peer.login_text())
        except ConnectionError:
            break
        if peer.recv() is None:
            break
        assert len(peers) < 1000, 'there are files for everybody'
    for n in range(20):
        connect(isid=900 + n).dropped()
    peers[0].cmd_sn = 1
    witness.goes_on()
    for peer in peers:
        peer.close()

    def again():
        peer = connect(isid=2000)
        try:
            peer.login_request(peer.login_text())
            pdu = peer.recv()
        except ConnectionError:
            pdu = None
        peer.close()
        return pdu is not None
    until(again, 'a login when there are files again')


def sessions_beyond_the_soft_limit_of_files():
    peers = [session(isid=400 + n) for n in range(200)]
    for peer in peers:
        peer.close()


NUMBERS = [
    half_open_login_is_dropped_in_time, half_open_logins_by_the_thousand,
    sessions_by_the_thousand,
]

BACKLOG = [
    reader_that_never_reads, pings_that_nobody_reads,
    rejects_that_nobody_reads, functions_that_nobody_reads,
    data_that_never_comes,
]
