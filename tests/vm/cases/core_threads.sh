#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# vm: smp=2 timeout=300
# The core under several threads, on processors of their own.
. "$(dirname "$0")/../lib.sh"

defer sh -c 'dmesg | grep "test_core: " || true'
load_module test_core suite=test_core_threads
