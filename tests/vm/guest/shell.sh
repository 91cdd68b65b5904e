# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# What the shell of run.sh --shell begins with.
# shellcheck source=tests/vm/lib.sh
. "$VM_TESTS/lib.sh"
set +eu
trap - EXIT ERR
PS1='guest:\w# '
echo "The modules are in $VM_MODULES, load_modules NAME loads one."
echo "exit, or Ctrl-A X, ends the guest; /vm is $VM_OUT."
