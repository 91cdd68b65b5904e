#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# QEMU's block driver as a client: images there and back, patterns.
. "$(dirname "$0")/lib.sh"
requires qemu-img qemu-io
qemu-img --help | grep -qw iscsi || skip "QEMU has no iSCSI driver (qemu-block-extra)"

head -c 24M /dev/urandom >"$WORK/image"
truncate -s 32M "$WORK/image"

# round_trip DEVICE-WORDS
round_trip() {
	start "$DISK" --device "$1"
	qemu-img convert -n -f raw -O raw "$WORK/image" "$URL"
	qemu-img compare -f raw -F raw "$WORK/image" "$URL" >/dev/null ||
		die "$1: the LUN differs from the image"
	qemu-img convert -f raw -O raw "$URL" "$WORK/back"
	cmp "$WORK/image" "$WORK/back" || die "$1: what came back differs"
	rm "$WORK/back"

	qemu-io -f raw \
		-c "write -P 0x11 0 1M" -c "write -P 0x22 1M 4M" \
		-c "write -f -P 0x33 5M 64k" -c "aio_write -P 0x44 8M 2M" \
		-c "aio_write -P 0x55 10M 2M" -c "aio_flush" \
		-c "write -z -u 16M 3M" -c "discard 20M 1M" -c "flush" \
		-c "read -P 0x11 0 1M" -c "read -P 0x22 1M 4M" \
		-c "read -P 0x33 5M 64k" -c "read -P 0x44 8M 2M" \
		-c "read -P 0x55 10M 2M" -c "read -P 0 16M 3M" \
		"$URL" >"$WORK/io.out" 2>&1 || die "$(cat "$WORK/io.out")"
	if grep -iE "fail|error" "$WORK/io.out"; then
		die "$1: qemu-io"
	fi
	stop
}

# EXTENDED COPY from one LUN to another: some of it must have gone that way
offload() {
	truncate -s 32M "$WORK/source"
	start "$DISK" --log-level debug \
		--device name=from,path="$WORK/source" \
		--device name=to,backend=ram,size=32M
	qemu-img convert -n -f raw -O raw "$WORK/image" "$URL"
	qemu-img convert -n -C -f raw -O raw "${URLS[0]}" "${URLS[1]}"
	qemu-img compare -f raw -F raw "$WORK/image" "${URLS[1]}" >/dev/null ||
		die "offload: the copy differs"
	grep -q "op=0x83 status=0 " "$LOG" || die "offload: not by the target"
	stop
}

offload
round_trip name=ram,backend=ram,size=32M,thin
round_trip name=big,backend=ram,size=32M,block-size=4096
round_trip name=file,path="$WORK/disk1",size=32M,thin
round_trip name=sync,path="$WORK/disk2",size=32M,write-cache=off
round_trip name=direct,path="$WORK/disk3",size=32M,direct,block-size=4096
