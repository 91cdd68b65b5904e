#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Target port groups: two servers that are told of both their ports say the
# same of them, and initiators change states where they may.
. "$(dirname "$0")/lib.sh"

report=a30a000000000000040000
BOTH=(--port-group 'id=1,port=1,preferred'
      --port-group 'id=2,port=2,state=standby')

# inquiry NAME: byte 5 of standard INQUIRY data
inquiry() {
	local data

	data=$(ask "$1" in 120000002400 36)
	echo "${data:15:2}"
}

# groups NAME: what REPORT TARGET PORT GROUPS has behind its length
groups() {
	local data

	data=$(ask "$1" in ${report}00 1024)
	echo "${data:13}"
}

# group STATE ID STATUS PORT: a descriptor, in hexadecimal
group() {
	printf '%scf%04x00%02x0001%08x' "$1" "$2" "$3" "$4"
}

# set_states NAME ANSWER "STATE ID"...
set_states() {
	local name=$1 want=$2 list=00000000

	shift 2
	while [ $# -gt 0 ]; do
		# shellcheck disable=SC2086 # two words
		list+=$(printf '%02x00%04x' $1)
		shift
	done
	expect "$name" "$want" \
		out "a40a00000000$(printf '%08x' $((${#list} / 2)))0000" "$list"
}

# ---- Implicit ----------------------------------------------------------------

start "$DISK" "${BOTH[@]}" --device name=d,backend=ram,size=1M
session a "$URL"
settle a
start "$DISK" "${BOTH[@]}" --port-id 2 --device name=d,backend=ram,size=1M
session b "$URL"
[ "$(ask b cdb 000000000000)" != "check 2/04/0b" ] || die "no unit attention"
expect b "check 2/04/0b" cdb 000000000000

[ "$(inquiry a)" = 18 ] || die "TPGS of a: $(inquiry a)"
want=$(group 80 1 0 1)$(group 02 2 2 2)
[ "$(groups a)" = "$want" ] || die "a says $(groups a)"
[ "$(groups b)" = "$want" ] || die "b says $(groups b)"
expect a good write 0 1 7
expect b "check 2/04/0b" write 0 1 7
ids=$(ask b in 12018300ff00 255)
case $ids in
*51940004000000025195000400000002*) ;;
*) die "no designators: $ids" ;;
esac
set_states a "check 5/20/00" "2 1"
ask b quit >/dev/null
stop

# ---- Explicit ----------------------------------------------------------------

start "$DISK" "${BOTH[@]}" --alua explicit --port-id 2 \
	--device name=d,backend=ram,size=1M --device name=e,backend=ram,size=1M
session c "${URLS[0]}"
session d "${URLS[1]}"
session e "${URLS[0]}"
for s in c d e; do
	ask $s cdb 000000000000 >/dev/null
	expect $s "check 2/04/0b" cdb 000000000000
done
[ "$(inquiry c)" = 38 ] || die "TPGS of c: $(inquiry c)"
set_states c "check 5/26/00" "0 2" "0 3"
expect c "check 2/04/0b" cdb 000000000000
set_states c good "0 2" "2 1"
# The other initiator hears of it, and who asked does at the other disk.
expect c good write 0 1 7
expect e "check 6/2a/06" cdb 000000000000
expect d "check 6/2a/06" cdb 000000000000
expect e good verify 0 1 7
[ "$(groups d)" = "$(group 82 1 1 1)$(group 00 2 1 2)" ] ||
	die "d says $(groups d)"
for s in c d e; do
	ask $s quit >/dev/null
done
stop

# ---- None --------------------------------------------------------------------

start "$DISK" --device name=d,backend=ram,size=1M
session f "$URL"
settle f
[ "$(inquiry f)" = 08 ] || die "TPGS of f: $(inquiry f)"
expect f "check 5/24/00" in ${report}00 1024
set_states f "check 5/20/00" "0 1"
ask f quit >/dev/null
stop
