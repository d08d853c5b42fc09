#!/usr/bin/env bash
# labels: qemu
# timeout: 1500
# serial: true
# The shipped cases on real emulators and Debian's kernels, and what a run leaves behind when it is
# ended in the middle.
set -euo pipefail
. "$SOURCE_DIR/tests/qemu/lib.bash"
cd "$SOURCE_DIR"
command -v xmllint >/dev/null || fail "xmllint is missing: apt-get install libxml2-utils"

# Every shipped case, in an output folder of its own.
try "$BOOTCHECK" run cases/quick --output "$dir/all"
cat "$dir/out"
want_rc 0 "the quick cases"
valid_junit "$dir/all"
no_emulators "$dir/all"
cases=$("$BOOTCHECK" list cases/quick --json | grep -c '"id"')
tests=$(xmllint --xpath 'count(//testcase)' "$dir/all/junit.xml")
[[ $cases -gt 0 && $tests == "$cases" ]] || fail "$tests test cases in junit.xml, $cases listed"
bad=$(xmllint --xpath 'count(//failure|//error|//skipped)' "$dir/all/junit.xml")
[[ $bad == 0 ]] || fail "$bad cases did not pass"
# What was recorded is what the guest said.
grep -aq 'Machine model: V2P-CA9' "$dir/all/cases/arm-vexpress-a9/console.log" || fail "console.log"
grep -aq 'reboot: Power down' "$dir/all/cases/arm-vexpress-a9/console.log" || fail "power off"

# A recording says the same as its boot did, where the console alone tells: not what is a silence or a
# reset of the machine.
for name in arm-vexpress-a9 aarch64-virt mipsel-malta fail-command fail-crash fail-init-arch \
	fail-init-exits fail-init-fallback fail-no-root fail-wrong-console; do
	try "$BOOTCHECK" replay "cases/quick/$name.yaml" "$dir/all/cases/$name/console.log"
	want_rc 0 "the replay of $name"
done

# An emulator that is not there is a SKIP that names it; the other cases are still decided.
mkdir "$dir/bin"
for folder in ${PATH//:/ }; do
	find "$folder" -maxdepth 1 ! -type d ! -name 'qemu-system-ppc64*' -print0 2>/dev/null |
		xargs -0r ln -sft "$dir/bin"
done
try env PATH="$dir/bin" "$BOOTCHECK" run cases/quick/ppc64le-pseries.yaml \
	cases/quick/aarch64-virt.yaml --output "$dir/skip"
want_rc 0 "a run without qemu-system-ppc64"
valid_junit "$dir/skip"
[[ $(xmllint --xpath 'count(//skipped)' "$dir/skip/junit.xml") == 2 ]] || fail "not 2 skipped"
[[ $(xmllint --xpath 'count(//failure|//error)' "$dir/skip/junit.xml") == 0 ]] || fail "skip is a failure"
grep -q 'qemu-system-ppc64' "$dir/skip/junit.xml" || fail "the skip does not name the emulator"

# SIGKILL in the middle: the emulator goes with its parent, and what was written can be read.
"$BOOTCHECK" run cases/quick/fail-no-prompt.yaml --output "$dir/killed" >"$dir/out" 2>&1 &
child=$!
until_line "$dir/killed" '"phase": *"init"'
[[ -n $(pids "$dir/killed") ]] || fail "no spawn in the journal"
is_emulator "$(pids "$dir/killed")" || fail "the emulator does not run"
kill -9 "$child"
wait "$child" 2>/dev/null || true
child=
no_emulators "$dir/killed"
try "$BOOTCHECK" report --write "$dir/killed"
want_rc 3 "the report of a killed run"
valid_junit "$dir/killed"

# SIGINT in the middle: 130, no emulator, and a report that says what was not decided.
"$BOOTCHECK" run -j 1 cases/quick/aarch64-virt.yaml cases/quick/fail-no-prompt.yaml --output "$dir/interrupted" \
	>"$dir/out" 2>&1 &
child=$!
until_line "$dir/interrupted" '"phase": *"init"' fail-no-prompt
kill -INT "$child"
rc=0
wait "$child" || rc=$?
child=
want_rc 130 "SIGINT"
no_emulators "$dir/interrupted"
valid_junit "$dir/interrupted"
[[ $(xmllint --xpath 'count(//testcase)' "$dir/interrupted/junit.xml") == 2 ]] || fail "not 2 cases"
[[ $(xmllint --xpath 'count(//testcase[not(*[self::failure or self::error])])' \
	"$dir/interrupted/junit.xml") == 1 ]] || fail "what was decided before SIGINT is lost"
[[ $(xmllint --xpath 'count(//error)' "$dir/interrupted/junit.xml") == 1 ]] || fail "no error for the undecided"
