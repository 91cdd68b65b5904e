#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# The manual pages say what is there: each symbol of the library has a page,
# with the prototype and the structures of the headers; each option of
# scst-disk is in scst-disk.1 and, unless it is scst-disk's own, in
# scstu_main.3, and no other is. And the pages are clean.
#
# The options are those of scst-disk --help; where it is not built (SCST_BUILD
# is the build directory), those of the tables in the source.

set -eu
cd "$(dirname "$0")/../.."

disk=${SCST_BUILD:-build}/handlers/disk/scst-disk
man=sdk-docs/man
own='backend path size direct key'		# scst-disk's own device options

for tool in mandoc cc; do
	if ! command -v $tool > /dev/null; then
		echo "skipped: there is no $tool (apt-get install mandoc gcc)"
		exit 77
	fi
done

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
failed=0

wrong() {
	echo "$*" >&2
	failed=1
}

# ---- A page for each symbol, and for nothing else ---------------------------

sed -n 's/^\t\([a-z_]*\);$/\1/p' libscstuser/libscstuser.map | sort > "$tmp/map"
while read -r symbol; do
	page=$man/$symbol.3
	if ! [ -e "$page" ]; then
		wrong "$symbol has no page"
		continue
	fi
	target=$(sed -n '1s,^\.so man3/,,p' "$page")
	[ -z "$target" ] || page=$man/$target
	grep -qE "^\.Nm $symbol( ,)?\$" "$page" 2> /dev/null ||
		wrong "$man/$symbol.3: $page does not name $symbol"
	grep -qE "^\.Fn $symbol( |\$)" "$page" 2> /dev/null ||
		wrong "$page: no prototype of $symbol"
done < "$tmp/map"

