# SPDX-License-Identifier: BSD-3-Clause
"""USER: iSCSI PDU by PDU, for initiators that do what real ones never would.

Nothing here keeps to the rules by itself: numbers, lengths and tags are the
caller's, with what would be right as the default.
"""
import socket
import struct

NOP_OUT, SCSI_CMD, TMF, LOGIN, TEXT, DATA_OUT, LOGOUT, SNACK = (
    0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x10)
NOP_IN, SCSI_RSP, TMF_RSP, LOGIN_RSP, TEXT_RSP, DATA_IN, LOGOUT_RSP, R2T, \
    ASYNC, REJECT = 0x20, 0x21, 0x22, 0x23, 0x24, 0x25, 0x26, 0x31, 0x32, 0x3f
IMMEDIATE, FINAL, READ, WRITE = 0x40, 0x80, 0x40, 0x20
NO_TAG = 0xffffffff
BLOCK = 512

GOOD, CHECK, BUSY = 0x00, 0x02, 0x08

# Reject reasons, RFC 7143 11.17.1
REASON_DIGEST, REASON_PROTOCOL, REASON_UNSUPPORTED, REASON_IMMEDIATE, \
    REASON_IN_PROGRESS, REASON_FIELD, REASON_RESOURCES = 2, 4, 5, 6, 7, 9, 11

KEYS = {
    'SessionType': 'Normal', 'HeaderDigest': 'None', 'DataDigest': 'None',
    'InitialR2T': 'No', 'ImmediateData': 'Yes', 'MaxOutstandingR2T': '1',
    'MaxRecvDataSegmentLength': '262144', 'MaxBurstLength': '262144',
    'FirstBurstLength': '65536',
}


def crc32c_table():
    table = []
    for n in range(256):
        for _ in range(8):
            n = n >> 1 ^ (0x82f63b78 if n & 1 else 0)
        table.append(n)
    return table


CRC_TABLE = crc32c_table()


def digest(data):
    crc = 0xffffffff
    for byte in data:
        crc = crc >> 8 ^ CRC_TABLE[(crc ^ byte) & 0xff]
    return struct.pack('<I', crc ^ 0xffffffff)


def padded(data):
    return data + bytes(-len(data) % 4)


class Pdu:
    """One that was received."""

    def __init__(self, head, data):
        self.opcode, self.flags, self.byte2, self.byte3 = head[:4]
        self.opcode &= 0x3f
        self.lun = head[8:16]
        self.itt = int.from_bytes(head[16:20], 'big')
        self.words = struct.unpack('>7I', head[20:])
        self.data = data

    def __repr__(self):
        return (f'opcode {self.opcode:#x} flags {self.flags:#x} '
                f'byte2 {self.byte2:#x} byte3 {self.byte3:#x} '
                f'itt {self.itt:#x} {len(self.data)} bytes')

    def sense(self):
        """(key, asc, ascq) of a SCSI Response with fixed sense data."""
        return self.data[4] & 15, self.data[14], self.data[15]


