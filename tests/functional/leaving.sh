#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# A target that goes asks its initiators to log out; one that is elsewhere
# sends them there.
. "$(dirname "$0")/lib.sh"
requires python3 qemu-io
LEAVING=$SOURCE/tests/functional/leaving.py

start "$DISK" --loops 2 --device name=d,backend=ram,size=8M
python3 "$LEAVING" "$PORTAL" "$TARGET" shutdown "$PID" || die "see above"
wait "$PID" || die "the server ended with status $?"

# Real initiators follow, and discovery is no login.
start "$DISK" --device name=d,path="$WORK/disk",size=8M
there=$PORTAL
qemu-io -f raw -c 'write -P 0x42 0 64k' "$URL" >/dev/null
start "$DISK" --redirect "$there" --target "$TARGET" \
	--device name=d,backend=ram,size=8M
qemu-io -f raw -c 'read -P 0x42 0 64k' "$URL" >"$WORK/out" 2>&1 ||
	die "not redirected: $(cat "$WORK/out")"
! grep -q "verification failed" "$WORK/out" || die "$(cat "$WORK/out")"
iscsi-ls "iscsi://$PORTAL" | grep -qF "Portal:$PORTAL" ||
	die "discovery: $(iscsi-ls "iscsi://$PORTAL")"
stop

for bad in : 1.2.3.4:0 1.2.3.4:x 1.2.3.4:65536 2001:db8::1 'a b' $'a\177b' \
	',permanent'; do
	status=0
	"$DISK" --listen 127.0.0.1:0 --redirect "$bad" \
		--device name=d,backend=ram,size=1M 2>"$WORK/err" || status=$?
	[ "$status" -eq 2 ] || die "--redirect '$bad': status $status"
	grep -q "^scst-disk: --redirect .*: want ADDRESS" "$WORK/err" ||
		die "--redirect '$bad': $(cat "$WORK/err")"
done

SCSTCTL=$SCST_BUILD/libscstuser/tools/scstctl/scstctl
[ -x "$SCSTCTL" ] ||
	skip "there is no scstctl: it needs libjansson-dev and libnl-genl-3-dev"
start "$DISK" --control "$WORK/control" --device name=d,backend=ram,size=8M
python3 "$LEAVING" "$PORTAL" "$TARGET" moves "$SCSTCTL" "$WORK/control" ||
	die "see above"
! "$SCSTCTL" --socket "$WORK/control" set \
	"targets/iscsi/$TARGET" "redirect=a b" 2>"$WORK/err" ||
	die "a bad address was taken"
grep -q "ADDRESS" "$WORK/err" || die "$(cat "$WORK/err")"
stop
