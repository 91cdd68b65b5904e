#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Encrypted disks: the image holds what IEEE 1619 says, the key is made, kept
# and refused as it should be, and CRYPTOGRAPHIC ERASE leaves nothing to read:
# whenever the server is killed, there is the old key or the new one.
. "$(dirname "$0")/lib.sh"

ready=000000000000
inquiry_chars=1201b1004000
crypto=48030000000000000000
crypto_ause=48230000000000000000
exit_failure=483f0000000000000000
IMAGE=$WORK/image
KEY=$WORK/key
MIB=2048			# blocks

# hex FILE [OFFSET [LENGTH]]
hex() {
	od -An -v -tx1 -j "${2:-0}" -N "${3:-$(stat -c %s "$1")}" "$1" |
		tr -d ' \n'
}

# unhex TEXT
unhex() {
	# shellcheck disable=SC2001,SC2059 # the text is the format
	printf "$(sed 's/../\\x&/g' <<<"$1")"
}

# make_key FILE BYTE: one whose halves differ
make_key() {
	(
		umask 077
		head -c 63 /dev/zero | tr '\0' "$2" >"$1"
		printf x >>"$1"
	)
}

# serve WORDS...: the disk d, and its session s
serve() {
	rm -f "$WORK/s.in" "$WORK/s.out"
	start "$DISK" --device "name=d,path=$IMAGE,key=$KEY${1:+,$1}" "${@:2}"
	session s "$URL"
	settle s
}

fresh() {
	rm -f "$IMAGE" "$KEY"
}

# differs LBA BLOCKS BYTE
differs() {
	local answer

	answer=$(ask s verify "$@")
	[[ $answer = "different at "* ]] || die "verify $*: $answer"
}

# only_keys: nothing was left beside the keys
only_keys() {
	local left

	left=$(find "$WORK" -maxdepth 1 -name 'key.*')
	[ -z "$left" ] || die "left behind: $left"
}

# ---- What is in the image ----------------------------------------------------

# IEEE 1619-2007, B.1, vectors 10 and 12: keys, plaintext, data units 0xff and
# 0xffffff. (The first and the last 64 bytes of 12.)
VECTOR_KEY=2718281828459045235360287471352662497757247093699959574966967627
VECTOR_KEY+=3141592653589793238462643383279502884197169399375105820974944592
VECTOR_10=\
1c3b3a102f770386e4836c99e370cf9bea00803f5e482357a4ae12d414a3e63b\
5d31e276f8fe4a8d66b317f9ac683f44680a86ac35adfc3345befecb4bb188fd\
5776926c49a3095eb108fd1098baec70aaa66999a72a82f27d848b21d4a741b0\
c5cd4d5fff9dac89aeba122961d03a757123e9870f8acf1000020887891429ca\
2a3e7a7d7df7b10355165c8b9a6d0a7de8b062c4500dc4cd120c0f7418dae3d0\
b5781c34803fa75421c790dfe1de1834f280d7667b327f6c8cd7557e12ac3a0f\
93ec05c52e0493ef31a12d3d9260f79a289d6a379bc70c50841473d1a8cc81ec\
583e9645e07b8d9670655ba5bbcfecc6dc3966380ad8fecb17b6ba02469a020a\
84e18e8f84252070c13e9f1f289be54fbc481457778f616015e1327a02b140f1\
505eb309326d68378f8374595c849d84f4c333ec4423885143cb47bd71c5edae\
9be69a2ffeceb1bec9de244fbe15992b11b77c040f12bd8f6a975a44a0f90c29\
a9abc3d4d893927284c58754cce294529f8614dcd2aba991925fedc4ae74ffac\
6e333b93eb4aff0479da9a410e4450e0dd7ae4c6e2910900575da401fc07059f\
645e8b7e9bfdef33943054ff84011493c27b3429eaedb4ed5376441a77ed4385\
1ad77f16f541dfd269d50d6a5f14fb0aab1cbb4c1550be97f7ab4066193c4caa\
773dad38014bd2092fa755c824bb5e54c4f36ffda9fcea70b9c6e693e148c151
VECTOR_12_BEGIN=\
e387aaa58ba483afa7e8eb469778317ecf4cf573aa9d4eac23f2cdf914e4e200\
a8b490e42ee646802dc6ee2b471b278195d60918ececb44bf79966f83faba049
VECTOR_12_END=\
0dd1fa965bc950dfce09b132263a1eef52dd6888c309f5a7d712826
plain=$(for _ in 1 2; do printf '%02x' {0..255}; done)

