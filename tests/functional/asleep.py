#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""USER: a server that is stopped for longer than it lets others be silent."""
import os
import signal
import sys
import time

from rawiscsi import Peer, FINAL, IMMEDIATE, NOP_IN, NOP_OUT, NO_TAG

PORTAL, TARGET, PID, SECONDS = sys.argv[1:]

peer = Peer(PORTAL, TARGET).login().settle(lun=0)
ping = peer.expect(NOP_IN, NO_TAG)
os.kill(int(PID), signal.SIGSTOP)
peer.send(NOP_OUT | IMMEDIATE, FINAL, NO_TAG,
          (ping.words[0], peer.cmd_sn, peer.exp_stat_sn))
time.sleep(float(SECONDS))
os.kill(int(PID), signal.SIGCONT)
itt = peer.nop()
# It may ask whether we are there, first.
while peer.expect(NOP_IN).itt != itt:
    pass
