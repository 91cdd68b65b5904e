#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# vm: long handlers smp=2 mem=1536 timeout=200 cuts=40
# user_power, 40 times.
. "$(dirname "$0")/user_power.sh"
