#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# vm: long sanitize=only smp=2 timeout=900
# user_fuzz, for ten minutes.
USER_FUZZ_SECONDS=600
. "$(dirname "$0")/user_fuzz.sh"