class Peer:
    """A connection, and what would be right to send next."""

    name = 'iqn.2026-11.org.example:hostile'

    def __init__(self, portal, target, isid=1, name=None, timeout=60):
        host, port = portal.rsplit(':', 1)
        self.socket = socket.create_connection((host, int(port)), timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.target = target
        self.isid = isid
        self.name = name or self.name
        self.tsih = 0
        self.cid = 1
        self.cmd_sn = 1
        self.exp_stat_sn = 0
        self.itt = 0
        self.header_digest = self.data_digest = False

    def close(self):
        self.socket.close()

    # Sending

    def raw(self, data):
        self.socket.sendall(data)

    def pdu(self, opcode, flags=FINAL, itt=0, words=(), data=b'', lun=0,
            ahs=b'', ahs_words=None, length=None, byte2=0, byte3=0,
            bad_header=False, bad_data=False):
        """Bytes of a PDU; length and ahs_words: what the header claims."""
        length = len(data) if length is None else length
        ahs_words = len(ahs) // 4 if ahs_words is None else ahs_words
        words = tuple(words) + (0,) * (7 - len(words))
        head = struct.pack('>BBBBIQI7I', opcode, flags, byte2, byte3,
                           ahs_words << 24 | length, lun, itt, *words) + ahs
        if self.header_digest:
            head += digest(head if not bad_header else head + b'x')
        data = padded(data)
        if self.data_digest and data:
            data += digest(data if not bad_data else data + b'x')
        return head + data

    def send(self, *args, **kwargs):
        self.raw(self.pdu(*args, **kwargs))

    def next_itt(self):
        self.itt += 1
        return self.itt

    def next_cmd_sn(self):
        self.cmd_sn = (self.cmd_sn + 1) & 0xffffffff
        return (self.cmd_sn - 1) & 0xffffffff

    def command(self, cdb, flags=FINAL, expected=0, itt=None, cmd_sn=None,
                exp_stat_sn=None, opcode=SCSI_CMD, lun=1, **kwargs):
        """A SCSI Command; returns its Initiator Task Tag."""
        itt = self.next_itt() if itt is None else itt
        if cmd_sn is None:
            cmd_sn = self.cmd_sn if opcode & IMMEDIATE else self.next_cmd_sn()
        if exp_stat_sn is None:
            exp_stat_sn = self.exp_stat_sn
        cdb = struct.unpack('>4I', bytes(cdb) + bytes(16 - len(cdb)))
        self.send(opcode, flags, itt, (expected, cmd_sn, exp_stat_sn) + cdb,
                  lun=lun << 48, **kwargs)
        return itt

    def read10(self, lba, blocks, **kwargs):
        return self.command(struct.pack('>BBIBHB', 0x28, 0, lba, 0, blocks, 0),
                            FINAL | READ, blocks * BLOCK, **kwargs)

    def write10(self, lba, blocks, flags=FINAL | WRITE, **kwargs):
        return self.command(struct.pack('>BBIBHB', 0x2a, 0, lba, 0, blocks, 0),
                            flags, blocks * BLOCK, **kwargs)

    def data_out(self, itt, ttt, data, data_sn=0, offset=0, flags=FINAL,
                 **kwargs):
        self.send(DATA_OUT, flags, itt,
                  (ttt, 0, self.exp_stat_sn, 0, data_sn, offset), data,
                  **kwargs)

    def nop(self, data=b'', **kwargs):
        itt = self.next_itt()
        self.send(NOP_OUT, FINAL, itt,
                  (NO_TAG, self.next_cmd_sn(), self.exp_stat_sn), data,
                  **kwargs)
        return itt

    # Receiving

    def exactly(self, count):
        got = bytearray()
        while len(got) < count:
            try:
                part = self.socket.recv(count - len(got))
            except ConnectionError:
                part = b''
            if not part:
                return None
            got += part
        return bytes(got)

    def recv(self):
        """The next PDU; None: the target closed the connection."""
        head = self.exactly(48)
        if head is None:
            return None
        length = int.from_bytes(head[5:8], 'big')
        if self.header_digest and self.exactly(4) != digest(head):
            raise AssertionError('a header digest of the target is wrong')
        data = self.exactly(length + -length % 4)
        if data is None:
            return None
        if self.data_digest and length and self.exactly(4) != digest(data):
            raise AssertionError('a data digest of the target is wrong')
        pdu = Pdu(head, data[:length])
        if pdu.opcode != R2T and \
                not (pdu.opcode == DATA_IN and not pdu.flags & 1):
            self.exp_stat_sn = (pdu.words[1] + 1) & 0xffffffff
        return pdu

    def expect(self, opcode, itt=None):
        pdu = self.recv()
        assert pdu, f'the connection was closed, not answered by {opcode:#x}'
        assert pdu.opcode == opcode, f'wanted {opcode:#x}: {pdu}'
        assert itt is None or pdu.itt == itt, f'wanted tag {itt:#x}: {pdu}'
        return pdu

    def rejected(self, reason):
        pdu = self.expect(REJECT)
        assert pdu.byte2 == reason, f'wanted reason {reason}: {pdu}'

    def response(self, itt):
        """Skip data, return the SCSI Response, or Data-In with status."""
        while True:
            pdu = self.recv()
            assert pdu, 'the connection was closed before the response'
            if pdu.opcode == SCSI_RSP or \
                    (pdu.opcode == DATA_IN and pdu.flags & 1):
                assert pdu.itt == itt, f'wanted tag {itt:#x}: {pdu}'
                return pdu
            assert pdu.opcode == DATA_IN, pdu

    def good(self, itt):
        pdu = self.response(itt)
        assert pdu.byte3 == GOOD, f'status {pdu.byte3:#x}'

    def checked(self, itt, key, asc):
        pdu = self.response(itt)
        assert pdu.byte3 == CHECK, f'status {pdu.byte3:#x}'
        assert pdu.sense()[:2] == (key, asc), pdu.sense()

    def dropped(self):
        """The target closes the connection without another answer."""
        pdu = self.recv()
        assert pdu is None, f'not dropped, but answered: {pdu}'
        self.close()

    def alive(self):
        """Everything before was dealt with, and the session goes on."""
        self.expect(NOP_IN, self.nop())

    # Sessions

    def login_request(self, text=b'', flags=0x87, **kwargs):
        lun = (0x80 << 40 | self.isid) << 16 | self.tsih
        self.send(LOGIN | IMMEDIATE, flags, 0,
                  (self.cid << 16, self.cmd_sn, self.exp_stat_sn), text, lun=lun,
                  **kwargs)

    def login_text(self, **keys):
        pairs = {'InitiatorName': self.name, 'TargetName': self.target}
        pairs.update(KEYS)
        pairs.update(keys)
        if pairs['SessionType'] == 'Discovery':
            pairs = {key: pairs[key] for key in
                     ('InitiatorName', 'SessionType')}
        elif self.tsih:
            pairs = {key: pairs[key] for key in
                     ('InitiatorName', 'TargetName', 'SessionType')}
        return b''.join(f'{key}={value}\0'.encode()
                        for key, value in pairs.items())

    def login_status(self):
        pdu = self.expect(LOGIN_RSP)
        self.tsih = pdu.lun[6] << 8 | pdu.lun[7]
        return pdu.words[4] >> 16

    def login(self, **keys):
        self.login_request(self.login_text(**keys))
        status = self.login_status()
        assert status == 0, f'login status {status:#06x}'
        self.header_digest = keys.get('HeaderDigest') == 'CRC32C'
        self.data_digest = keys.get('DataDigest') == 'CRC32C'
        return self

    def settle(self, lun=1):
        """Take the unit attentions of a new nexus."""
        while True:
            pdu = self.response(self.command(bytes(6), lun=lun))
            if pdu.byte3 == GOOD:
                return self

    # Commands done well

    def write(self, lba, data, lun=0):
        """With immediate data; returns the status."""
        itt = self.write10(lba, len(data) // BLOCK, data=data, lun=lun)
        return self.expect(SCSI_RSP, itt).byte3

    def read(self, lba, blocks, lun=0):
        """Data, or the status of what failed."""
        itt = self.read10(lba, blocks, lun=lun)
        data = bytearray()
        while True:
            pdu = self.recv()
            assert pdu and pdu.itt == itt, pdu
            if pdu.opcode == SCSI_RSP:
                return pdu.byte3
            data += pdu.data
            if pdu.flags & 1:
                return bytes(data)