sed -n 's/^\.Nm \(scstu_[a-z_]*\).*/\1/p' $man/*.3 | sort -u > "$tmp/named"
for symbol in $(comm -13 "$tmp/map" "$tmp/named"); do
	wrong "$man: $symbol is documented, but not in the library"
done
for page in "$man"/*.3; do
	target=$(sed -n '1s,^\.so man3/,,p' "$page")
	[ -n "$target" ] || continue
	grep -qx "$(basename "$page" .3)" "$tmp/map" ||
		wrong "$page: stands for no symbol"
done

# ---- Prototypes and structures -------------------------------------------------

cat > "$tmp/check.awk" <<'EOF'
# From a page's SYNOPSIS to C that does not compile if it is wrong.
function member(text,    name) {
	name = text
	if (name ~ /\(\*/) {
		sub(/^[^(]*\(\*/, "", name)
		sub(/\).*/, "", name)
	} else {
		sub(/(\[[^]]*\])?;.*/, "", name)
		sub(/.*[^A-Za-z0-9_]/, "", name)
	}
	members[++nr] = name
}
function check(    i) {
	printf "struct man_%s {\n%s\n", type, body
	printf "_Static_assert(sizeof(struct man_%s) == sizeof(struct %s), \"members\");\n", type, type
	for (i = 1; i <= nr; i++) {
		printf "_Static_assert(offsetof(struct man_%s, %s) == offsetof(struct %s, %s), \"order\");\n", type, members[i], type, members[i]
		printf "_Static_assert(__builtin_types_compatible_p(__typeof__(((struct man_%s *)0)->%s), __typeof__(((struct %s *)0)->%s)), \"type\");\n", type, members[i], type, members[i]
	}
}
/^\.Sh/ { synopsis = $2 == "SYNOPSIS" }
!synopsis { next }
/^\.Ft / { ft = substr($0, 5) }
/^\.Fn / {
	args = substr($0, 5)
	name = args
	sub(/ .*/, "", name)
	args = substr(args, length(name) + 2)
	gsub(/" "/, ", ", args)
	gsub(/" \.\.\./, ", ...", args)
	gsub(/"/, "", args)
	printf "%s %s(%s);\n", ft, name, args
}
/^struct [a-z_]* \{$/ { type = $2; body = part = ""; nr = 0; next }
/^typedef / { print }
type && /^\};/ { body = body "};"; check(); type = "" }
type {
	body = body $0 "\n"
	gsub(/\/\*[^*]*\*\//, "")
	part = part $0
	if (part ~ /;/) {
		member(part)
		part = ""
	}
}
EOF
for page in "$man"/*.3; do
	grep -q '^\.Sh SYNOPSIS' "$page" || continue
	{
		echo '#include <stddef.h>'
		echo '#include <scstuser/scstuser.h>'
		awk -f "$tmp/check.awk" "$page"
	} > "$tmp/check.c"
	cc -std=gnu11 -fsyntax-only -Ilibscstuser/include "$tmp/check.c" \
		2> "$tmp/errors" ||
		wrong "$page: the SYNOPSIS is not what the headers say:
$(cat "$tmp/errors")"
done

# ---- Options ---------------------------------------------------------------------

if [ -x "$disk" ]; then
	"$disk" --help > "$tmp/help"
	sed -n 's/^  --\([a-z-]*\) .*/\1/p' "$tmp/help"
else
	sed -n 's/^\t\t{ "\([a-z-]*\)", [a-z]*_argument.*/\1/p' \
		libscstuser/src/main.c
	sed -n 's/^\t\(FRONT\|CALL\|NUMBER\|FRONT_NUMBER\)("\([a-z-]*\)".*/\2/p' \
		libscstuser/src/options.c
fi | sort > "$tmp/options"
if [ -x "$disk" ]; then
	sed -n '/^Options of a device/,/^$/s/^  \([a-z-]*\).*/\1/p' "$tmp/help"
else
	echo name
	sed -n 's/^\t{ "\([a-z-]*\)", \(OPT\|SCSTU\)_.*/\1/p' \
		libscstuser/src/dev.c handlers/disk/main.c
fi | sort > "$tmp/words"
if ! [ -s "$tmp/options" ] || ! [ -s "$tmp/words" ]; then
	wrong "no options found: --help or the tables are not as they were"
fi

# Items of a page's lists: "Fl \-name" and "Cm name".
items() {
	sed -n 's/^\.It //p' "$1" | tr ' ' '\n' | awk -v kind="$2" '
		/^(Fl|Cm|Ns|,|Ar|Op)$/ { last = $0 == "," ? last : $0; next }
		kind == "Fl" && last == "Fl" && sub(/^\\-/, "") { print }
		kind == "Cm" && last == "Cm" { sub(/=.*/, ""); print }
		{ last = "" }' | sort -u
}

for page in handlers/disk/scst-disk.1 "$man/scstu_main.3"; do
	items "$page" Fl > "$tmp/said"
	for option in $(comm -23 "$tmp/options" "$tmp/said"); do
		wrong "$page: --$option is missing"
	done
	for option in $(comm -13 "$tmp/options" "$tmp/said"); do
		wrong "$page: there is no option --$option"
	done
	items "$page" Cm > "$tmp/said"
	for word in $(comm -23 "$tmp/words" "$tmp/said"); do
		case $page:" $own " in
		*.3:*" $word "*) ;;
		*) wrong "$page: the device option $word is missing" ;;
		esac
	done
done

# ---- Form ------------------------------------------------------------------------

for page in "$man"/*.[1-9] handlers/*/*.[1-9] libscstuser/tools/*/*.[1-9]; do
	! grep -q '^\.so ' "$page" || continue
	# Pages that refer to each other are not installed yet.
	if mandoc -T lint "$page" 2>&1 |
	   grep -v -e 'referenced manual not found' -e 'mandoc\.db' \
		> "$tmp/lint"; then
		wrong "$(cat "$tmp/lint")"
	fi
	if command -v groff > /dev/null; then
		groff -mdoc -ww -Tutf8 "$page" 2> "$tmp/lint" > /dev/null
		[ ! -s "$tmp/lint" ] || wrong "$page: $(cat "$tmp/lint")"
	fi
	! grep -nE '[[:blank:]]$' "$page" >&2 || wrong "$page: blanks at the end"
done

[ $failed = 0 ] || exit 1
echo "manual pages: $(wc -l < "$tmp/map") symbols, $(wc -l < "$tmp/options") options and $(wc -l < "$tmp/words") device options are documented"
