#!/usr/bin/env bash
# labels: cli
# The shell completion offers commands, the options of the command at hand, and what the program knows.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
ln -s "$BOOTCHECK" "$dir/bootcheck"
PATH=$dir:$PATH
cd "$dir"
. "$SOURCE_DIR/scripts/completion.bash"
offers() { # WORD WORDS…: the last word is being typed
	local want=$1
	shift
	COMP_WORDS=(bootcheck "$@")
	COMP_CWORD=$#
	COMPREPLY=()
	_bootcheck
	[[ " ${COMPREPLY[*]} " == *" $want "* ]] || { echo "FAIL: $* offers '${COMPREPLY[*]}', not '$want'"; exit 1; }
}
offers machines ma
offers --retries run --ret
offers --schema lint --s
offers vfs-root explain vfs
mkdir cases
printf 'bootcheck: 1\nname: a\nlabels: [smoke]\nmachine: {arch: arm, model: virt}\nconsole: [{expect: x}]\n' >cases/a.yaml
offers smoke run --label sm
offers cases lint ca
