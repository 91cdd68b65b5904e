#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# scstctl, on a directory that behaves like the kernel's: what it plans and
# does, and each of its errors: one line, status 2 for what was typed, 1 for
# what cannot be done. tests/vm/cases/scstctl.sh has the kernel itself.
. "$(dirname "$0")/lib.sh"

SCSTCTL=$SCST_BUILD/libscstuser/tools/scstctl/scstctl
[ -x "$SCSTCTL" ] ||
	skip "there is no scstctl: it needs libjansson-dev and libnl-genl-3-dev"
export SCST_FAKE=$WORK/scst
mkdir -p "$SCST_FAKE"/{devices/{fileio,user},targets/scst_local,device_groups}
echo 0.1.0 >"$SCST_FAKE/version"
chmod 444 "$SCST_FAKE/version"

# The fake is in front of a sanitizer's own functions.
ctl() {
	ASAN_OPTIONS=${ASAN_OPTIONS:-}:verify_asan_link_order=0 \
	LD_PRELOAD=$SCST_BUILD/tests/fakescst.so \
		"$SCSTCTL" --root "$SCST_FAKE" "$@"
}

# equal WHAT GOT WANTED
equal() {
	[ "$2" = "$3" ] || die "$1: $(diff <(echo "$3") <(echo "$2"))"
}

# refuses STATUS TEXT ARGS...: nothing changes but what was done before
refuses() {
	local want=$1 say=$2 status=0

	shift 2
	ctl "$@" >"$WORK/out" 2>"$WORK/err" </dev/null || status=$?
	[ "$status" -eq "$want" ] || die "$*: status $status: $(cat "$WORK/err")"
	[ "$(wc -l <"$WORK/err")" -eq 1 ] || die "$*: $(cat "$WORK/err")"
	grep -qF -- "$say" "$WORK/err" || die "$*: $(cat "$WORK/err")"
}

# applies JSON WANTED: prints that; then there is nothing left to do
applies() {
	echo "$1" >"$WORK/conf"
	equal "plan of $1" "$(ctl apply --dry-run "$WORK/conf")" "$2"
	equal "apply $1" "$(ctl apply --restart "$WORK/conf")" "$2"
	equal "again $1" "$(ctl apply "$WORK/conf")" ""
}

# rejects TEXT JSON: before anything is changed
rejects() {
	local before

	before=$(ctl save)
	echo "$2" >"$WORK/conf"
	refuses 1 "$1" apply "$WORK/conf"
	equal "after $2" "$(ctl save)" "$before"
}

# ---- What was typed --------------------------------------------------------

refuses 2 "want a command, see --help"
refuses 2 "no command 'shwo'" shwo
refuses 2 "--colour: no such option" show --colour
refuses 2 "--root: wants a value" show --root
refuses 2 "show: takes no --restart" show --restart
refuses 2 "usage: scstctl set" set devices/fileio/d0
refuses 2 "usage: scstctl apply" apply
refuses 2 "usage: scstctl show" show a b
refuses 2 "--only everything: want devices, targets or" \
	apply --only everything "$WORK/conf"
refuses 2 "--timeout soon: want a number" wait --timeout soon a b
refuses 2 "--interval 0: want a number from 1" top --interval 0
refuses 2 "cannot be created; what can" create devices
refuses 2 "cannot be created; what can" create devices/fileio
refuses 2 "cannot be created; what can" create device_groups/g/devices
refuses 2 "cannot be created; what can" create targets/scst_local/t/groups
refuses 2 "cannot be created; what can" create devices/fileio/a/b/c/d/e/f/g
refuses 2 "want the path of what to create" create path=x devices/fileio/d0
refuses 2 "'..' is no name" create devices/fileio/..
refuses 2 "want ATTRIBUTE=VALUE" set devices/fileio path
refuses 2 "cannot be removed" remove devices/fileio
refuses 2 "want devices, targets or" clear all

# ---- Show, create, set, remove ---------------------------------------------

equal "an empty tree" "$(ctl save)" '{
  "device_groups": {},
  "devices": {
    "fileio": {},
    "user": {}
  },
  "targets": {
    "scst_local": {}
  }
}'
# Whatever comes first, a device is enabled when it has its path.
ctl create devices/fileio/d0 enable=1 path=/srv/d0 size=1G \
	devices/fileio/d1 path=/srv/d1
ctl create 'targets/scst_local/t/groups/z/initiators/!bad' \
	'targets/scst_local/t/groups/z/initiators/*' \
	targets/scst_local/t/groups/z/luns/10 \
	targets/scst_local/t/groups/z/luns/9 read_only=1 device=d0 \
	targets/scst_local/t/groups/b targets/scst_local/t/nexuses/me
