#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# What a disk says of its size, its commands and its mode pages is so.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../vdisk.sh"

vdisk_begin
device_add nullio/small size=64M enable=1
device_add nullio/large size=4T block_size=4096 enable=1
device_add fileio/thin path="$WORK/thin" size=16M enable=1
defer device_disable fileio/thin
lun_add 0 small
small=$(disk_path 0 scsi_generic)
lun_add 1 large
large=$(disk_path 1 scsi_generic)
# flat space addressing: 4000h and the number
mkdir "$LOCAL/groups/all/luns/300"
defer lun_del 300
echo thin >"$LOCAL/groups/all/luns/300/device"
FLAT=$((0x4000 + 300))
wait_for "LUN 300" 30 disk_there $FLAT
thin=$(disk_path $FLAT scsi_generic)

# ---- Size ---------------------------------------------------------------------

# capacity DISK LAST-BLOCK BLOCKS LENGTH OPTION...
capacity() {
	local disk=$1 text

	text=$(sg_readcap "${@:5}" "$disk")
	expect_match "last block of $disk ${*:5}" "$text" \
		"[Ll]ast (LBA|logical block address)=$2 .*[Nn]umber of.*blocks=$3"
	expect_match "length of $disk ${*:5}" "$text" "block length=$4 bytes"
}

capacity "$small" 131071 131072 512
capacity "$small" 131071 131072 512 --16
capacity "$large" 1073741823 1073741824 4096
capacity "$large" 1073741823 1073741824 4096 --16
# more than READ CAPACITY (10) can say
device_set nullio/large size=64T
wait_for "the new size to be told" 10 sg_turs "$large" >/dev/null 2>&1
sg_raw -r 8 -o "$WORK/capacity" "$large" 25 0 0 0 0 0 0 0 0 0 >/dev/null 2>&1
expect_eq "too many blocks for 32 bits" "$(od -A n -t x1 "$WORK/capacity")" \
	" ff ff ff ff 00 00 10 00"
capacity "$large" 17179869183 17179869184 4096 --16
expect_match "thin" "$(sg_readcap --16 "$thin")" "lbpme=1, lbprz=1"
expect_match "a block behind the end" "$(sg_raw -r 512 "$small" \
	28 0 0 2 0 0 0 0 1 0 2>&1 || true)" "address out of range"

# ---- Logical units --------------------------------------------------------------

expect_eq "LUNs" "$(sg_luns "$small" | sed -n 's/^ *\([0-9a-f]\{16\}\)$/\1/p' |
	tr '\n' ' ')" "0000000000000000 0001000000000000 412c000000000000 "
expect_eq "well-known LUNs" "$(sg_luns --select=1 "$small" |
	sed -n 's/^ *\([0-9a-f]\{16\}\)$/\1/p')" "c101000000000000"
lun_del 1
expect_eq "LUNs after one left" "$(sg_luns "$small" 2>/dev/null |
	sed -n 's/^ *\([0-9a-f]\{16\}\)$/\1/p' | tr '\n' ' ')" \
	"0000000000000000 412c000000000000 "

# ---- Commands -------------------------------------------------------------------

sg_opcodes "$small" >"$WORK/opcodes"
for name in "Test Unit Ready" "Read\(16\)" "Write\(16\)" "Write same\(16\)" \
	"Synchronize cache\(10\)" "Report luns" "Extended copy" \
	"Persistent reserve out" "Reserve\(6\)"; do
	expect_match "opcodes" "$(cat "$WORK/opcodes")" "$name"
done
expect_match "one opcode" "$(sg_opcodes --opcode=0x2a "$small")" \
	"Command is supported .conforming"
expect_match "the CDB's bits" "$(sg_opcodes --opcode=0x2a "$small")" \
	"2a [0-9a-f]{2} ff ff ff ff"
expect_match "an opcode that is not there" \
	"$(sg_opcodes --opcode=0xc0 "$small" || true)" "NOT supported"
expect_match "service action" "$(sg_opcodes --opcode=0x9e,0x10 "$small")" \
	"9e [0-9a-f]{2} "
expect_match "timeouts" "$(sg_opcodes --rctd "$small")" "timeout"
tmf=$(sg_opcodes --tmf "$small")
for name in "Abort task" "Abort task set" "Logical unit reset"; do
	expect_match "task management" "$tmf" "$name"
done

# ---- Mode pages -----------------------------------------------------------------

# A page in bytes: CODE, and what of it (0 current, 1 changeable, 2 default)
page() {
	sg_modes --page="$1" --control="$2" --dbd --raw "$thin" |
		od -A n -v -t x1 -w256 | sed 's/^ *//' | cut -d ' ' -f 9-
}

for option in -6 "" --llbaa; do
	text=$(sg_modes --all $option "$thin")
	expect_match "mode pages" "$text" "Caching"
	expect_match "mode pages" "$text" "Control"
done
expect_match "block descriptor" "$(sg_modes -6 --page=8 "$thin")" \
	"len=8|[Dd]escriptor"
caching=$(page 8 0)
expect_match "write cache on" "$caching" "^08 12 [0-9a-f][4567cdef]"
expect_match "it may be changed" "$(page 8 1)" "^08 12 04"

# set_mode CODE BYTE VALUE
set_mode() {
	local bytes

	bytes=$(page "$1" 0 | awk -v n="$2" -v v="$3" '{ $(n + 1) = v
		for (i = 1; i <= NF; i++) printf "%s%s", (i > 1 ? "," : ""), $i }')
	sg_wr_mode --page="$1" --contents="$bytes" "$thin"
}

set_mode 8 2 00
expect_match "write cache off" "$(page 8 0)" "^08 12 00"
expect_match "its default" "$(page 8 2)" "^08 12 04"
dd if=/dev/zero of="$(disk_path $FLAT)" bs=64k count=4 \
	oflag=direct status=none
set_mode 8 2 04
expect_eq "as before" "$(page 8 0)" "$caching"
expect_match "what may not be changed" "$(set_mode 8 4 ff 2>&1 || true)" \
	"[Ii]nvalid field|[Ii]llegal request"

# Software write protection
write_one() {
	sg_raw -s 512 -i /dev/zero "$thin" 2a 0 0 0 0 0 0 0 1 0
}
write_one >/dev/null 2>&1
set_mode 0xa 4 08
expect_match "software write protect" "$(write_one 2>&1 || true)" \
	"Data Protect"
set_mode 0xa 4 00
write_one >/dev/null 2>&1 || die "write protected for ever"
