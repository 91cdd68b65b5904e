#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# The library as others use it: installed somewhere, found by pkg-config,
# linked shared and static by gcc and clang from sources outside of the tree;
# the headers in C and C++; and what was built so serves.
. "$(dirname "$0")/lib.sh"
requires cmake pkg-config gcc g++ clang clang++ nm ldd iscsi-inq
build=$(realpath "$SCST_BUILD")
[ -e "$build/libscstuser.a" ] || skip "$build is not built"
if grep -q '^SCST_SANITIZE:STRING=.' "$build/CMakeCache.txt"; then
	skip "programs of others would need the sanitizers, too"
fi
for archive in libcrypto.a liburing.a libaio.a; do
	[ -e "$(gcc -print-file-name=$archive)" ] || skip "there is no $archive"
done

prefix=$WORK/prefix
cmake --install "$build" --prefix "$prefix" > "$WORK/install.log" ||
	die "cmake --install: $(tail -n 3 "$WORK/install.log")"
pc=$(find "$prefix" -name libscstuser.pc)
[ -n "$pc" ] || die "no libscstuser.pc was installed"
libdir=$(dirname "$(dirname "$pc")")
export PKG_CONFIG_PATH=$libdir/pkgconfig
export LD_LIBRARY_PATH=$libdir

# ---- What is installed ----------------------------------------------------------

[ "$(pkg-config --variable=prefix libscstuser)" = "$prefix" ] ||
	die "libscstuser.pc does not have the prefix of the installation"
for file in bin/scst-disk share/man/man1/scst-disk.1 \
	    share/man/man3/scstu_main.3 share/man/man3/scstu_pass.3 \
	    share/man/man5/scst-auth.5 include/scstuser/scstuser.h; do
	[ -e "$prefix/$file" ] || die "$file was not installed"
done
version=$("$prefix/bin/scst-disk" --version)
[ "$version" = "scst-disk $(pkg-config --modversion libscstuser) (libscstuser $(pkg-config --modversion libscstuser))" ] ||
	die "scst-disk --version: $version"

# Neither library shows others any name but those of the map.
sed -n 's/^\t\([a-z_]*\);$/\1/p' "$SOURCE/libscstuser/libscstuser.map" | sort > "$WORK/map"
nm -g --defined-only "$libdir/libscstuser.a" |
	sed -n 's/.* [A-Z] //p' | sort > "$WORK/archive"
nm -D --defined-only "$libdir/libscstuser.so" |
	sed -n 's/.* T \([^@]*\).*/\1/p' | sort > "$WORK/shared"
for library in archive shared; do
	diff "$WORK/map" "$WORK/$library" ||
		die "the names of the $library library are not those of the map"
done

# ---- Headers ------------------------------------------------------------------------

