#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# The control socket: scstctl shows a running server, and changes who sees
# what, under initiators that are logged in.
. "$(dirname "$0")/lib.sh"

SCSTCTL=$SCST_BUILD/libscstuser/tools/scstctl/scstctl
[ -x "$SCSTCTL" ] ||
	skip "there is no scstctl: it needs libjansson-dev and libnl-genl-3-dev"
requires python3
SOCKET=$WORK/control

ctl() {
	"$SCSTCTL" --socket "$SOCKET" "$@"
}

equal() {
	[ "$2" = "$3" ] || die "$1: $(diff <(echo "$3") <(echo "$2"))"
}

# refuses TEXT ARGS...: with status 1 and one line
refuses() {
	local text=$1 status=0

	shift
	ctl "$@" >"$WORK/out" 2>"$WORK/err" || status=$?
	[ "$status" -eq 1 ] || die "$*: status $status"
	[ "$(wc -l <"$WORK/err")" -eq 1 ] || die "$*: $(cat "$WORK/err")"
	grep -qF -- "$text" "$WORK/err" || die "$*: $(cat "$WORK/err")"
}

# What a server left that was killed is no hindrance; another one is.
python3 -c 'import socket, sys
socket.socket(socket.AF_UNIX).bind(sys.argv[1])' "$SOCKET"
refuses "is it the --control" show
A=iqn.2026-11.org.example:a
start "$DISK" --control "$SOCKET" --device name=x,backend=ram,size=1M \
	--device name=y,backend=ram,size=2M,read-only
equal "whose it is" "$(stat -c %a:%U "$SOCKET")" "600:$(id -un)"
status=0
"$DISK" --listen 127.0.0.1:0 --control "$SOCKET" \
	--device name=z,backend=ram,size=1M 2>"$WORK/err" || status=$?
equal "a second server" "$status $(cat "$WORK/err")" \
	"2 scst-disk: --control $SOCKET: another server is there"
[ -S "$SOCKET" ] || die "the second server took the socket away"
touch "$WORK/file"
status=0
"$DISK" --listen 127.0.0.1:0 --control "$WORK/file" \
	--device name=z,backend=ram,size=1M 2>"$WORK/err" || status=$?
grep -q "no socket" "$WORK/err" || die "a file: $(cat "$WORK/err")"
[ -f "$WORK/file" ] || die "the file is gone"

# ---- Looking ---------------------------------------------------------------------

G=targets/iscsi/$TARGET/groups
equal "the tree" "$(ctl show)" "devices
  scst-disk
    x  state=enabled  size=1048576
    y  state=enabled  size=2097152  read_only
targets
  iscsi
    $TARGET
      groups
        everyone
          initiators
            *
          luns
            0  device=x
            1  device=y"
session a --name $A "${URL%/*}/0"
session a1 --name $A "${URL%/*}/1"
settle a
settle a1
expect a good write 0 8 0x5a
ctl sessions | grep -qE "^$TARGET +$A +[0-9]+$" || die "$(ctl sessions)"
ctl stats --json | python3 -c '
import json, sys
rows = [r for r in json.load(sys.stdin) if r["device"] == "x"]
assert [r["write_bytes"] for r in rows if r["write_bytes"]] == [4096], rows
assert all(r["lun"] == 0 and not r["read_only"] for r in rows), rows'
ctl top --count 1 | grep -q " 1 y " || die "top"

# ---- Changing ----------------------------------------------------------------------

# It is told, and true at once.
ctl set "$G/everyone/luns/0" read_only=1
expect a "check 6/2a/01" cdb 000000000000
expect a "check 7/27/00" write 0 8 0xff
ctl set "$G/everyone/luns/0" read_only=0
settle a
expect a good write 0 8 0x5b
ctl remove "$G/everyone/luns/0"
expect a "check 5/25/00" cdb 000000000000
expect a1 "check 6/3f/0e" cdb 000000000000
expect a1 good cdb 000000000000
ctl create "$G/everyone/luns/0" device=x
settle a
expect a good verify 0 8 0x5b

# Save, change, apply; idempotent; not what is not named.
ctl save "$WORK/saved"
ctl create "$G/more/initiators/b" "$G/more/luns/7" device=y
echo "{\"targets\": {\"iscsi\": {\"$TARGET\": {\"groups\": {
	\"everyone\": {\"initiators\": [\"!$A\", \"*\"]}}}}}}" >"$WORK/part"