tree='device_groups
devices
  fileio
    d0  state=enabled  size=1G  path=/srv/d0
    d1  state=disabled  size=0  path=/srv/d1
  user
targets
  scst_local
    t
      groups
        z
          initiators
            !bad
            *
          luns
            9  device=d0  read_only
            10
        b
          initiators
          luns
      nexuses
        me  host=7'
equal "the tree" "$(ctl show)" "$tree"
equal "a part" "$(ctl show targets/scst_local/t/nexuses)" "nexuses
  me  host=7"
equal "all of it" "$(ctl show --all devices/fileio/d1)" "d1
  enable = 0
  naa = 3000000000000001
  path = /srv/d1
  read_only = 0
  size = 0
  state = disabled
  vendor = SCST"
equal "as JSON" "$(ctl show --json targets/scst_local/t/groups/z)" \
	"$(sed "s/ORDER/$(cat "$SCST_FAKE/targets/scst_local/t/groups/z/order")/" \
		<<-END
	{
	  "order": "ORDER",
	  "initiators": [
	    "!bad",
	    "*"
	  ],
	  "luns": {
	    "9": {
	      "device": "d0",
	      "read_only": "1"
	    },
	    "10": {
	      "device": "",
	      "read_only": "0"
	    }
	  }
	}
	END
	)"

refuses 1 "is there already" create devices/fileio/d0
refuses 1 "no such handler: modprobe scst_vdisk" create devices/nullio/n0
refuses 1 "no such target driver: is its module loaded?" create targets/fc/t
refuses 1 "targets/scst_local/t has groups, nexuses" \
	create targets/scst_local/t/portals/p
refuses 1 "there is no attribute 'colour'; there are enable, naa, path" \
	create devices/fileio/d2 path=/srv/d2 colour=red
[ ! -e "$SCST_FAKE/devices/fileio/d2" ] || die "half of it is left"
refuses 1 "the kernel's log" create targets/scst_local/t/groups/b/luns/x
refuses 1 "devices/fileio has d0, d1" set devices/fileio/d2 path=/x
refuses 1 "there is no attribute 'colour'" set devices/fileio/d0 colour=red
refuses 1 "cannot be set" set devices/fileio/d0 state=enabled
refuses 1 "Invalid argument; the kernel's log (dmesg)" \
	set devices/fileio/d0 vendor=refused
refuses 1 "--restart does so" set devices/fileio/d0 path=/srv/other
refuses 1 "there is no such directory" show devices/fileio/d2
refuses 1 "no such handler: is its module loaded?" remove devices/tape/t0
refuses 1 "No such device" set targets/scst_local/t/groups/z/luns/10 device=d1
refuses 1 "No such device" set targets/scst_local/t/groups/z/luns/9 device=d1
equal "it shows what it did" "$(ctl show)" "$tree"
ctl set devices/fileio/d0 resize=1
ctl set --restart devices/fileio/d0 path=/srv/other read_only=1
equal "after a restart" "$(ctl show)" \
	"${tree//path=\/srv\/d0/path=/srv/other  read_only}"
ctl set --restart devices/fileio/d0 path=/srv/d0 read_only=0
equal "and back" "$(ctl show)" "$tree"

# ---- Wait ---------------------------------------------------------------------

ctl create devices/user/u0 enable=1
refuses 1 "is 'waiting', not 'enabled', after 0 s" \
	wait --timeout 0 devices/user/u0/state enabled
refuses 1 "no attribute 'estate'" wait devices/user/u0/estate enabled
refuses 1 "devices/user has u0" wait devices/user/u1/state enabled
ctl wait devices/user/u0/state enabled 2>"$WORK/wait.log" &
waiting=$!
echo enabled >"$SCST_FAKE/devices/user/u0/state"
wait $waiting
echo waiting >"$SCST_FAKE/devices/user/u0/state"

# ---- Save and apply --------------------------------------------------------------

ctl save "$WORK/all"
equal "to standard output" "$(ctl save)" "$(cat "$WORK/all")"
grep -q '"enable": "1"' <(sed -n '/"u0"/,/}/p' "$WORK/all") ||
	die "a device that waits was told to be enabled"
