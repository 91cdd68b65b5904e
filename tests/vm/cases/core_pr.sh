#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# vm: timeout=300
# The core's longest unit tests as a module: all conflicts of reservations, and
# all ways to cut their image short.
. "$(dirname "$0")/../lib.sh"

defer sh -c 'dmesg | grep "test_core: " || true'
load_module test_core suite=test_core_pr_table
unload_modules
load_module test_core suite=test_core_pr_image
