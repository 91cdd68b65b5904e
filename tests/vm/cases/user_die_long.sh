#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# vm: long smp=2 mem=1536 timeout=2400
# user_die, with 200 kills.
USER_DIE_KILLS=200
. "$(dirname "$0")/user_die.sh"
