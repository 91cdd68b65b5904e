#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# vm: handlers smp=2 timeout=600 long
# The units: a systemd in a PID namespace of its own boots with them, and a
# second one finds again what the first had: the process, the device, the
# target, the disk and its data. Stopping takes all away in order.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../vdisk.sh"

SYSTEMD=/lib/systemd/systemd
[ -x $SYSTEMD ] || skip "there is no systemd"
[ -x "$VM_HANDLERS/libscstuser/tools/scstctl/scstctl" ] ||
	skip "there is no scstctl: libjansson-dev, libnl-genl-3-dev"
modprobe sd_mod
modprobe sg

# ---- A system --------------------------------------------------------------------

cmake --install "$VM_HANDLERS" --prefix /usr/local >"$WORK/install"
ldconfig

# The modules are not installed: this is what modprobe does with ours.
grep -oE '^[a-z_]+' /vm/modules >"$WORK/names"
cat >/usr/local/sbin/modprobe <<END
#!/bin/bash
# modprobe -a MODULE... | -r MODULE...
insert() {
	local name

	grep -q "^\$1 " /proc/modules && return
	for name in \$(sed -n "s/^\$1 //p" /vm/modules); do
		insert "\$name"
	done
	if [ -e "$VM_MODULES/\$1.ko" ]; then
		insmod "$VM_MODULES/\$1.ko"
	else
		/sbin/modprobe "\$1"
	fi
}
echo "modprobe \$*" >>/run/units.log
case \$1 in
-a)
	for name in "\${@:2}"; do insert "\$name" || exit; done
	# as the rule of udev, which is not here, says
	chgrp scst /dev/scst_user
	;;
-r) rmmod scst_local scst_vdisk scst_user scst ;;
esac
END
chmod +x /usr/local/sbin/modprobe

# No more of Debian's units than ours ask for.
export SYSTEMD_UNIT_PATH=/run/units:/usr/local/lib/systemd/system
mkdir -p /run/units/multi-user.target.wants
for name in sysinit basic local-fs shutdown multi-user; do
	printf '[Unit]\nDescription=%s\nDefaultDependencies=no\n' $name \
		>/run/units/$name.target
done
for name in scst-disk@d0 scst; do
	ln -s "/usr/local/lib/systemd/system/${name/d0/}.service" \
		/run/units/multi-user.target.wants/$name.service
done
# There is no journal.
for name in scst scst-devices scst-disk@; do
	mkdir "/run/units/$name.service.d"
	printf '[Service]\nStandardOutput=append:/run/units.out\n' \
		>"/run/units/$name.service.d/test.conf"
	printf 'StandardError=append:/run/units.out\n' \
		>>"/run/units/$name.service.d/test.conf"
done
mkdir -p /sys/fs/cgroup
mountpoint -q /sys/fs/cgroup || mount -t cgroup2 cgroup /sys/fs/cgroup
mkdir -p /etc/scst
echo "DISK=path=/var/lib/scst-disk/d0/disk.img,size=16M" >/etc/scst/d0.disk

# boot: a systemd that has done what it wanted; sets SD, its process
boot() {
	env container=other unshare --fork --pid --mount --mount-proc \
		$SYSTEMD --system --unit=multi-user.target --log-target=kmsg \
		>"$WORK/systemd" 2>&1 &
	UNSHARE=$!
	wait_for "systemd" 60 find_systemd
	wait_for "the units" 200 booted
}

find_systemd() {
	SD=$(cat "/proc/$UNSHARE/task/$UNSHARE/children")
	SD=${SD%% *}
	[ -n "$SD" ] && [ -S /run/systemd/private ]
}

ctl() {
	nsenter -t "$SD" -m -p systemctl "$@"
}

booted() {
	[ "$(ctl show -P ActiveState multi-user.target)" = active ] &&
		[ -z "$(ctl list-jobs --no-legend)" ]
}

# halt: the units stop in order, and it is gone
halt() {
	ctl stop multi-user.target scst.service scst-disk@d0.service \
		scst-devices.service
	kill -KILL "$SD"
	wait $UNSHARE 2>/dev/null || true
	SD=
	rm -f /run/systemd/private
}

active() {
	expect_eq "$1" "$(ctl show -P ActiveState "$1")" active
}

# Whatever happens, the modules go with the case.
cleanup_units() {
	local name

	[ -z "$SD" ] || kill -KILL "$SD"
	cat /run/units.out
	rm -f /usr/local/sbin/modprobe
	! loaded scst || scstctl clear targets devices
	for name in scst_local scst_vdisk scst_user scst; do
		wait_for "$name to be unused" 30 rmmod_quiet $name
	done
}

# ---- The first boot: nothing is configured but the disk ---------------------------

defer cleanup_units
boot
active scst-devices.service
active scst-disk@d0.service
expect_eq "no file, no targets" \
	"$(ctl show -P ActiveState scst.service)" inactive
scstctl create 'targets/scst_local/here/groups/all/initiators/*' \
	targets/scst_local/here/groups/all/luns/0 device=d0 \
	targets/scst_local/here/nexuses/me
HOST=$(cat $SCST/targets/scst_local/here/nexuses/me/host)
wait_for "the disk" 30 disk_there 0
dd if=/dev/urandom of="$WORK/data" bs=1M count=4 status=none
dd if="$WORK/data" of="$(disk_path 0)" bs=1M oflag=direct status=none
scstctl save /etc/scst/scst.json
halt
expect_eq "the modules are gone" "$(grep -c '^scst' /proc/modules || true)" 0

# ---- The second: all is back --------------------------------------------------------

boot
active scst-disk@d0.service
active scst.service
expect_eq "as it was" "$(scstctl apply /etc/scst/scst.json)" ""
expect_eq "its process has no rights" "$(stat -c %U:%G \
	"/proc/$(pgrep -x scst-disk)" | grep -c root || true)" 0
HOST=$(cat $SCST/targets/scst_local/here/nexuses/me/host)
wait_for "the disk" 30 disk_there 0
dd if="$(disk_path 0)" bs=1M count=4 iflag=direct status=none |
	cmp - "$WORK/data" || die "the disk differs"

# Killed, it comes back, and nobody notices.
pkill -KILL -x scst-disk
dd if="$(disk_path 0)" bs=1M count=4 iflag=direct status=none |
	cmp - "$WORK/data" || die "the disk differs"
ctl stop scst-devices.service
expect_eq "the order of the end" "$(tail -n 1 /run/units.log)" \
	"modprobe -r scst_user scst_vdisk scst_local"
expect_eq "the modules are gone" "$(grep -c '^scst' /proc/modules || true)" 0
expect_eq "its process as well" "$(pgrep -x scst-disk || true)" ""
halt