equal "nothing to do" "$(ctl apply "$WORK/all")" ""
equal "nor from standard input" "$(ctl apply - <"$WORK/all")" ""
ctl clear targets devices
equal "cleared" "$(ctl show | grep -c '^    ' || true)" 0
ctl apply "$WORK/all" >"$WORK/done"
equal "as before" "$(ctl save)" "$(cat "$WORK/all")"
equal "order of creation" "$(ctl show targets)" "$(sed -n '/^targets/,$p' <<<"$tree")"
ctl save "$WORK/all"
refuses 1 "No such file or directory" save "$WORK/no/where"

applies '{"devices": {"fileio": {"d1": {"size": "1M", "enable": true}}}}' \
	"set devices/fileio/d1/size = 1M (was 0)
set devices/fileio/d1/enable = 1 (was 0)"
applies '{"devices": {"fileio": {"d1": {"size": 1048576}, "d0": {"size": "1024M"}}}}' ""
applies '{"devices": {"fileio": {"d1": {"naa": "3ABC"}}}}' \
	"set devices/fileio/d1/naa = 3ABC (was 3000000000000001)"
applies '{"devices": {"fileio": {"d1": {"naa": "3abc"}}}}' ""
applies '{"devices": {"fileio": {"d0": {"path": "/srv/x"}}}}' \
	"set devices/fileio/d0/path = /srv/x (was /srv/d0)"
equal "back in its LUN" \
	"$(cat "$SCST_FAKE/targets/scst_local/t/groups/z/luns/9/device")" d0

group() {
	printf '{"targets": {"scst_local": {"t": {"groups": {"z": {%s}}}}}}' "$1"
}
z=targets/scst_local/t/groups/z

applies "$(group '"luns": {"9": {"device": "d1"}, "10": null, "3": {"device": "d0", "read_only": true}}')" \
	"remove $z/luns/10
set $z/luns/9/device = d1 (was d0)
create $z/luns/3
set $z/luns/3/read_only = 1
set $z/luns/3/device = d0"
# Patterns: those that need not move stay.
applies "$(group '"initiators": ["!bad", "*"]')" ""
applies "$(group '"initiators": ["!bad", "*", "a"]')" "create $z/initiators/a"
applies "$(group '"initiators": ["!bad", "a"]')" "remove $z/initiators/*"
applies "$(group '"initiators": ["!bad", "!b", "a"]')" \
	"remove $z/initiators/a
create $z/initiators/!b
create $z/initiators/a"
applies "$(group '"initiators": ["a", "!b"]')" \
	"remove $z/initiators/!b
remove $z/initiators/!bad
create $z/initiators/!b"
applies "$(group '"initiators": []')" \
	"remove $z/initiators/!b
remove $z/initiators/a"
# A name may move to another handler.
applies '{"devices": {"user": {"d1": {}}, "fileio": {"d1": null}}}' \
	"remove devices/fileio/d1
create devices/user/d1"
applies '{"targets": {"scst_local": {"t": null, "gone": null}}}' \
	"remove targets/scst_local/t"
applies '{"device_groups": {"g": {"explicit": 1, "devices": {"d0": {}},
	"port_groups": {"1": {"state": "standby", "ports": {"7": {}}}}}}}' \
	"create device_groups/g
set device_groups/g/explicit = 1
create device_groups/g/devices/d0
create device_groups/g/port_groups/1
set device_groups/g/port_groups/1/state = standby
create device_groups/g/port_groups/1/ports/7"
applies '{"device_groups": {"g": {"devices": {"d0": null}}}}' \
	"remove device_groups/g/devices/d0"
refuses 1 "device_groups has g" show device_groups/h
ctl remove device_groups/g
applies '{}' ""
equal "only targets" "$(ctl apply --only targets "$WORK/all")" \
	"create targets/scst_local/t
