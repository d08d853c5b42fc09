#!/usr/bin/env bash
# labels: qemu;source
# timeout: 900
# serial: true
# U-Boot takes commands of 300 characters whole while every core is busy.
set -euo pipefail
. "$SOURCE_DIR/tests/qemu/lib.bash"
root=$SOURCE_DIR
. "$SOURCE_DIR/tests/bench/input-cases.bash"
trap 'stop_loops; cleanup' EXIT

long_commands 10 >"$dir/long.yaml"
try "$BOOTCHECK" build "$dir/long.yaml"
want_rc 0 "building U-Boot"
busy_loops 240
try "$BOOTCHECK" run "$dir/long.yaml" --output "$dir/run"
cat "$dir/out"
want_rc 0 "commands of 300 characters on a busy host"
loop_times >"$dir/times" || fail "the cores were not kept busy to the end"
stop_loops
awk '$1 < 0.2 { exit 1 }' "$dir/times" || fail "a loop hardly ran: $(paste -sd ' ' "$dir/times") s"
no_emulators "$dir/run"
read -r whole lost doubled retyped < <(words 10 295 | arrived "$dir/run")
echo "$whole whole, $lost lost, $doubled doubled, $retyped retyped; loops: $(paste -sd ' ' "$dir/times") s"
[[ "$whole $lost $doubled" == "10 0 0" ]] || fail "not all arrived whole"
# The count can see a loss.
read -r whole lost doubled retyped < <(words 11 295 | arrived "$dir/run")
[[ "$whole $lost" == "10 1" ]] || fail "a text that was not typed counts as arrived"
