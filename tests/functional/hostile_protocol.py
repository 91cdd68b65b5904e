# SPDX-License-Identifier: BSD-3-Clause
"""USER: PDUs as they must not be: lengths, numbers, tags, texts, digests."""
import os
import struct

from rawiscsi import (
    BLOCK, FINAL, IMMEDIATE, LOGOUT, LOGOUT_RSP, NO_TAG, NOP_OUT, R2T,
    REASON_DIGEST, REASON_FIELD, REASON_IMMEDIATE, REASON_IN_PROGRESS,
    REASON_PROTOCOL, REASON_RESOURCES, REASON_UNSUPPORTED, SCSI_CMD, SNACK,
    TEXT, TEXT_RSP, WRITE)
from witness import connect, session, until

ABORTED = 0xb
TOO_MUCH_DATA_OUT, CRC_ERROR, DATA_PHASE = 0x0c, 0x47, 0x4b
INITIATOR_ERROR, TOO_MANY_CONNECTIONS, NO_SESSION = 0x0200, 0x0206, 0x020a


# Lengths

def oversize_data_segment():
    peer = session()
    peer.write10(0, 1024, length=262145)
    peer.dropped()


def largest_data_segment_that_can_be_said():
    peer = session()
    peer.send(NOP_OUT, FINAL, 5, (NO_TAG, 1, 1), length=0xffffff)
    peer.dropped()


def oversize_login_data_segment():
    peer = connect()
    peer.login_request(length=8193)
    assert peer.login_status() == INITIATOR_ERROR
    peer.dropped()


def ahs_in_login():
    peer = connect()
    peer.login_request(ahs=bytes(8))
    assert peer.login_status() == INITIATOR_ERROR
    peer.dropped()


def rejected_ahs(ahs):
    peer = session()
    peer.command(bytes(6), ahs=ahs, cmd_sn=peer.cmd_sn)
    peer.rejected(REASON_FIELD)
    peer.alive()
    peer.close()


def ahs_longer_than_its_total():
    rejected_ahs(struct.pack('>HBB', 0xffff, 1, 0) + bytes(4))
    rejected_ahs(struct.pack('>HBB', 6, 1, 0) + bytes(4))


def ahs_without_a_length():
    rejected_ahs(bytes(255 * 4))


def cdb_longer_than_any():
    rejected_ahs(struct.pack('>HBB', 1000, 1, 0) + bytes(1000))


def immediate_data_beyond_first_burst():
    peer = session()
    peer.write10(0, 256, data=bytes(256 * BLOCK), cmd_sn=peer.cmd_sn)
    peer.rejected(REASON_PROTOCOL)
    peer.alive()
    peer.close()


def immediate_data_longer_than_expected():
    peer = session()
    peer.write10(0, 1, data=bytes(2 * BLOCK), cmd_sn=peer.cmd_sn)
    peer.rejected(REASON_FIELD)
    peer.alive()
    peer.close()


# Numbers and tags

def cmd_sn_below_the_window_is_ignored():
    peer = session()
    peer.read10(0, 1, cmd_sn=peer.cmd_sn - 1)
    peer.read10(0, 1, cmd_sn=(peer.cmd_sn - 0x7fffffff) & 0xffffffff)
    peer.alive()
    peer.close()


def cmd_sn_above_the_window_is_ignored():
    peer = session()
    peer.read10(0, 1, cmd_sn=peer.cmd_sn + 100000)
    peer.write10(0, 8, cmd_sn=peer.cmd_sn + 100000, data=bytes(8 * BLOCK))
    peer.alive()
    peer.close()


def cmd_sn_skipped():
    """With one connection nobody can fill the gap."""
    peer = session()
    peer.read10(0, 1, cmd_sn=peer.cmd_sn + 1)
    peer.dropped()


def exp_stat_sn_out_of_thin_air():
    """Nothing is kept to be sent again; the field moves nothing."""
    peer = session()
    for wild in 0, 0x7fffffff, 0x80000000, 0xffffffff:
        peer.good(peer.read10(0, 8, exp_stat_sn=wild))
    peer.alive()
    peer.close()