(umask 077 && unhex $VECTOR_KEY >"$KEY")
serve size=9G
expect s good out 2a00000000ff00000100 "$plain"
expect s good out 2a0000ffffff00000100 "$plain"
expect s good sync
[ "$(hex "$IMAGE" $((0xff * 512)) 512)" = $VECTOR_10 ] ||
	die "not vector 10: $(hex "$IMAGE" $((0xff * 512)) 512)"
[ "$(hex "$IMAGE" $((0xffffff * 512)) 64)" = $VECTOR_12_BEGIN ] ||
	die "not vector 12: $(hex "$IMAGE" $((0xffffff * 512)) 64)"
[[ $(hex "$IMAGE" $((0xffffff * 512)) 512) = *$VECTOR_12_END ]] ||
	die "not the end of vector 12"
expect s "good $plain" in 2800000000ff00000100 512
# What was never written is noise, the same each time.
noise=$(ask s in 28000000000000000100 512)
[[ $noise =~ ^good\ [0-9a-f]{1024}$ && ! $noise =~ 00000000 ]] ||
	die "never written: $noise"
expect s "$noise" in 28000000000000000100 512
stop

# ---- Data comes back -----------------------------------------------------------

round_trip() {
	local i

	fresh
	serve "size=64M${1:+,$1}" "${@:2}"
	expect s good write 0 1 0x61
	expect s good write 7 9 0x62 fua
	expect s good write $((4 * MIB)) $((4 * MIB)) 0x63
	expect s good write $((9 * MIB + 3)) $((3 * MIB + 5)) 0x64 fua
	# WRITE SAME of zeroes, and of a pattern
	expect s good write $((20 * MIB)) $((4 * MIB)) 0x65
	expect s good out 93000000000000"$(printf %06x $((21 * MIB)))"00001000000 \
		"$(printf '%01024d' 0)"
	for i in 1 2; do
		expect s good verify 0 1 0x61
		expect s good verify 7 9 0x62
		expect s good verify $((4 * MIB)) $((4 * MIB)) 0x63
		expect s good verify $((9 * MIB + 3)) $((3 * MIB + 5)) 0x64
		expect s good verify $((20 * MIB)) $MIB 0x65
		expect s good verify $((21 * MIB)) $((2 * MIB)) 0
		expect s good verify $((23 * MIB)) $MIB 0x65
		[ $i = 2 ] || { stop && serve "$1" "${@:2}"; }
	done
	stop
	! grep -q 'aaaaaaaa\|cccccccc' "$IMAGE" || die "not encrypted"
	[ "$(hex "$IMAGE" $((21 * 1048576)) 16)" != "$(printf %032d 0)" ] ||
		die "zeroes are not encrypted"
}

round_trip ""
[ "$(stat -c %a:%s "$KEY")" = 600:64 ] || die "key: $(stat -c %a:%s "$KEY")"
only_keys
first=$(hex "$KEY")
round_trip "" --file-io aio --loops 3
[ "$(hex "$KEY")" != "$first" ] || die "keys are not random"
if dd if=/dev/zero of="$WORK/direct" bs=4096 count=1 oflag=direct 2>/dev/null; then
	round_trip direct
fi

# Another key: not the data. The same again: it is.
cp -p "$KEY" "$WORK/spare"
make_key "$KEY" k
serve ""
differs 0 1 0x61
stop
cp -p "$WORK/spare" "$KEY"

# Thin: what is unmapped is noise, and there is room again.
serve thin
before=$(stat -c %b "$IMAGE")
expect s good out 42000000000000001800 \
	"0016001000000000$(printf %016x%08x $((4 * MIB)) $((4 * MIB)))00000000"
differs $((4 * MIB)) $((4 * MIB)) 0x63
differs $((4 * MIB)) $((4 * MIB)) 0
expect s good verify 0 1 0x61
[ "$(stat -c %b "$IMAGE")" -lt "$before" ] || die "nothing was given back"
stop

