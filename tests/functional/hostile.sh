#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Hostile initiators: each gets the answer that RFC 7143 has for it, or loses
# its connection, while a session beside it goes on and verifies its data, and
# memory stays within the bound of sdk-docs/limits.md.
. "$(dirname "$0")/lib.sh"
requires python3

DEVICES=(--device "name=good,backend=ram,size=8M"
	--device "name=bad,backend=ram,size=8M")

# bound IDLE BUSY LOGINS BUFFERS: KiB that a server with so many sessions and
# logins may take, by limits.md. Sanitizers have needs of their own: 0.
bound() {
	local own=$((32 * 1024 + 2 * 8 * 1024))

	if grep -q '^SCST_SANITIZE:STRING=$' "$SCST_BUILD/CMakeCache.txt"; then
		echo $((own + $1 * 32 + $2 * 3072 + $3 * 128 + $4))
	else
		echo 0
	fi
}

# hostile GROUP KIB: against the server that runs
hostile() {
	python3 "$SOURCE/tests/functional/hostile.py" "$PORTAL" "$TARGET" \
		"$PID" "$2" "$1" || die "$1: see above"
}

start "$DISK" --memory 16M --loops 2 "${DEVICES[@]}"
hostile protocol "$(bound 0 3 0 $((16 * 1024)))"
stop

start "$DISK" --max-sessions 1000 --max-logins 16 --login-timeout 2 --loops 2 \
	--memory 16M "${DEVICES[@]}"
hostile numbers "$(bound 1000 1 16 $((16 * 1024)))"
stop

# Readers that never read, writers that never write: what data buffers there
# are is shared fairly.
start "$DISK" --memory 64M --loops 2 "${DEVICES[@]}"
hostile backlog "$(bound 0 4 0 $((64 * 1024)))"
stop

start "$DISK" --memory 16M --nop-interval 1 --nop-timeout 1 --loops 2 \
	"${DEVICES[@]}"
hostile silence "$(bound 0 4 0 $((16 * 1024)))"
stop

# limited N: scst-disk with N files at most, or with a soft limit of N
limited() {
	cat >"$WORK/limited" <<-EOF
	#!/bin/bash
	ulimit $1 $2
	exec "$DISK" "\$@"
	EOF
	chmod +x "$WORK/limited"
}

limited -n 64
start "$WORK/limited" --memory 16M --loops 2 "${DEVICES[@]}"
hostile files "$(bound 64 0 64 $((16 * 1024)))"
stop

limited -Sn 64
start "$WORK/limited" --memory 16M --loops 2 "${DEVICES[@]}"
hostile soft-limit "$(bound 200 0 1 $((16 * 1024)))"
stop
