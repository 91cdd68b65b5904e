#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# vm: smoke
# The core comes and goes, and nothing of it stays.
. "$(dirname "$0")/../lib.sh"

for _ in $(seq 20); do
	load_modules scst
	unload_modules
done