def tag_in_use():
    peer = session()
    itt = peer.write10(0, 256)
    peer.expect(R2T, itt)
    peer.write10(0, 256, itt=itt, cmd_sn=peer.cmd_sn)
    peer.rejected(REASON_IN_PROGRESS)
    peer.close()


def tag_that_means_none():
    peer = session()
    peer.read10(0, 1, itt=NO_TAG, cmd_sn=peer.cmd_sn)
    peer.rejected(REASON_FIELD)
    peer.alive()
    peer.close()


def immediate_commands_without_end():
    """Beyond the window, until the target says no more."""
    peer = session()
    for itt in range(1000, 1033):
        peer.write10(0, 256, itt=itt, opcode=SCSI_CMD | IMMEDIATE)
    for _ in range(32):
        peer.expect(R2T)
    peer.rejected(REASON_IMMEDIATE)
    peer.close()


# Data-Out

def write_asked_for(peer, blocks=256):
    """A write whose data the target asks for: tag, transfer tag."""
    itt = peer.write10(0, blocks)
    r2t = peer.expect(R2T, itt)
    assert r2t.words[5:7] == (0, blocks * BLOCK), r2t.words
    return itt, r2t.words[0]


def untouched(peer):
    """What failed has written nothing, and the session goes on."""
    assert peer.read(0, 256, lun=1) == MARK, 'a failed write has written'
    peer.alive()
    peer.close()


MARK = bytes(range(256)) * 512


def marked():
    peer = session()
    itt, ttt = write_asked_for(peer)
    peer.data_out(itt, ttt, MARK)
    peer.good(itt)
    return peer


def data_out_for_unknown_tag():
    peer = marked()
    peer.data_out(0x12345, NO_TAG, b'x' * 4096)
    peer.data_out(0x12345, 77, b'x' * 4096)
    untouched(peer)


def data_out_for_a_tag_of_another_session():
    one, two = marked(), session(isid=2)
    itt, ttt = write_asked_for(one)
    two.data_out(itt, ttt, b'x' * len(MARK))
    two.alive()
    one.data_out(itt, ttt, MARK)
    one.good(itt)
    two.close()
    untouched(one)


def data_out_behind_the_response():
    peer = marked()
    itt, ttt = write_asked_for(peer)
    peer.data_out(itt, ttt, MARK)
    peer.data_out(itt, ttt, b'x' * len(MARK))
    peer.good(itt)
    untouched(peer)


def failed_data_out(asc, *pdus):
    """A write of which @pdus are the data: (offset, DataSN, data, flags)."""
    peer = marked()
    itt, ttt = write_asked_for(peer)
    for offset, data_sn, data, flags in pdus:
        peer.data_out(itt, ttt, data, data_sn, offset, flags)
    peer.checked(itt, ABORTED, asc)
    untouched(peer)


BAD = b'x' * 4096


def data_out_with_a_wrong_transfer_tag():
    peer = marked()
    itt, ttt = write_asked_for(peer)
    peer.data_out(itt, ttt + 1, BAD)
    peer.checked(itt, ABORTED, DATA_PHASE)
    untouched(peer)


def data_out_unsolicited_where_none_may_come():
    peer = marked()
    itt, _ = write_asked_for(peer)
    peer.data_out(itt, NO_TAG, BAD)
    peer.checked(itt, ABORTED, TOO_MUCH_DATA_OUT)
    untouched(peer)


def data_out_that_overlaps():
    failed_data_out(DATA_PHASE, (0, 0, BAD, 0), (2048, 1, BAD, 0))


def data_out_of_order():
    failed_data_out(DATA_PHASE, (4096, 0, BAD, 0))


def data_out_with_a_gap():
    failed_data_out(DATA_PHASE, (0, 0, BAD, 0), (8192, 1, BAD, 0))


def data_out_beyond_what_was_asked():
    failed_data_out(DATA_PHASE, (0, 0, BAD, 0),
                    (4096, 1, b'x' * (256 * BLOCK), FINAL))


def data_out_at_the_end_of_numbers():
    failed_data_out(DATA_PHASE, (0xfffff000, 0, BAD, 0))
    failed_data_out(DATA_PHASE, (0xfffffffc, 0, BAD, FINAL))


