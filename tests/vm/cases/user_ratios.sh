#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# vm: long own-boot icount mem=2048 timeout=9600 sanitize=no handlers
# Not a test but a measurement: scst-disk behind the ring beside what serves
# the same kind of file for LIO, Debian's tcmu-runner by its qcow handler (a raw
# image), and beside our FILEIO, which needs no process. Medians of rounds that
# alternate: of an emulated machine, by its instructions.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../vdisk.sh"
. "$(dirname "$0")/../user.sh"
. "$(dirname "$0")/../handlers.sh"
. "$(dirname "$0")/../lio.sh"

SIZE=$((256 << 20))

# With one handler: the others bring large libraries. It is ready when it has
# its name on the system's bus.
tcmu_begin() {
	mkdir "$WORK/handlers"
	ln -s "$QCOW" "$WORK/handlers"
	mkdir -p /run/dbus
	dbus-daemon --system --nofork --nopidfile >"$WORK/dbus" 2>&1 &
	defer kill $!
	wait_for "the bus" 300 test -S /run/dbus/system_bus_socket
	tcmu-runner --tcmu-log-dir "$WORK" --handler-path "$WORK/handlers" \
		>"$WORK/tcmu" 2>&1 &
	TCMU=$!
	defer tcmu_end
	wait_for "tcmu-runner" 300 tcmu_there
}

tcmu_there() {
	[ -d "/proc/$TCMU" ] || die "it ended: $(cat "$WORK/tcmu")"
	dbus-send --system --print-reply --dest=org.freedesktop.DBus \
		/org/freedesktop/DBus org.freedesktop.DBus.NameHasOwner \
		string:org.kernel.TCMUService1 | grep -q "boolean true"
}

tcmu_end() {
	kill "$TCMU"
	wait "$TCMU" || true
}

QCOW=$(echo /usr/lib/*/tcmu-runner/handler_qcow.so)
if [ ! -e "$QCOW" ] || ! command -v dbus-daemon >/dev/null; then
	skip "not installed: apt-get install tcmu-runner dbus"
fi
modprobe target_core_user || skip "no target_core_user for this kernel"

files_begin
user_begin
device_add fileio/file path="$FILES/file" size=$SIZE enable=1
defer device_disable fileio/file
lun_add 0 file
MEASURED[fileio]=$DISK

device_add user/user enable=1
serve user "$SCST_DISK" --device "name=user,path=$FILES/user,size=$SIZE"
defer serve_stop
lun_add 1 user
MEASURED[scst_disk]=$DISK

tcmu_begin
lio_begin
truncate -s $SIZE "$FILES/tcmu"
lio_lun 0 user_1/tcmu dev_size=$SIZE "dev_config=qcow/$FILES/tcmu" \
	hw_block_size=512 hw_max_sectors=1024
MEASURED[tcmu_qcow]=$DISK

for name in "${!MEASURED[@]}"; do
	dd if=/dev/zero of="${MEASURED[$name]}" bs=1M count=256 oflag=direct \
		status=none
done
for load in "${LOADS[@]}"; do
	rounds "$load" scst_disk tcmu_qcow fileio
	case $load in
	*4k*) tcmu_goal=2.5 file_goal=0.7 ;;
	*) tcmu_goal=1.5 file_goal= ;;
	esac
	ratio "$load" scst_disk tcmu_qcow $tcmu_goal
	ratio "$load" scst_disk fileio $file_goal
done
