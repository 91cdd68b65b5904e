#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Code in the documentation is quoted from files that are compiled. This
# fails when a quote no longer equals its source; --write renews the quotes.
#
# A quote is marked by a comment right before its block: in Markdown
#
#	<!-- quote: FILE ANCHOR... -->
#
# before ```c ... ```, and in a manual page
#
#	.\" quote: FILE ANCHOR...
#
# before .Bd -literal ... .Ed. An anchor is the name of a function, variable,
# type or macro, and stands for its definition (or, where there is none, its
# declaration); +NAME takes the comment above it, too, NAME..NAME all between
# the two. Several are joined by empty lines.

set -eu
cd "$(dirname "$0")/../.."

usage="usage: tests/style/quotes.sh [--write]"
write=0
case ${1-} in
--write) write=1 ;;
--help) echo "$usage"; exit 0 ;;
'') ;;
*) echo "$usage" >&2; exit 2 ;;
esac

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# Prints the document with all quotes renewed; status 1: an anchor is wrong.
renew() {
	awk -v doc="$1" '
	function fail(text) {
		print doc ":" NR ": " text > "/dev/stderr"
		status = 1
	}
	function load(file,    n, text) {
		if (file in count)
			return count[file] > 0
		n = 0
		while ((getline text < file) > 0)
			line[file, ++n] = text
		close(file)
		count[file] = n
		if (!n)
			fail("quote: there is no " file)
		return n > 0
	}
	# The last line of what begins at line i: a definition if def.
	function last(file, i, def,    text) {
		if (line[file, i] ~ /^#/) {
			while (line[file, i] ~ /\\$/)
				i++
			return i
		}
		for (; i <= count[file]; i++) {
			text = line[file, i]
			if (text ~ /[{]/)
				break
			if (text ~ /;/)
				return def ? 0 : i
		}
		if (text ~ /[}]/)
			return i
		for (i++; i <= count[file]; i++)
			if (line[file, i] ~ /^[}]/)
				return i
		return 0
	}
	# The first line of the definition, else of the declaration, of name.
	function first(file, name,    i, def, re) {
		re = "(^|[^A-Za-z0-9_])" name "([^A-Za-z0-9_]|$)"
		for (def = 1; def >= 0; def--)
			for (i = 1; i <= count[file]; i++)
				if (line[file, i] ~ /^[A-Za-z#]/ &&
				    line[file, i] ~ re && last(file, i, def) &&
				    line[file, i] !~ /^#(include|if|endif)/)
					return i
		fail("quote: " file " has no " name)
		return 0
	}
	function add(text) {
		if (man) {
			gsub(/\\/, "\\e", text)
			if (text ~ /^[.\047]/)
				text = "\\\\&" text
		}
		print text
	}
	function quote(file, anchor,    ends, from, to, comment) {
		comment = sub(/^[+]/, "", anchor)
		split(anchor, ends, /[.][.]/)
		from = first(file, ends[1])
		to = from
		if (from && 2 in ends)
			to = first(file, ends[2])
		if (!from || !to)
			return
		to = last(file, to, 0)
		if (comment && line[file, from - 1] ~ /[*]\/$/) {
			from--
			while (line[file, from] !~ /^\/[*]/)
				from--
		}
		for (; from <= to; from++)
			add(line[file, from])
	}
	function quotes(text,    word, n, i) {
		sub(/.*quote: */, "", text)
		sub(/ *-->.*/, "", text)
		n = split(text, word, / +/)
		if (n < 2)
			fail("quote: want FILE ANCHOR...")
		if (n < 2 || !load(word[1]))
			return
		for (i = 2; i <= n; i++) {
			if (i > 2)
				add("")
			quote(word[1], word[i])
		}
	}
	BEGIN { man = doc !~ /[.]md$/ }
	inside && (man ? /^[.]Ed/ : /^```/) { inside = 0 }
	inside { next }
	{ print }
	marked {
		if (man ? $0 !~ /^[.]Bd -literal/ : $0 !~ /^```c$/)
			fail("no code behind the quote")
		else
			inside = 1
		if (inside)
			quotes(marked)
		marked = ""
		next
	}
	!man && /^<!-- quote: .*-->$/ { marked = $0 }
	man && /^[.]\\" quote: / { marked = $0 }
	# Whatever looks like C in Markdown has to be a quote.
	!man && /^```c/ && !inside { fail("code that is no quote"); inside = 1 }
	END {
		if (inside || marked)
			fail("the last quote does not end")
		exit status
	}' "$1"
}

failed=0 number=0
for doc in README.md sdk-docs/*.md sdk-docs/man/*.[1-9] handlers/*/*.[1-9]; do
	[ -e "$doc" ] || continue
	found=$(grep -cE '^(<!-- |[.]\\" )quote: ' "$doc" || true)
	number=$((number + found))
	if ! renew "$doc" > "$tmp/new"; then
		failed=1
	elif ! cmp -s "$doc" "$tmp/new"; then
		if [ $write = 1 ]; then
			cat "$tmp/new" > "$doc"
			echo "$doc: renewed"
		else
			echo "$doc: a quote differs from its source (quotes.sh --write renews it):" >&2
			diff -u "$doc" "$tmp/new" >&2 || true
			failed=1
		fi
	fi
done
[ $failed = 0 ] || exit 1
echo "quotes: $number equal their sources"
