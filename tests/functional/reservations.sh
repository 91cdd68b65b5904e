#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Persistent reservations through real sessions: who is kept out, the same
# initiator port again after it logged out, and --state-dir: what was asked to
# survive does, also kill -9, and nothing else.
. "$(dirname "$0")/lib.sh"

register=5f000000000000001800
ignore=5f060000000000001800
reserve=5f010300000000001800		# Exclusive Access
clear=5f030000000000001800
keys=5e000000000000010000

# list KEY NEW APTPL
list() {
	printf '%016x%016x00000000%02x000000' "$1" "$2" "$3"
}

state=$WORK/state
mkdir "$state"

serve() {
	start "$DISK" --state-dir "$state" --device name=d,backend=ram,size=1M
}

open() {
	rm -f "$WORK/$1.in" "$WORK/$1.out"
	session "$1" --name "iqn.2026-11.org.example:$1" --isid "$2" "$URL"
	settle "$1"
}

serve
open a 1
open b 1
expect a good out $register "$(list 0 17 1)"
expect b conflict out $register "$(list 1 2 1)"
expect b good out $register "$(list 0 18 1)"
expect a good out $reserve "$(list 17 0 0)"
expect a good write 0 1 7
expect b conflict write 0 1 8
expect b conflict in 28000000000000000100 512

# The same initiator port is the same registrant; another port is not.
ask a quit >/dev/null
open a 1
expect a good write 0 1 7
ask a quit >/dev/null
open a 2
expect a conflict write 0 1 7
ask a quit >/dev/null

# Two directories cannot be one's own at the same time.
if "$DISK" --listen 127.0.0.1:0 --state-dir "$state" \
	--device name=d,backend=ram,size=1M >"$WORK/second" 2>&1; then
	die "a second server took the same state"
fi
grep -q "another server uses it" "$WORK/second" || die "no reason given"

{ kill -KILL "$PID" && wait "$PID"; } 2>/dev/null || true
serve
open a 1
open b 1
answer=$(ask a in $keys 24)
[ "$answer" = "good 000000000000001000000000000000110000000000000012" ] ||
	die "keys after kill -9: $answer"
expect a good write 0 1 7
expect b conflict write 0 1 8
# From here on nothing is to survive.
expect b good out $ignore "$(list 0 18 0)"
{ kill -KILL "$PID" && wait "$PID"; } 2>/dev/null || true

serve
open a 1
expect a "good 0000000000000000" in $keys 8
expect a good out $register "$(list 0 17 1)"
stop

# Both files damaged: better not to serve than to forget who may write.
for file in "$state"/d.pr.?; do
	echo damaged >"$file"
done
if "$DISK" --listen 127.0.0.1:0 --state-dir "$state" \
	--device name=d,backend=ram,size=1M >"$WORK/damaged" 2>&1; then
	die "damaged state was taken"
fi
grep -q "damaged" "$WORK/damaged" || die "no reason given"
rm "$state"/d.pr.?

# Without a directory nobody is promised anything.
start "$DISK" --device name=d,backend=ram,size=1M
open a 1
expect a "check 5/26/00" out $register "$(list 0 17 1)"
expect a good out $register "$(list 0 17 0)"
expect a good out $clear "$(list 17 0 0)"
stop
