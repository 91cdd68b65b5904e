#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# The rules that hold the rooms apart:
# - portable files include core_os.h and headers of the portable folders, and
#   know nothing of __KERNEL__ (the seam, core_os.h, does);
# - public headers include libc's and each other, nothing else;
# - handlers and examples include public headers and their own;
# - each source begins with its licence, the right one for its folder.
cd "$(dirname "$0")/../.." || exit 1
status=0

complain() {
	echo "$1"
	status=1
}

portable=$(ls kmod/core/*.[ch] kmod/scsi/*.[ch] kmod/iscsi/*.[ch])
own=$(for f in $portable; do basename "$f"; done | grep '\.h$')

for file in $portable; do
	[ "$file" != kmod/core/core_os.h ] || continue
	if grep -n '^#include <' "$file"; then
		complain "$file: a portable file includes only headers of its own"
	fi
	if grep -n '__KERNEL__' "$file"; then
		complain "$file: a portable file does not ask where it runs"
	fi
	while read -r header; do
		echo "$own" | grep -qx "$header" ||
			complain "$file: $header is not a portable header"
	done < <(sed -n 's/^#include "\(.*\)"/\1/p' "$file")
done

libc='errno|stdarg|stdbool|stddef|stdint|sys/types|sys/uio'
for file in libscstuser/include/scstuser/*.h; do
	if grep -n '^#include' "$file" |
	   grep -vE "<(($libc)\.h|scstuser/[a-z]+\.h)>"; then
		complain "$file: public headers include libc's and each other"
	fi
done

for file in handlers/*/*.[ch] examples/*.c; do
	dir=$(dirname "$file")
	while read -r header; do
		[ -e "$dir/$header" ] ||
			complain "$file: $header is not for handlers"
	done < <(sed -n 's/^#include "\(.*\)"/\1/p' "$file")
done

licence() {
	local want=$1 file

	shift
	for file in "$@"; do
		[ -e "$file" ] || continue
		head -n 2 "$file" | grep -qF "SPDX-License-Identifier: $want" ||
			complain "$file: want SPDX-License-Identifier: $want"
	done
}
# shellcheck disable=SC2086
licence "GPL-2.0-only OR BSD-3-Clause" $portable
licence "GPL-2.0-only" kmod/linux/*.[ch]
licence "GPL-2.0-only OR BSD-3-Clause" tests/unit/shim_cases*.[ch]
# shellcheck disable=SC2046
licence "BSD-3-Clause" libscstuser/*/*.[ch] libscstuser/*/*/*.[ch] \
	handlers/*/*.[ch] examples/*.c tests/*/*.sh \
	$(find tests -name '*.[ch]' ! -name 'shim_cases*')

grep -qx "PACKAGE_VERSION=\"$(cat kmod/VERSION)\"" kmod/dkms.conf ||
	complain "kmod/dkms.conf: PACKAGE_VERSION is not kmod/VERSION"

# A file has at most 1,000 lines; the code wants to be read.
for file in $(git ls-files 'kmod/*.[ch]' 'libscstuser/*.[ch]' \
	      'handlers/*.[ch]'); do
	lines=$(wc -l <"$file")
	[ "$lines" -le 1000 ] || complain "$file: $lines lines"
done
exit $status
