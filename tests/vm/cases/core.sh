#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# vm: smoke timeout=300
# The core's unit tests as a module, which refuses to load when one fails.
. "$(dirname "$0")/../lib.sh"

defer sh -c 'dmesg | grep "test_core: " || true'
# Those have cases of their own.
load_module test_core \
	except=test_core_threads,test_core_pr_image,test_core_pr_table
