#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""USER: sessions of several connections (RFC 7143 4.2.2, 6.3.4, 7.1.4)."""
import sys

from rawiscsi import (Peer, FINAL, IMMEDIATE, LOGOUT, LOGOUT_RSP, READ, WRITE,
                      SCSI_RSP, TMF, TMF_RSP)

PORTAL, TARGET = sys.argv[1:]
NO_SESSION, TOO_MANY = 0x020a, 0x0206
ISID = 0


def leading(**keys):
    """A session that may have four connections; each time another one."""
    global ISID
    ISID += 1
    keys = {'MaxConnections': '4', **keys}
    return Peer(PORTAL, TARGET, isid=ISID).login(**keys).settle(lun=0)


class Further(Peer):
    """A further connection of a session."""

    def __init__(self, first, cid, tsih=None, name=None):
        super().__init__(PORTAL, TARGET, isid=first.isid, name=name)
        self.tsih = first.tsih if tsih is None else tsih
        self.cmd_sn = first.cmd_sn
        self.cid = cid
        self.itt = cid << 16	# tags are the session's

    def try_login(self):
        self.login_request(self.login_text())
        return self.login_status()

    def join(self):
        status = self.try_login()
        assert status == 0, f'login status {status:#06x}'
        return self


def session(connections):
    first = leading()
    return [first] + [Further(first, 1 + i).join()
                      for i in range(1, connections)]


def read_by(peer, cmd_sn, lba=0):
    return peer.read10(lba, 8, cmd_sn=cmd_sn, lun=0)


def numbers_are_the_sessions():
    """Commands are taken in the order of CmdSN, whoever brings them."""
    a, b, c = session(3)
    sn = a.cmd_sn
    late = [read_by(c, sn + 2), read_by(b, sn + 1)]
    first = read_by(a, sn)
    a.good(first)
    b.good(late[1])
    c.good(late[0])
    for i in range(3, 300):
        peer = (a, b, c)[i % 3]
        peer.good(read_by(peer, sn + i))


def data_goes_where_the_command_came():
    a, b = session(2)
    block = b'\x5a' * 512
    sn = a.cmd_sn
    itt = b.write10(0, 1, data=block, cmd_sn=sn, lun=0)
    assert b.expect(SCSI_RSP, itt).byte3 == 0
    a.cmd_sn = sn + 1
    assert a.read(0, 1) == block


def limits():
    a = leading()
    others = [Further(a, 1 + i).join() for i in range(1, 4)]
    assert Further(a, 9).try_login() == TOO_MANY
    alone = leading(MaxConnections='1')
    assert Further(alone, 2).try_login() == TOO_MANY
    a.alive()
    others[2].cmd_sn = a.cmd_sn
    others[2].alive()


def strangers():
    a = leading()
    assert Further(a, 2, tsih=a.tsih ^ 0x4000).try_login() == NO_SESSION
    assert Further(a, 2, name='iqn.2026-11.org.example:other') \
        .try_login() == NO_SESSION
    a.alive()


def one_logs_out():
    """The others go on, and another may come."""
    a, b = session(2)
    b.cmd_sn = a.cmd_sn
    b.send(LOGOUT | IMMEDIATE, FINAL | 1, b.next_itt(),
           (b.cid << 16, b.cmd_sn, b.exp_stat_sn))
    assert b.expect(LOGOUT_RSP).byte2 == 0
    b.dropped()
    a.alive()
    c = Further(a, 2).join()
    a.good(read_by(a, a.cmd_sn))
    c.close()


def all_log_out():
    a, b = session(2)
    a.send(LOGOUT | IMMEDIATE, FINAL, a.next_itt(),
           (0, a.cmd_sn, a.exp_stat_sn))
    assert a.expect(LOGOUT_RSP).byte2 == 0
    a.dropped()
    b.dropped()
    assert Further(a, 3).try_login() == NO_SESSION


def one_fails():
    """Error recovery level 0: with one connection the session fails."""
    a, b, c = session(3)
    b.close()
    a.dropped()
    c.dropped()


def one_comes_again():
    """The same CID: the new connection takes the other's place."""
    a, b = session(2)
    c = Further(a, b.cid).join()
    b.dropped()
    a.good(read_by(a, a.cmd_sn))
    c.cmd_sn = a.cmd_sn + 1
    c.alive()


def the_only_one_comes_again():
    a = leading()
    b = Further(a, a.cid).join()
    a.dropped()
    b.alive()


def it_comes_in_the_middle_of_a_write():
    """What its predecessor did not finish is not there."""
    a, b = session(2)
    b.write10(0, 1, flags=FINAL | WRITE, cmd_sn=a.cmd_sn, lun=0)
    b.recv()	# R2T
    c = Further(a, b.cid)
    c.cmd_sn = a.cmd_sn + 1
    c.join()
    b.dropped()
    c.alive()


def one_logs_out_another():
    a, b = session(2)
    a.send(LOGOUT | IMMEDIATE, FINAL | 1, a.next_itt(),
           (b.cid << 16, a.cmd_sn, a.exp_stat_sn))
    assert a.expect(LOGOUT_RSP).byte2 == 0
    b.dropped()
    a.alive()
    Further(a, b.cid).join().close()


def functions_reach_all():
    """LOGICAL UNIT RESET on one, for a write of another without its data."""
    a, b = session(2)
    sn = a.cmd_sn
    itt = b.write10(0, 1, flags=FINAL | WRITE, cmd_sn=sn, lun=0)
    b.recv()	# R2T
    a.cmd_sn = sn + 1
    a.send(TMF | IMMEDIATE, FINAL | 5, a.next_itt(),
           (0xffffffff, a.cmd_sn, a.exp_stat_sn))
    assert a.expect(TMF_RSP).byte2 == 0
    a.alive()
    assert itt


TESTS = [numbers_are_the_sessions, data_goes_where_the_command_came, limits,
         strangers, one_logs_out, all_log_out, one_fails, one_comes_again,
         the_only_one_comes_again, it_comes_in_the_middle_of_a_write,
         one_logs_out_another,
         functions_reach_all]
for test in TESTS:
    # Connections are spread over loops, and so in different ways.
    for _ in range(4):
        test()
    print(f'pass {test.__name__}')