equal "apply" "$(ctl apply "$WORK/part")" \
	"remove $G/everyone/initiators/*
create $G/everyone/initiators/!$A
create $G/everyone/initiators/*"
equal "again" "$(ctl apply "$WORK/part")" ""
expect a "check 5/25/00" cdb 000000000000
"$INITIATOR" --name $A "$URL" </dev/null >"$WORK/c.out" && die "it logged in"
equal "back" "$(ctl apply "$WORK/saved")" \
	"remove $G/everyone/initiators/!$A"
settle a
expect a good verify 0 8 0x5b
equal "not named" "$(ctl show "$G/more/luns")" "luns
  7  device=y"

# ---- What cannot be ------------------------------------------------------------------

refuses "there is no such device" set "$G/more/luns/7" device=z
refuses "a number from 0 to 16383" create "$G/more/luns/8" device=y "$G/more/luns/x"
equal "taken back" "$(ctl show "$G/more/luns")" "luns
  7  device=y"
refuses "cannot be set" set devices/scst-disk/x size=5
refuses "only groups, patterns and LUNs" create devices/scst-disk/z
refuses "only groups, patterns and LUNs" remove "targets/iscsi/$TARGET"
refuses "only groups, patterns and LUNs" clear targets
refuses "is there already" create "$G/more"
refuses "targets has iscsi" show targets/fc
refuses "the kernel's only" events

# ---- Clients that are no scstctl --------------------------------------------------------

cat >"$WORK/clients.py" <<'END'
import socket, sys

def connect():
    s = socket.socket(socket.AF_UNIX)
    s.connect(sys.argv[1])
    s.settimeout(60)
    return s

def ask(s, text):
    s.sendall(text)
    answer = b''
    while not answer.endswith(b'\n') or \
            answer.splitlines()[-1].split(b'\t')[0] not in (b'ok', b'error'):
        try:
            got = s.recv(65536)
        except ConnectionResetError:
            got = b''
        if not got:
            return answer
        answer += got
    return answer

s = connect()
assert ask(s, b'\n').startswith(b'error\t95'), 'nothing'
assert ask(s, b'nonsense\t\t\t\n').startswith(b'error'), 'nonsense'
assert ask(s, b'kind\t' + b'/' * 2000 + b'\n') == b'=d\nok\n', 'slashes'
assert ask(s, b'kind\tdevices/..\n').startswith(b'error\t2\t'), '..'
assert ask(s, b'mkdir\t%s/a\x01\n' % sys.argv[2].encode()).startswith(
    b'error\t22\t'), 'control characters'
assert ask(s, b'mkdir\t%s/%s\n' % (sys.argv[2].encode(), b'x' * 225)
           ).startswith(b'error\t36\t'), 'a long name'
# Several in one piece, and one in pieces.
s.sendall(b'kind\tdevices\nkind\ttargets\nki')
s.sendall(b'nd\tversion\n')
answer = b''
while answer.count(b'ok\n') < 3:
    answer += s.recv(100)
assert answer == b'=d\nok\n=d\nok\n=r\nok\n', answer
# A line without an end ends the connection.
assert ask(s, b'x' * 5000) == b'', 'a long line'
# Who never reads gets no more; others are served.
deaf = connect()
deaf.setblocking(False)
try:
    while True:
        deaf.send(b'stats\n' * 600)
except BlockingIOError:
    pass
assert ask(connect(), b'kind\tdevices\n') == b'=d\nok\n'
# There are only so many at a time.
many = [connect() for i in range(40)]
assert many[39].recv(1) == b'', 'too many clients'
for m in many:
    m.close()
deaf.close()
END
python3 "$WORK/clients.py" "$SOCKET" "$G" || die "clients"
# Nor does one hang when there are no descriptors.
files=$(prlimit --pid "$PID" --nofile --output SOFT --noheadings)
for ((free = 3; ; free++)); do
	[ -e "/proc/$PID/fd/$free" ] || break
done
prlimit --pid "$PID" --nofile=$free:
python3 -c 'import socket, sys
s = socket.socket(socket.AF_UNIX)
s.settimeout(30)
s.connect(sys.argv[1])
assert s.recv(1) == b""' "$SOCKET" || die "no descriptors"
prlimit --pid "$PID" --nofile="$files:"
equal "still there" "$(ctl show "$G/more/luns")" "luns
  7  device=y"

for s in a a1; do
	in=${s}_in
	echo quit >&"${!in}"
done
stop
[ ! -e "$SOCKET" ] || die "the socket is left"
