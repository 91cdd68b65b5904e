#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# IPv6, several portals, and what SendTargets tells of them.
. "$(dirname "$0")/lib.sh"

if [ ! -e /proc/net/if_inet6 ]; then
	skip "no IPv6 here"
fi
LUNS=1 LISTEN='[::1]:0' start "$DISK" --listen 127.0.0.1:0 --listen 0.0.0.0:0 \
	--device name=d,backend=ram,size=1M
iscsi-inq "$URL" | grep -q DIRECT_ACCESS || die "over IPv6: $URL"
iscsi-ls "iscsi://$PORTAL" >"$WORK/ls.out"
grep -qF "Portal:[::1]:" "$WORK/ls.out" || die "$(cat "$WORK/ls.out")"
grep -qF "Portal:127.0.0.1:" "$WORK/ls.out" || die "$(cat "$WORK/ls.out")"
# Asked over IPv6, the IPv4 wildcard has no address to tell.
if grep -qF "0.0.0.0" "$WORK/ls.out"; then
	die "$(cat "$WORK/ls.out")"
fi
stop