# ---- Keys that are refused -------------------------------------------------------

# refuses TEXT DEVICE
refuses() {
	local status=0

	timeout 20 "$DISK" --listen 127.0.0.1:0 --device "name=d,$2" \
		>"$WORK/out" 2>"$WORK/err" || status=$?
	[ "$status" -eq 2 ] || die "$2: status $status"
	[ "$(wc -l <"$WORK/err")" -eq 1 ] || die "$2: $(cat "$WORK/err")"
	grep -qF -- "$1" "$WORK/err" || die "$2: $(cat "$WORK/err")"
	only_keys
}

disk=path=$IMAGE,key=$KEY
refuses "only backend=file encrypts" "backend=ram,size=1M,key=$KEY"
refuses "does not promise that" "$disk,thin,unmap-zeroes"
chmod 640 "$KEY"
refuses "chmod 600" "$disk"
chmod 602 "$KEY"
refuses "chmod 600" "$disk"
chmod 600 "$KEY"
head -c 63 "$WORK/spare" >"$KEY"
refuses "64 bytes" "$disk"
cat "$WORK/spare" "$WORK/spare" >"$KEY"
refuses "64 bytes" "$disk"
head -c 64 /dev/zero >"$KEY"
refuses "halves are the same" "$disk"
rm "$KEY"
refuses "no such file; one is made for a disk without data only" "$disk"
[ ! -e "$KEY" ] || die "a key was made for an image that has data"
refuses "not a regular file" "path=$IMAGE,key=$WORK"
mkfifo -m 600 "$WORK/fifo"
refuses "not a regular file" "path=$IMAGE,key=$WORK/fifo"
refuses "making it: No such file or directory" \
	"path=$WORK/new,size=1M,key=$WORK/no/key"
rm "$WORK/new"
truncate -s 1M "$WORK/new"
refuses "no such file" "path=$WORK/new,key=$KEY,read-only"
ln -s "$WORK/nowhere" "$WORK/dangling"
refuses "making it: File exists" "path=$WORK/new,key=$WORK/dangling"
cp -p "$WORK/spare" "$KEY"
serve ""
refuses "another disk that is in use" "path=$WORK/new,key=$KEY"
expect s good verify 0 1 0x61
stop
# Readers may share.
LUNS=2 start "$DISK" --device "name=a,$disk,read-only" \
	--device "name=b,$disk,read-only"
stop

# ---- CRYPTOGRAPHIC ERASE -----------------------------------------------------------

# Only with both the option and a key; WACEREQ says the same.
serve ""
expect s "check 5/20/00" cdb $crypto
stop
rm -f "$WORK/s.in" "$WORK/s.out"
start "$DISK" --device "name=d,path=$WORK/new,sanitize"
session s "$URL"
settle s
expect s "check 5/24/00" cdb $crypto
answer=$(ask s in $inquiry_chars 64)
[ "${answer:19:2}" = 00 ] || die "WACEREQ without a key: $answer"
stop

# Old data is unreadable at once and after a restart; new data is kept. Of the
# old key there is nothing left, not even under another name.
fresh
serve size=64M,sanitize --loops 2
expect s good write 0 $((4 * MIB)) 0x61
expect s good write $((60 * MIB)) $MIB 0x62
answer=$(ask s in $inquiry_chars 64)
[ "${answer:19:2}" = 10 ] || die "WACEREQ: $answer"
cp -p "$KEY" "$WORK/spare"
ln "$KEY" "$WORK/other-name"
image=$(sha256sum <"$IMAGE")
expect s good cdb $crypto
differs 0 $((4 * MIB)) 0x61
differs 0 $((4 * MIB)) 0
differs $((60 * MIB)) $MIB 0x62
[ "$(sha256sum <"$IMAGE")" = "$image" ] || die "the image has changed"
cmp -s "$KEY" "$WORK/spare" && die "the key is the same"
[ "$(stat -c %a:%s "$KEY")" = 600:64 ] || die "key: $(stat -c %a:%s "$KEY")"
cmp -s "$WORK/other-name" <(head -c 64 /dev/zero) || die "the old key is there"
only_keys
expect s good write 0 8 0x63
expect s good cdb 48830000000000000000		# IMMED
settle_erase() {
	while [ "$(ask s cdb $ready)" != good ]; do :; done
}
settle_erase
differs 0 8 0x63
expect s good write 0 8 0x64
refuses "another disk that is in use" "path=$WORK/new,key=$KEY"
stop
serve sanitize
expect s good verify 0 8 0x64
differs 8 8 0x61
stop
# It was the key, and nothing else.
cp -p "$KEY" "$WORK/new-key"
cp -p "$WORK/spare" "$KEY"
serve ""
differs 0 8 0x64
expect s good verify 8 $((4 * MIB - 8)) 0x61
stop
cp -p "$WORK/new-key" "$KEY"

