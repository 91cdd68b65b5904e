# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# Completion of scstctl for bash: commands, options, what is in the tree.

# Paths below the tree's root that begin with $cur; an item's attributes when
# $1 is one, with "=".
_scstctl_paths() {
	local path

	COMPREPLY=()
	for path in "$root/$cur"*; do
		[ -d "$path" ] && COMPREPLY+=("${path#"$root/"}/")
	done
	compopt -o nospace
}

_scstctl_attributes() {
	local path

	[ -d "$root/$1" ] || return
	for path in "$root/${1%/}"/*; do
		[ -f "$path" ] && [ -w "$path" ] && [[ ${path##*/} == "$cur"* ]] &&
			COMPREPLY+=("${path##*/}=")
	done
	compopt -o nospace
}

_scstctl() {
	local cur=${COMP_WORDS[COMP_CWORD]} root=/sys/kernel/config/scst
	local i word command='' path=''
	local parts="devices targets device_groups"
	local commands="show create set remove clear save apply wait sessions
		stats top events"

	COMPREPLY=()
	for ((i = 1; i < COMP_CWORD; i++)); do
		word=${COMP_WORDS[i]}
		case $word in
		--root) root=${COMP_WORDS[++i]:-} ;;
		--count | --interval | --only | --socket | --timeout) i=$((i + 1)) ;;
		-* | =) ;;
		*)
			if [ -z "$command" ]; then
				command=$word
			elif [[ $word == */* ]]; then
				path=$word
			fi
			;;
		esac
	done
	case ${COMP_WORDS[COMP_CWORD - 1]} in
	--root | --socket)
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		return
		;;
	--only)
		mapfile -t COMPREPLY < <(compgen -W "$parts" -- "$cur")
		return
		;;
	--count | --interval | --timeout) return ;;
	esac
	if [[ $cur == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$(_scstctl_options)" -- "$cur")
		return
	fi
	case $command in
	'') mapfile -t COMPREPLY < <(compgen -W "$commands" -- "$cur") ;;
	clear) mapfile -t COMPREPLY < <(compgen -W "$parts" -- "$cur") ;;
	apply | save)
		compopt -o filenames
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		;;
	set | create)
		_scstctl_paths
		[ -z "$path" ] || [[ $cur == */* ]] || _scstctl_attributes "$path"
		;;
	show | remove | wait) _scstctl_paths ;;
	esac
}

_scstctl_options() {
	case $command in
	'') echo --root --socket --help --version ;;
	show) echo --all --json ;;
	create) echo --if-missing ;;
	set) echo --restart --timeout ;;
	apply) echo --dry-run --restart --keep-going --only --timeout ;;
	wait) echo --timeout ;;
	sessions | stats) echo --json ;;
	top) echo --interval --count ;;
	events) echo --json --count ;;
	esac
}

complete -F _scstctl scstctl
