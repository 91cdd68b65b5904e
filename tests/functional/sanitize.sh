#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# SANITIZE through real sessions: others are turned away while it runs and the
# server goes on serving, neither resets nor the end of a session stop it, and
# the server ends in the midst of it. Without the option there is no such
# command.
. "$(dirname "$0")/lib.sh"

ready=000000000000
inquiry=120000002400
request_sense=030000001200
overwrite=48a10000000000000500		# IMMED, AUSE
erase=48020000000000000000
log_usage=4d000c00000000002000
zeroes=0000000001

open() {
	rm -f "$WORK/$1.in" "$WORK/$1.out"
	session "$1" --name "iqn.2026-11.org.example:$1" "$URL"
	settle "$1"
}

in_progress() {
	expect "$1" "check 2/04/1b" cdb $ready
	expect "$1" "check 2/04/1b" in 28000000000000000100 512
	answer=$(ask "$1" in $request_sense 18)
	[[ $answer =~ ^"good 700002"[0-9a-f]{18}041b0080[0-9a-f]{4}$ ]] ||
		die "$1: REQUEST SENSE: $answer"
}

# Off by default.
start "$DISK" --device name=d,backend=ram,size=8M,thin
open a
expect a "check 5/20/00" cdb $erase
expect a "check 5/20/00" out $overwrite 0100000100
stop

# So much that it does not end while we watch, though nothing is stored.
start "$DISK" --device name=d,backend=null,size=8192T,thin,sanitize
open a
open b
expect a "check 5/26/00" out $overwrite $zeroes
expect a good out $overwrite 0100000100
in_progress a
in_progress b
[[ $(ask b in $inquiry 36) =~ ^good ]] || die "no INQUIRY"
expect b good reset lun
expect b "check 6/29/03" cdb $ready
settle a
in_progress a
in_progress b
ask a quit >/dev/null
open a
in_progress a
stop

# One that ends: the data is gone, the storage given back.
start "$DISK" --device name=d,backend=ram,size=8M,thin,sanitize
open a
expect a good write 0 4096 90
answer=$(ask a in $log_usage 32)
[ "$answer" = "good 8c00000c000223080000100001000000" ] ||
	die "usage before: $answer"
expect a good cdb $erase
expect a good verify 0 4096 0
answer=$(ask a in $log_usage 32)
[ "$answer" = "good 8c00000c000223080000000001000000" ] ||
	die "usage afterwards: $answer"
stop