# The key cannot be replaced: that is told, and nothing has happened.
fresh
mkdir "$WORK/keys"
KEY=$WORK/keys/key
serve size=8M,sanitize
expect s good write 0 8 0x61
mv "$WORK/keys" "$WORK/elsewhere"
expect s "check 3/31/03" cdb $crypto_ause
expect s "check 3/31/03" write 0 8 0x62
mv "$WORK/elsewhere" "$WORK/keys"
expect s good cdb $exit_failure
expect s good verify 0 8 0x61
# Somebody put another key there.
cp -p "$KEY" "$WORK/spare"
mv "$KEY" "$KEY.moved"
make_key "$KEY" m
cp -p "$KEY" "$WORK/not-ours"
expect s "check 3/31/03" cdb $crypto_ause
cmp "$KEY" "$WORK/not-ours"
mv "$KEY.moved" "$KEY"
cmp "$KEY" "$WORK/spare"
expect s good cdb $crypto
differs 0 8 0x61
stop

# Through a symbolic link it is the key itself that is replaced.
mv "$KEY" "$WORK/keys/real"
ln -s real "$KEY"
cp -p "$KEY" "$WORK/spare"
serve sanitize
expect s good cdb $crypto
[ -L "$KEY" ] || die "the link was replaced"
cmp -s "$WORK/keys/real" "$WORK/spare" && die "the key was not"
stop
KEY=$WORK/key

# ---- Killed in the midst of it ------------------------------------------------------

grep -q '^SCST_SANITIZE:STRING=$' "$SCST_BUILD/CMakeCache.txt" || exit 0

# killed_at N: before the N-th step; sets HIT
killed_at() {
	local answer

	fresh
	serve size=1M
	expect s good write 0 8 0x61
	stop
	cp -p "$KEY" "$WORK/spare"
	rm -f "$WORK/count" "$WORK/s.in" "$WORK/s.out"
	cat >"$WORK/faulty" <<-EOF
		#!/bin/bash
		export SCST_FAULT=kill:$1 SCST_FAULT_COUNT=$WORK/count
		LD_PRELOAD=$SCST_BUILD/tests/faulty.so exec "$DISK" "\$@"
	EOF
	chmod +x "$WORK/faulty"
	start "$WORK/faulty" --device "name=d,path=$IMAGE,key=$KEY,sanitize"
	session s "$URL"
	settle s
	answer=$(ask s cdb $crypto)
	HIT=0
	if grep -q hit "$WORK/count" 2>/dev/null; then
		HIT=1
		wait "$PID" && die "it was not killed"
	else
		[ "$answer" = good ] || die "kill:$1: $answer"
		stop
	fi
	[ "$(stat -c %a:%s "$KEY")" = 600:64 ] || die "kill:$1: no key"
	serve ""
	if cmp -s "$KEY" "$WORK/spare"; then
		expect s good verify 0 8 0x61
		KEPT=$((KEPT + 1))
	else
		differs 0 8 0x61
		GONE=$((GONE + 1))
	fi
	expect s good write 0 8 0x62
	stop
	serve ""
	expect s good verify 0 8 0x62
	stop
	rm -f "$KEY".??????
}

KEPT=0
GONE=0
for ((n = 1; n < 50; n++)); do
	killed_at $n
	[ "$HIT" -eq 1 ] || break
done
[ "$HIT" -eq 0 ] || die "there is no end to it"
# The write of the new key, its sync, the rename; the rest, and the last run.
[ $KEPT -eq 3 ] || die "the old key was there $KEPT times"
[ $GONE -ge 4 ] || die "the new key was there $GONE times"
