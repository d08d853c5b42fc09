#!/usr/bin/env bash
# lint and list from outside: exit codes, streams, JSON, selection.
set -euo pipefail
: "${BOOTCHECK:?the built bootcheck}"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
failed=0
fail() { echo "FAIL: $*"; failed=1; }

# run WANTED-EXIT-CODE ARGUMENTS…: output in out and err
run() {
	local want=$1 code=0
	shift
	"$BOOTCHECK" "$@" >out 2>err </dev/null || code=$?
	[[ $code == "$want" ]] || fail "bootcheck $*: exit $code, not $want: $(head -c 500 err)"
}
holds() { grep -qF -- "$2" "$1" || fail "$1 lacks '$2': $(head -c 500 "$1")"; }
lacks() { ! grep -qF -- "$2" "$1" || fail "$1 holds '$2'"; }

case_file() { printf 'bootcheck: 1\nname: %s\nmachine: {arch: %s, model: virt}\nconsole: [{expect: x}]\n%s\n' "$@"; }

# No folder of cases, an empty one, a wrong path.
run 2 lint
holds err 'there is no file or folder cases'
mkdir cases
run 2 lint
holds err 'holds no case'
case_file one arm '' >cases/one.yaml
run 2 lint cases/on.yaml
holds err 'did you mean cases/one.yaml?'

run 0 lint
[[ $(<out) == '1 case in 1 file, no findings' && ! -s err ]] || fail "lint says: $(<out) $(<err)"
case_file two nonsense $'matrix: {v: [1, 2]}\nlabels: [slow, "v${v}"]' >cases/two.yaml
run 0 lint
[[ $(<out) == '3 cases in 2 files, no findings' ]] || fail "lint says: $(<out)"

# A warning is shown and is no failure.
case_file warn arm 'vars: {a: 1}' >cases/warn.yaml
run 0 lint
holds out '[unused-variable]'
holds out '0 errors, 1 warning'
rm cases/warn.yaml

# list: a table on stdout; what is missing is named.
run 0 list
holds out 'two[v=2]'
holds out 'skip: qemu-system-nonsense is not installed'
holds out '3 cases'
run 0 list --filter 'two[v=2]' --json
holds out '"id": "two[v=2]"'
holds out '"v": "2"'
lacks out '"two[v=1]"'
run 0 list --label slow --label '!v1'
holds out 'two[v=2]'
holds out '1 case'
run 0 list --set v=9 cases/two.yaml
holds out 'two[v=9]'
run 2 list --filter nothing
holds err 'no case is selected'
[[ ! -s out ]] || fail "list prints a table of nothing"
run 2 list --shard 4/3
run 2 list --shard 0/3
run 2 list --set nonsense
run 2 list --set w=1
holds err "no case has a variable 'w'"
run 2 list --unknown

# The table shows the model without its options, in line.
case_file options 'arm, cpu: max' '' | sed 's/virt/"virt,gic-version=3"/' >options.yaml
run 0 list options.yaml
[[ $(sed -n 2p out) == 'options  arm/virt' ]] || fail "list shows $(sed -n 2p out)"
run 0 list --json options.yaml
holds out '"model": "virt,gic-version=3"'

# Errors: everything is shown, on stderr for commands that go on to do something.
printf 'bootcheck: 1\nname: bad\nmachine: {arch: arm, modle: virt}\n' >cases/bad.yaml
run 2 lint
holds out "cases/bad.yaml:3:22: error: unknown key 'modle' [unknown-key]"
holds out "did you mean 'model'?"
run 2 list
holds err '[unknown-key]'
[[ ! -s out ]] || fail "list prints a table in spite of errors"
run 2 lint --json
holds out '"check": "unknown-key"'
holds out '"col": 22'
holds out '"errors": 2'

# Nothing that moves a cursor passes, and no colours go into a file.
printf 'bootcheck: 1\nname: "\\e[2J\\u009b1m"\n' >cases/bad.yaml
run 2 lint
lacks out $'\033'
lacks out $'\xc2\x9b'
exit "$failed"