# From here on, what is not installed is not there.
cd "$WORK"
cflags=$(pkg-config --cflags libscstuser)
for header in "$prefix"/include/scstuser/*.h; do
	name=scstuser/$(basename "$header")
	printf '#include <%s>\n#include <%s>\nextern int header;\n' "$name" "$name" > header.c
	cp header.c header.cc
	for cc in gcc clang; do
		# shellcheck disable=SC2086
		$cc -std=c11 -Wall -Wextra -pedantic -Werror $cflags \
			-fsyntax-only header.c || die "$cc: $name alone"
	done
	for cxx in g++ clang++; do
		# shellcheck disable=SC2086
		$cxx -std=c++11 -Wall -Wextra -pedantic -Werror $cflags \
			-fsyntax-only header.cc || die "$cxx: $name alone"
	done
done

# ---- Programs -----------------------------------------------------------------------

# In C++, designated initialisers come in the order of the members.
cat > cpp.cc <<'EOF'
#include <cerrno>
#include <vector>
#include <scstuser/scstuser.h>

static int open_disk(scstu_dev *dev)
{
	auto *memory = new std::vector<char>(scstu_dev_number(dev, "size"));
	scstu_disk disk = { SCSTU_DISK_INIT };

	disk.bytes = memory->size();
	scstu_dev_set_private(dev, memory);
	return scstu_disk_configure(dev, &disk);
}

static void close_disk(scstu_dev *dev)
{
	delete static_cast<std::vector<char> *>(scstu_dev_private(dev));
}

static void read_disk(scstu_req *req)
{
	auto *memory = static_cast<std::vector<char> *>(scstu_req_dev_private(req));

	scstu_req_put(req, 0, memory->data() + scstu_req_offset(req),
		      scstu_req_length(req));
	scstu_done(req);
}

static const scstu_param params[] = {
	{ "size", SCSTU_SIZE, "capacity of the disk", "16M" },
	{ nullptr, SCSTU_STRING, nullptr, nullptr },
};
static const scstu_disk_ops ops = { SCSTU_DISK_OPS_INIT, .read = read_disk };
static const scstu_handler handler = {
	SCSTU_HANDLER_INIT,
	.name = "cpp",
	.params = params,
	.open = open_disk,
	.close = close_disk,
	.disk = &ops,
};

int main(int argc, char **argv)
{
	return scstu_main(argc, argv, &handler);
}
EOF
cp "$SOURCE/examples/ramdisk.c" "$SOURCE/examples/raw.c" \
	"$SOURCE"/sdk-docs/snippets/*.c .

# build COMPILER FILE PROGRAM FLAG...
build() {
	local compiler=$1 file=$2 program=$3

	shift 3
	$compiler -Wall "$file" -o "$program" "$@" 2> errors ||
		die "$compiler $file: $(cat errors)"
}

shared=$(pkg-config --cflags --libs libscstuser)
static=$(pkg-config --static --cflags --libs libscstuser)
programs=0
# shellcheck disable=SC2086
for cc in gcc clang; do
	for file in *.c; do
		name=$(basename "$file" .c)
		[ "$name" != header ] || continue
		build $cc "$file" "$name-$cc-shared" -pthread $shared
		build $cc "$file" "$name-$cc-static" -static $static
		# The archive, with the others' shared libraries.
		build $cc "$file" "$name-$cc-archive" -pthread \
			${static/-lscstuser/-l:libscstuser.a}
		programs=$((programs + 3))
	done
done
# shellcheck disable=SC2086
for cxx in g++ clang++; do
	build $cxx cpp.cc cpp-$cxx-shared -std=c++20 -Wno-missing-field-initializers $shared
	build $cxx cpp.cc cpp-$cxx-static -std=c++20 -Wno-missing-field-initializers -static $static
	programs=$((programs + 2))
done

for program in *-shared *-static *-archive; do
	case $program in
	server-*)
		continue ;;		# has no command line
	esac
	version=$(timeout 20 "./$program" --version) ||
		die "$program --version: status $?"
	case $version in
	*"(libscstuser $(pkg-config --modversion libscstuser))") ;;
	*) die "$program --version: $version" ;;
	esac
done
for program in *-static *-archive; do
	! LD_LIBRARY_PATH='' ldd "./$program" 2> /dev/null | grep scstuser ||
		die "$program is linked with the shared library"
done

# ---- Serving ------------------------------------------------------------------------

# serve PROGRAM WORDS EXPECTED: what iscsi-inq has to say of it
serve() {
	start "./$1" --device "$2"
	timeout 20 iscsi-inq "$URL" > inquiry || die "$1: iscsi-inq $URL"
	grep -q "$3" inquiry || die "$1: no $3 in: $(cat inquiry)"
	stop
}

for how in gcc-shared gcc-static clang-archive; do
	serve ramdisk-$how name=d0,size=8M DIRECT_ACCESS
	serve raw-$how name=box PROCESSOR
	serve later-$how name=slow,delay=2 DIRECT_ACCESS
done
serve cpp-g++-shared name=cpp DIRECT_ACCESS

echo "third party: $programs programs by gcc and clang, shared and static, in C and C++"
