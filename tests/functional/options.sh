#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Wrong options: one line that says what to do, exit status 2.
. "$(dirname "$0")/lib.sh"

# refuses TEXT ARGS...: status 2, one line on stderr that has TEXT in it
refuses() {
	local text=$1 status=0

	shift
	timeout 20 "$DISK" "$@" >"$WORK/out" 2>"$WORK/err" || status=$?
	[ "$status" -eq 2 ] || die "$*: status $status"
	[ ! -s "$WORK/out" ] || die "$*: wrote to standard output"
	[ "$(wc -l <"$WORK/err")" -eq 1 ] || die "$*: $(cat "$WORK/err")"
	grep -qF -- "$text" "$WORK/err" || die "$*: $(cat "$WORK/err")"
}

refuses "no device" --listen 127.0.0.1:0
refuses "see --help" --no-such-option
refuses "see --help" stray
refuses "needs a name" --device size=1M
refuses "no device option 'colour'" --device name=a,colour=red
refuses "size=12x: not a valid value" --device name=a,backend=ram,size=12x
refuses "size=99999999999999T: too large" \
	--device name=a,backend=ram,size=99999999999999T
refuses "backend=tape: want file, ram or null" --device name=a,backend=tape
refuses "needs path=" --device name=a
refuses "no such file; size= creates it" --device name=a,path="$WORK/none"
refuses "no such directory" --device name=a,path="$WORK/no/file",size=1M
refuses "neither a file nor a block device" --device name=a,path="$WORK"
refuses "no room for a single block" --device name=a,backend=ram,size=100
refuses "block-size must be" \
	--device name=a,backend=ram,size=1M,block-size=3000
refuses "the name 'a' is taken" --device name=a,backend=ram,size=1M \
	--device name=a,backend=ram,size=1M
refuses "letters, digits" --device "name=a b,backend=ram,size=1M" \
	--listen 127.0.0.1:0
refuses "want ADDRESS" --listen "[::1" --device name=a,backend=ram,size=1M
refuses "no address of this machine" --listen 192.0.2.1:0 \
	--device name=a,backend=ram,size=1M
refuses "there is no device 'b'" --listen 127.0.0.1:0 \
	--access 'initiator=*,lun=0=b' --device name=a,backend=ram,size=1M
refuses "lun=0 is given twice" --listen 127.0.0.1:0 \
	--access 'initiator=*,lun=0=a,lun=0=a' \
	--device name=a,backend=ram,size=1M
refuses "want initiator=GLOB" --listen 127.0.0.1:0 --access 'lun=0=a' \
	--device name=a,backend=ram,size=1M
groups() {
	local text=$1 arg args=()

	shift
	for arg in "$@"; do
		args+=(--port-group "$arg")
	done
	refuses "$text" --listen 127.0.0.1:0 "${args[@]}" \
		--device name=a,backend=ram,size=1M
}
groups "want id=N" port=1
groups "want port=N" id=1
groups "id=0: want a number" id=0,port=1
groups "port=65536: want a number" id=1,port=65536
groups "state=up: want active/optimized," id=1,port=1,state=up
groups "'colour': want id=N,port=N" id=1,port=1,colour=red
groups "id=1 is given twice" id=1,port=1 id=1,port=2
groups "port=1 is given twice" id=1,port=1 id=2,port=1
refuses "want --port-group" --listen 127.0.0.1:0 --alua explicit \
	--device name=a,backend=ram,size=1M
refuses "alua" --alua both
refuses "target" --target not-a-name --device name=a,backend=ram,size=1M
refuses "no key 'Nonsense'" --iscsi Nonsense=1
refuses "want a number from" --nop-timeout 0
refuses "file-io" --file-io threads

echo secret >"$WORK/auth"
chmod 644 "$WORK/auth"
refuses "chmod" --auth-file "$WORK/auth"

# A file that exists is not silently served with another size.
truncate -s 2M "$WORK/two"
refuses "which is not size=" --device name=a,path="$WORK/two",size=1M

# A port in use, and a file in use.
start "$DISK" --device name=a,path="$WORK/file",size=1M
refuses "in use" --listen "$PORTAL" --device name=a,backend=ram,size=1M
refuses "served or used by another program" --listen 127.0.0.1:0 \
	--device name=a,path="$WORK/file"
stop

# --help, --version and --dump-handler go to standard output, status 0.
for option in --help --version --dump-handler; do
	"$DISK" $option >"$WORK/out" 2>"$WORK/err" || die "$option"
	[ -s "$WORK/out" ] || die "$option says nothing"
	[ ! -s "$WORK/err" ] || die "$option: $(cat "$WORK/err")"
done