def data_sn_wrong():
    failed_data_out(DATA_PHASE, (0, 1, BAD, 0))
    failed_data_out(DATA_PHASE, (0, 0, BAD, 0), (4096, 0, BAD, 0))
    failed_data_out(DATA_PHASE, (0, 0xffffffff, BAD, 0))


def data_out_that_ends_early():
    failed_data_out(DATA_PHASE, (0, 0, BAD, FINAL))


def unsolicited_data_beyond_first_burst():
    peer = marked()
    itt = peer.write10(0, 256, flags=WRITE, data=BAD)
    peer.data_out(itt, NO_TAG, b'x' * 65536, 0, 4096, 0)
    peer.checked(itt, ABORTED, TOO_MUCH_DATA_OUT)
    untouched(peer)


# What is no PDU of an initiator

def opcodes_that_do_not_exist():
    peer = session()
    for opcode in 0x07, 0x0f, 0x1f, 0x20, 0x25, 0x3f:
        peer.send(opcode, FINAL, 9, (0, peer.cmd_sn), b'data')
        peer.rejected(REASON_UNSUPPORTED)
    peer.alive()
    peer.close()


def login_behind_the_login():
    peer = session()
    peer.login_request(peer.login_text())
    peer.rejected(REASON_UNSUPPORTED)
    peer.alive()
    peer.close()


def snack_without_recovery():
    peer = session()
    peer.send(SNACK, FINAL, NO_TAG, (NO_TAG,))
    peer.rejected(3)
    peer.alive()
    peer.close()


def scsi_in_a_discovery_session():
    peer = connect().login(SessionType='Discovery')
    peer.read10(0, 1, cmd_sn=peer.cmd_sn)
    peer.rejected(REASON_PROTOCOL)
    peer.close()


def not_iscsi_at_all():
    for noise in (b'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n' * 4,
                  b'\x16\x03\x01' + bytes(200), b'\xff' * 4096,
                  os.urandom(1 << 16)):
        peer = connect()
        try:
            peer.raw(noise)
        except ConnectionError:
            pass
        until(lambda p=peer: p.exactly(48) is None, 'the end')
        peer.close()


def logout_of_a_connection_that_is_not():
    peer = session()
    peer.send(LOGOUT, FINAL | 1, 7, (5 << 16, peer.next_cmd_sn()))
    assert peer.expect(LOGOUT_RSP, 7).byte2 == 1
    peer.alive()
    peer.close()


def cut_off_anywhere():
    """A connection that ends within a PDU, at each of its bytes."""
    probe = connect()
    pdus = [probe.pdu(SCSI_CMD, FINAL | WRITE, 3,
                      (4096, 1, 1, 0x2a000000, 0, 0x08000000), b'd' * 100,
                      lun=1 << 48, ahs=bytes((0, 2, 1, 0, 0, 0, 0, 0)))]
    probe.close()
    for pdu in pdus:
        for end in range(0, len(pdu), 7):
            peer = connect().login()
            peer.raw(pdu[:end])
            peer.close()


# Texts

def login_text_without_end():
    """64 KiB and 64 requests are the limits; either ends it."""
    for part in b'X-nothing=' + b'x' * 8000, b'x', b'':
        peer = connect()
        status = 0
        for _ in range(65):
            peer.login_request(part, flags=0x44)
            status = peer.login_status()
            if status:
                break
        assert status == INITIATOR_ERROR, hex(status)
        peer.dropped()


def login_that_settles_nothing():
    peer = connect()
    peer.login_request(peer.login_text(), flags=0x04)
    status = peer.login_status()
    for _ in range(64):
        if status:
            break
        peer.login_request(b'', flags=0x04)
        status = peer.login_status()
    assert status == INITIATOR_ERROR, hex(status)
    peer.dropped()


def text_without_end():
    peer = session()
    ttt = NO_TAG
    for _ in range(20):
        peer.send(TEXT, 0x40, 5, (ttt, peer.next_cmd_sn()),
                  b'X-nothing=' + b'x' * 8000)
        pdu = peer.recv()
        assert pdu, 'closed'
        if pdu.opcode != TEXT_RSP:
            break
        ttt = pdu.words[0]
    assert pdu.byte2 == REASON_RESOURCES, pdu
    peer.cmd_sn -= 1
    peer.alive()
    peer.close()


