#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""USER: a target that asks to log out, or is elsewhere (RFC 7143 11.9, 13.8).

    leaving.py PORTAL TARGET shutdown PID
    leaving.py PORTAL TARGET moves SCSTCTL SOCKET
"""
import os
import signal
import subprocess
import sys
import time

from rawiscsi import Peer, ASYNC, FINAL, IMMEDIATE, LOGOUT, LOGOUT_RSP, LOGIN_RSP

PORTAL, TARGET, WHAT, *ARGS = sys.argv[1:]
LOGOUT_EVENT = 1


def peer(isid):
    return Peer(PORTAL, TARGET, isid=isid).login().settle(lun=0)


def is_asked(peer):
    pdu = peer.expect(ASYNC, 0xffffffff)
    event, seconds = pdu.words[4] >> 24, pdu.words[5] & 0xffff
    assert event == LOGOUT_EVENT, event
    assert 1 <= seconds <= 10, seconds


def logs_out(peer):
    peer.send(LOGOUT | IMMEDIATE, FINAL, peer.next_itt(),
              (0, peer.cmd_sn, peer.exp_stat_sn))
    assert peer.expect(LOGOUT_RSP).byte2 == 0
    peer.dropped()


def shutdown(pid):
    """Who is asked may finish what he does; who does not care is dropped."""
    polite, rude = peer(1), peer(2)
    os.kill(int(pid), signal.SIGTERM)
    is_asked(polite)
    is_asked(rude)
    assert polite.write(0, b'\x77' * 512) == 0
    assert polite.read(0, 1) == b'\x77' * 512
    logs_out(polite)
    rude.dropped()


def login_answer(peer):
    peer.login_request(peer.login_text())
    pdu = peer.expect(LOGIN_RSP)
    return pdu.words[4] >> 16, pdu.data


def moves(scstctl, socket):
    def ctl(*args, **kwargs):
        return subprocess.run([scstctl, '--socket', socket, *args],
                              check=True, **kwargs)

    target = f'targets/iscsi/{TARGET}'
    here = peer(1)
    ctl('set', target, 'redirect=192.0.2.1:3261')
    is_asked(here)
    logs_out(here)
    assert login_answer(Peer(PORTAL, TARGET)) == \
        (0x0101, b'TargetAddress=192.0.2.1:3261\0')
    ctl('set', target, 'redirect=storage.example,permanent')
    assert login_answer(Peer(PORTAL, TARGET)) == \
        (0x0102, b'TargetAddress=storage.example\0')
    shown = ctl('show', '--all', target, stdout=subprocess.PIPE).stdout
    assert b'redirect = storage.example,permanent\n' in shown, shown
    ctl('set', target, 'redirect=')
    peer(1).alive()


start = time.monotonic()
{'shutdown': shutdown, 'moves': moves}[WHAT](*ARGS)
print(f'{WHAT}: {time.monotonic() - start:.1f} s')