create $z
create $z/luns/9
set $z/luns/9/read_only = 1
set $z/luns/9/device = d0
create $z/luns/10
set $z/luns/10/read_only = 0
set $z/luns/10/device =
create $z/initiators/!bad
create $z/initiators/*
create targets/scst_local/t/groups/b
create targets/scst_local/t/nexuses/me"
equal "again" "$(ctl apply --only targets "$WORK/all")" ""

# ---- Files with mistakes: nothing is done ---------------------------------------------

refuses 1 "No such file" apply "$WORK/none"
rejects "conf:2: " '{
	"devices": { "fileio": } }'
rejects "duplicate object key" '{"devices": {}, "devices": {}}'
rejects "want an object" '[]'
rejects "the tree has device_groups, devices, targets" '{"device": {"fileio": {}}}'
rejects "no such handler: modprobe scst_vdisk" '{"devices": {"nullio": {}}}'
rejects "there is no attribute 'colour'" \
	'{"devices": {"fileio": {"d0": {"size": 5, "colour": "red"}}}}'
rejects "want a string, a number" '{"devices": {"fileio": {"d0": {"size": 1.5}}}}'
rejects "a value is one line" '{"devices": {"fileio": {"d0": {"path": "a\nb"}}}}'
rejects "is a directory: want an object" '{"devices": {"fileio": 1}}'
rejects "cannot be compared" '{"devices": {"fileio": {"d0": {"resize": 1}}}}'
rejects "is enabled, and cannot be set" \
	'{"devices": {"fileio": {"d0": {"size": 5, "state": "closed"}}}}'
rejects "null cannot remove it" '{"devices": {"fileio": null}}'
rejects "null cannot remove it" '{"devices": {"fileio": {"d0": {"path": null}}}}'
rejects "a name has no '/'" '{"devices": {"fileio": {"a/b": {}}}}'
rejects "'' is no name" '{"devices": {"fileio": {"": {}}}}'
rejects "'..' is no name" '{"devices": {"fileio": {"..": {"..": null}}}}'
rejects "an array is for the initiators" '{"devices": {"fileio": []}}'
rejects "want an array of patterns" "$(group '"initiators": {"*": {}}')"
rejects "want an array of patterns" "$(group '"initiators": [1]')"
rejects "'*' is there twice" "$(group '"initiators": ["*", "*"]')"
rejects "there are no directories that far below" \
	"$(group '"luns": {"1": {"x": {}}}')"
rejects "$z has initiators, luns" "$(group '"lunz": {"1": {}}')"
rejects "remove 'z' first" '{"targets": {"scst_local": {"t": {"groups":
	{"new": {}, "z": {}}}}}}'
rejects "'b' cannot come before 'z'" '{"targets": {"scst_local": {"t": {"groups":
	{"b": {}, "z": {}}}}}}'

# What the kernel refuses stops it, or not.
bad='{"devices": {"fileio": {"a": {"path": "refused", "enable": 1}, "e": {}}}}'
echo "$bad" >"$WORK/conf"
refuses 1 "devices/fileio/a/path: Invalid argument" apply "$WORK/conf"
[ ! -e "$SCST_FAKE/devices/fileio/e" ] || die "went on"
status=0
ctl apply --keep-going "$WORK/conf" >"$WORK/out" 2>"$WORK/err" || status=$?
equal "status of --keep-going" $status 1
equal "complaints" "$(wc -l <"$WORK/err")" 2
[ -e "$SCST_FAKE/devices/fileio/e" ] || die "did not go on"

# A tree that is not there.
ctl clear devices targets
rm -r "$SCST_FAKE/targets"
refuses 1 "modprobe scst" show
for option in --help --version; do
	"$SCSTCTL" $option >"$WORK/out" 2>"$WORK/err" || die "$option"
	[ -s "$WORK/out" ] || die "$option says nothing"
	[ ! -s "$WORK/err" ] || die "$option: $(cat "$WORK/err")"
done

# ---- What is said of it elsewhere ------------------------------------------------

page=$SOURCE/libscstuser/tools/scstctl/scstctl.8
completion=$SOURCE/libscstuser/tools/scstctl/scstctl.bash
for option in $("$SCSTCTL" --help | sed -n 's/^  --\([a-z-]*\) .*/\1/p'); do
	grep -q "Fl .*-$option" "$page" || die "the page lacks --$option"
	grep -q -- "--$option" "$completion" || die "no completion of --$option"
done
for command in $("$SCSTCTL" --help | sed -n 's/^  \([a-z]\+\).*/\1/p'); do
	grep -qE "^\.(It )?Cm .*$command" "$page" || die "the page lacks $command"
done

# shellcheck source=/dev/null
. "$completion"
compopt() { :; }

# completes WANTED WORD...: the last word
completes() {
	local want=$1

	shift
	COMP_WORDS=(scstctl --root "$SCST_FAKE" "$@")
	COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
	COMPREPLY=()
	_scstctl || true
	equal "completion of $*" "${COMPREPLY[*]}" "$want"
}

mkdir -p "$SCST_FAKE/targets/scst_local"
ctl create devices/user/u0 devices/fileio/d0
completes "show set save sessions stats" s
completes "--all --json" show -
completes "devices/fileio/ devices/user/" show devices/
completes "devices/fileio/d0/" set devices/fileio/d
completes "path=" set devices/fileio/d0 p
completes "devices targets device_groups" clear ""
completes "devices device_groups" apply --only dev
