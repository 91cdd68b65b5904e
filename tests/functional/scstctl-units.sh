#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# The units of systemd: it understands them, they run what is installed, in the
# order devices, handlers, targets. That they do what they should is shown by
# tests/vm/cases/scstctl_units.sh.
. "$(dirname "$0")/lib.sh"

[ -x "$SCST_BUILD/libscstuser/tools/scstctl/scstctl" ] ||
	skip "there is no scstctl: it needs libjansson-dev and libnl-genl-3-dev"
requires systemd-analyze cmake
root=$WORK/root
DESTDIR=$root cmake --install "$SCST_BUILD" --prefix /usr/local \
	>"$WORK/install.log" 2>&1

for file in sbin/scstctl share/man/man8/scstctl.8 \
	share/bash-completion/completions/scstctl \
	lib/systemd/system/scst.service lib/udev/rules.d/60-scst_user.rules \
	lib/sysusers.d/scst_user.conf; do
	[ -e "$root/usr/local/$file" ] || die "$file is not installed"
done

# Commands are looked for on this machine: name those that were installed.
mkdir "$WORK/units"
for unit in scst.service scst-devices.service scst-disk@.service; do
	sed -E "s,^(Exec[A-Za-z]*=[+-]?)(scstctl),\1$root/usr/local/sbin/\2,
		s,^(Exec[A-Za-z]*=[+-]?)(scst-disk),\1$root/usr/local/bin/\2," \
		"$root/usr/local/lib/systemd/system/$unit" >"$WORK/units/$unit"
done
cd "$WORK/units"
systemd-analyze verify --man=no ./scst.service ./scst-devices.service \
	./scst-disk@d0.service >"$WORK/verify.log" 2>&1 || die "verify"
[ ! -s "$WORK/verify.log" ] || die "$(cat "$WORK/verify.log")"

# before FIRST SECOND: the second unit comes after the first
before() {
	grep -qE "^After=.*$1" "$2" || grep -qE "^Before=.*$2" "$1" ||
		die "$2 may come before $1"
}
before scst-devices.service scst-disk@.service
before scst-disk@.service scst.service
before scst-devices.service scst.service
grep -q "Requires=scst-devices.service" scst-disk@.service scst.service
