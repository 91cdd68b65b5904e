#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# CHAP with a real initiator: right, wrong and missing secrets, both ways.
. "$(dirname "$0")/lib.sh"

cat >"$WORK/auth" <<'F'
# initiators that begin with "one"
initiator=*:one user=alice secret="a long secret 1"
initiator=*:two user=bob secret=anothersecret2 target-user=disk target-secret=thetargetsown3
F
chmod 600 "$WORK/auth"
start "$DISK" --auth-file "$WORK/auth" --device name=a,backend=ram,size=1M
REST=${URL#iscsi://}
ONE=iqn.2026-11.org.example:one
TWO=iqn.2026-11.org.example:two

inq() {
	iscsi-inq -i "$@" >"$WORK/inq.out" 2>&1
}

inq $ONE "iscsi://alice%a long secret 1@$REST" || die "$(cat "$WORK/inq.out")"
inq $ONE "iscsi://alice%a wrong secret 1@$REST" && die "a wrong secret"
inq $ONE "iscsi://bob%anothersecret2@$REST" && die "another's name and secret"
inq $ONE "iscsi://$REST" && die "no secret at all"
inq iqn.2026-11.org.example:three "iscsi://alice%a long secret 1@$REST" &&
	die "an initiator that is not in the file"

# Mutual: the target proves itself too, or the initiator leaves.
inq $TWO "iscsi://bob%anothersecret2@$REST?target_user=disk&target_password=thetargetsown3" ||
	die "$(cat "$WORK/inq.out")"
inq $TWO "iscsi://bob%anothersecret2@$REST?target_user=disk&target_password=somethingelse4" &&
	die "a target with the wrong secret was believed"

# No secret is in the log, nor in what everybody can see of the process.
if grep -E "long secret|anothersecret|targetsown" "$LOG" /proc/$PID/cmdline; then
	die "a secret is in the open"
fi
stop
