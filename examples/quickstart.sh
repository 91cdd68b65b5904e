#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# From a fresh checkout on Debian 12 to a SCSI disk that real clients use.

set -euo pipefail

usage() {
	cat <<-EOF
	usage: examples/quickstart.sh [--check]

	Installs what it needs from Debian (as root, or with sudo), builds into
	build-quickstart/, serves a disk to this machine, shows by iscsi-ls,
	iscsi-inq, qemu-io and qemu-img that it works, tells how to connect to
	it, and serves until Ctrl-C.

	  --check   stop after the proof, with status 0
	  --help    print this
	EOF
}

PACKAGES="cmake ninja-build gcc libc6-dev pkg-config liburing-dev libaio-dev
	libssl-dev libiscsi-bin qemu-utils qemu-block-extra"

check=0
case ${1-} in
--check) check=1 ;;
--help) usage; exit 0 ;;
'') ;;
*) usage >&2; exit 2 ;;
esac
[ $# -le 1 ] || { usage >&2; exit 2; }

cd "$(dirname "$0")/.."
build=$PWD/build-quickstart
tmp=
server=
viewer=

say() {
	printf '\n==> %s\n' "$*"
}

die() {
	echo "quickstart: $*" >&2
	exit 1
}

# In good order: what runs is finished, and the file is flushed.
stop_server() {
	local pid=$server status=0

	[ -n "$pid" ] || return 0
	server=
	kill -TERM "$pid" 2> /dev/null || true
	wait "$pid" || status=$?
	[ $status -eq 0 ] ||
		echo "quickstart: the server ended with status $status" >&2
	return $status
}

# Nothing but the build directory stays.
finish() {
	local status=$?

	trap '' INT TERM
	stop_server || status=1
	[ -z "$viewer" ] || kill "$viewer" 2> /dev/null || true
	[ -z "$tmp" ] || rm -rf "$tmp"
	exit "$status"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# run WHAT COMMAND...: quiet, unless it fails
run() {
	local what=$1

	shift
	"$@" > "$tmp/output" 2>&1 && return
	tail -n 25 "$tmp/output" >&2
	die "$what failed: see above"
}

# ---- Packages ---------------------------------------------------------------

missing() {
	local package

	for package in $PACKAGES; do
		dpkg-query -W -f '${Status}' "$package" 2> /dev/null |
			grep -q 'ok installed' || echo "$package"
	done
}

install_packages() {
	local need sudo=()

	# shellcheck disable=SC2086
	command -v apt-get > /dev/null ||
		die "this is not Debian; see README.md. Needed are:" $PACKAGES
	need=$(missing | tr '\n' ' ')
	if [ -z "$need" ]; then
		say "Packages: all there"
		return
	fi
	if [ "$(id -u)" -ne 0 ]; then
		command -v sudo > /dev/null ||
			die "run this as root, or install sudo; missing: $need"
		sudo=(sudo)
		# Ask for the password here, where the question is seen.
		sudo -v || die "sudo is refused; missing: $need"
	fi
	say "Packages: installing $need"
	run "apt-get update" "${sudo[@]}" apt-get -q update
	# shellcheck disable=SC2086
	run "apt-get install" "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive \
		apt-get -q -y --no-install-recommends install $need
}

# ---- Build -------------------------------------------------------------------

build() {
	say "Build: into ${build#"$PWD"/}/"
	mkdir -p "$build" 2> /dev/null || die "cannot write to $PWD"
	[ -w "$build" ] ||
		die "$build belongs to another user: remove it, or be that user"
	[ -e "$build/build.ninja" ] ||
		run cmake cmake -G Ninja -S . -B "$build" -DSCST_TESTS=OFF
	ninja -C "$build" || die "the build failed: see above"
}

# ---- Serve --------------------------------------------------------------------

serve() {
	local line

	say "Serve: a disk of 64 MiB in a file, on a free port of 127.0.0.1"
	mkfifo "$tmp/ready"
	# Should this script be killed, the server ends as well.
	setpriv --pdeathsig TERM "$build/handlers/disk/scst-disk" \
		--listen 127.0.0.1:0 \
		--device name=d0,path="$tmp/d0.img",size=64M,thin \
		> "$tmp/ready" 2> "$tmp/log" &
	server=$!
	line=
	read -r -t 30 line < "$tmp/ready" || true
	url=${line#ready }
	[ "$url" != "$line" ] ||
		die "the server did not start: $(tail -n 1 "$tmp/log")"
	portal=${url#iscsi://}
	portal=${portal%%/*}
	target=${url%/*}
	target=${target##*/}
	echo "$url"
}

# ---- Prove ----------------------------------------------------------------------

# client COMMAND...: show it, and run it
client() {
	local word shown='$'

	for word; do
		case $word in
		*' '*) shown+=" '$word'" ;;
		*) shown+=" $word" ;;
		esac
	done
	echo "$shown"
	timeout 60 "$@" < /dev/null > "$tmp/output" 2>&1 || {
		cat "$tmp/output" >&2
		die "$1 failed: see above"
	}
}

prove() {
	say "Prove: what do clients see?"
	client iscsi-ls -s "iscsi://$portal"
	cat "$tmp/output"
	grep -q DIRECT_ACCESS "$tmp/output" || die "iscsi-ls sees no disk"
	echo "(iscsi-ls leaves out the last block, and rounds: 63M are 64 MiB.)"

	client iscsi-inq "$url"
	grep -E '^(Peripheral Device Type|Vendor|Product|Revision)' "$tmp/output"

	say "Prove: what is written is read"
	client qemu-io -f raw -c 'write -P 0x5a 32M 1M' -c flush "$url"
	client qemu-io -f raw -c 'read -P 0x5a 32M 1M' "$url"
	! grep -q 'failed' "$tmp/output" ||
		die "what was read is not what was written"

	head -c 16M /dev/urandom > "$tmp/data"
	client qemu-img convert -n -f raw -O raw "$tmp/data" "$url"
	client qemu-img dd -f raw -O raw bs=1M count=16 "if=$url" "of=$tmp/back"
	cmp "$tmp/data" "$tmp/back" ||
		die "what was read is not what was written"
	cmp -n $((16 << 20)) "$tmp/data" "$tmp/d0.img" ||
		die "the file does not have what was written"
	echo "16 MiB of random data are the same on both ends, and in the file."
}

# ---- Tell ------------------------------------------------------------------------

tell() {
	say "Connect to it from this machine, for example:"
	cat <<-EOF

	libiscsi    iscsi-inq $url
	QEMU        qemu-system-x86_64 -drive file=$url,format=raw
	open-iscsi  apt-get install open-iscsi
	            iscsiadm -m discovery -t sendtargets -p $portal
	            iscsiadm -m node -T $target -p $portal --login
	            lsblk --scsi
	            iscsiadm -m node -T $target -p $portal --logout

	The disk goes when this ends: press Ctrl-C.
	EOF
	tail -n 0 -f --pid="$server" "$tmp/log" &
	viewer=$!
	trap 'exit 0' INT
	wait "$server" || true
	server=
	die "the server has ended: $(tail -n 1 "$tmp/log")"
}

tmp=$(mktemp -d)
install_packages
build
serve
prove
if [ $check = 1 ]; then
	stop_server
	say "It works."
else
	tell
fi