def text_of_a_foreign_exchange():
    peer = session()
    peer.send(TEXT, FINAL, 5, (0x1234, peer.cmd_sn), b'SendTargets=\0')
    peer.rejected(REASON_FIELD)
    peer.alive()
    peer.close()


# Digests

def header_digest_error():
    peer = session(HeaderDigest='CRC32C')
    peer.nop(bad_header=True)
    peer.dropped()


def data_digest_error_of_immediate_data():
    """The command was never there, and may come again."""
    peer = marked()
    peer.close()
    peer = session(DataDigest='CRC32C')
    sn = peer.cmd_sn
    peer.write10(0, 8, data=BAD, bad_data=True)
    peer.rejected(REASON_DIGEST)
    peer.cmd_sn = sn
    untouched(peer)


def data_digest_error_of_data_out():
    marked().close()
    peer = session(DataDigest='CRC32C')
    itt, ttt = write_asked_for(peer)
    peer.data_out(itt, ttt, BAD, flags=0, bad_data=True)
    peer.rejected(REASON_DIGEST)
    peer.checked(itt, ABORTED, CRC_ERROR)
    untouched(peer)


def data_digest_error_of_nop():
    peer = session(DataDigest='CRC32C')
    sn = peer.cmd_sn
    peer.nop(b'ping', bad_data=True)
    peer.rejected(REASON_DIGEST)
    peer.cmd_sn = sn
    peer.alive()
    peer.close()


# Sessions

def second_login_reinstates():
    one = session(isid=7)
    two = session(isid=7)
    one.dropped()
    two.alive()
    two.close()


def second_login_while_data_is_owed():
    """The old session waits for data that never comes: it is given up."""
    one = session(isid=7)
    write_asked_for(one)
    two = session(isid=7)
    one.dropped()
    two.alive()
    two.close()


def connection_added_to_a_session():
    one = session(isid=7)
    two = connect(isid=7)
    two.tsih, two.cid = one.tsih, 2
    two.login_request(two.login_text())
    assert two.login_status() == TOO_MANY_CONNECTIONS
    two.dropped()
    one.alive()
    one.close()


def connection_for_no_session():
    peer = connect(isid=8)
    peer.tsih = 0xbeef
    peer.login_request(peer.login_text())
    assert peer.login_status() == NO_SESSION
    peer.dropped()


def login_as_the_old_session_ends():
    """One and the same initiator comes again before it is quite gone."""
    for _ in range(500):
        session(isid=9).close()
    peer = session(isid=9)
    peer.alive()
    peer.close()


TESTS = [
    oversize_data_segment, largest_data_segment_that_can_be_said,
    oversize_login_data_segment, ahs_in_login, ahs_longer_than_its_total,
    ahs_without_a_length, cdb_longer_than_any,
    immediate_data_beyond_first_burst,
    immediate_data_longer_than_expected,
    cmd_sn_below_the_window_is_ignored,
    cmd_sn_above_the_window_is_ignored, cmd_sn_skipped,
    exp_stat_sn_out_of_thin_air, tag_in_use, tag_that_means_none,
    immediate_commands_without_end, data_out_for_unknown_tag,
    data_out_for_a_tag_of_another_session, data_out_behind_the_response,
    data_out_with_a_wrong_transfer_tag,
    data_out_unsolicited_where_none_may_come, data_out_that_overlaps,
    data_out_of_order, data_out_with_a_gap,
    data_out_beyond_what_was_asked, data_out_at_the_end_of_numbers,
    data_sn_wrong, data_out_that_ends_early,
    unsolicited_data_beyond_first_burst, opcodes_that_do_not_exist,
    login_behind_the_login, snack_without_recovery,
    scsi_in_a_discovery_session, not_iscsi_at_all,
    logout_of_a_connection_that_is_not, cut_off_anywhere,
    login_text_without_end, login_that_settles_nothing, text_without_end,
    text_of_a_foreign_exchange, header_digest_error,
    data_digest_error_of_immediate_data, data_digest_error_of_data_out,
    data_digest_error_of_nop, second_login_reinstates,
    second_login_while_data_is_owed, connection_added_to_a_session,
    connection_for_no_session, login_as_the_old_session_ends,
]
