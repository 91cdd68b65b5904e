#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# vm: smoke
# What portable code builds on means the same in the kernel as in user space:
# the module runs the cases of both and refuses to load when one fails.
. "$(dirname "$0")/../lib.sh"

defer sh -c 'dmesg | grep "test_core_os: .*FAIL" || true'
load_modules test_core_os
expect_match "kernel log" "$(dmesg)" 'test_core_os: 0 failed'
