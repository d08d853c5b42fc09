#!/usr/bin/env bash
# labels: qemu;source;slow
# timeout: 5000
# serial: true
# The kernel's own vexpress_defconfig, a quarter of an hour on two processors when it is not in the store; and the
# cases that need hosts which may not be there: they pass, or they are skipped with the reason.
set -euo pipefail
. "$SOURCE_DIR/tests/qemu/lib.bash"
cd "$SOURCE_DIR"

try "$BOOTCHECK" run cases/vexpress-a9/vfs-panic-defconfig.yaml cases/vexpress-a9/upstream-*.yaml --output "$dir/run"
cat "$dir/out"
want_rc 0 "the slow cases"
valid_junit "$dir/run"
[[ $(xmllint --xpath 'count(//failure|//error)' "$dir/run/junit.xml") == 0 ]] || fail "not all passed"
grep -Eq '^PASS .* vfs-panic-defconfig$' "$dir/out" || fail "the defconfig was not booted"
if [[ $(xmllint --xpath 'count(//skipped)' "$dir/run/junit.xml") != 0 ]]; then
	grep '<skipped' "$dir/run/junit.xml" | grep -q 'https://' || fail "a skip without its address"
fi
