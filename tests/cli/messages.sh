#!/usr/bin/env bash
# labels: cli;fake
# What goes wrong before a boot names the thing and the next step, and leaves nothing behind.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
mkdir -p "$dir/bin" "$dir/ä b/cases"
cp "$BINARY_DIR/tests/fake_qemu" "$dir/bin/qemu-system-arm"
export XDG_CACHE_HOME=$dir/cache NO_COLOR=1 PATH=$dir/bin:$PATH
cd "$dir/ä b"
fail() { echo "FAIL: $*"; cat "$dir/out"; exit 1; }
bc() { # WANTED-EXIT-CODE ARGUMENTS…
	local want=$1 rc=0
	shift
	"$BOOTCHECK" "$@" >"$dir/out" 2>&1 </dev/null || rc=$?
	[[ $rc == "$want" ]] || fail "bootcheck $*: exit $rc, not $want"
}
says() { grep -qF -- "$1" "$dir/out" || fail "no '$1'"; }

bc 2 hlep
says "did you mean 'help'?"
bc 2 report nosuch
says 'there is no run in nosuch'
bc 2 run nosuch
says 'without one, cases is searched'

cat >cases/mine.yaml <<'END'
bootcheck: 1
name: mine
machine: {arch: arm, model: vexpress-a9, memory: 64M}
boot: {kernel: ../zImage}
console: [{expect: x}]
END

# An option that is refused is named, with what it takes.
bc 2 run --retries -1
says "--retries takes a whole number, 0 or more, not '-1'"
bc 2 run -j 0
says "--jobs takes a whole number, 1 or more, not '0'"
bc 2 run --memory 3
says '--memory takes a size with a unit'
bc 128 run --bisect --repeat 0
says '--repeat takes'
bc 2 build -j x
says '--jobs takes'

# A file that the case names and that is not there: said before anything boots.
bc 0 plan cases/mine.yaml
says 'missing there is no file'
bc 3 doctor cases/mine.yaml
says '✗ mine'
bc 3 run cases/mine.yaml
says 'zImage'
! grep -q 'looked in' "$dir/out" || fail 'an absolute path needs no folder'
rm -r reports

# Neither a report nor a store that cannot be written costs a boot or leaves a run without a journal.
bc 3 run --junit nosuch/junit.xml cases/mine.yaml
says 'cannot write --junit=nosuch/junit.xml'
[[ ! -e reports ]] || fail 'a run was begun'
touch "$dir/file"
XDG_CACHE_HOME=$dir/file bc 3 run cases/mine.yaml
says 'XDG_CACHE_HOME'
[[ -z $(ls reports) ]] || fail 'a run without a journal is left'
