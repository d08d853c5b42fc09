#!/usr/bin/env bash
# labels: fake
# A journal that cannot be written (a file size limit stands in for a full disk: write(2) fails in the
# same way) ends in a clear error, never in a pass, and no emulator stays.
set -euo pipefail
. "$SOURCE_DIR/tests/cli/boot.bash"

boot noisy <<'END'
write "line\r\n"
again 3000
write "/ # "
hang
END
case_ noisy 'console: [{expect: line}, {expect: {prompt: shell}}]'
# Room for the start of the journal and for the emulator's own files, not for the reports.
got=0
(
	ulimit -f 1
	exec "$BOOTCHECK" run -o run cases/noisy.yaml
) >out 2>err </dev/null || got=$?
[[ $got == 3 ]] || fail "exit $got, not 3"
grep -q 'cannot write.*: File too large' err || fail "the error does not say what could not be written"
for pid in $(sed -n 's/.*"pid":\([0-9]*\).*/\1/p' run/events.jsonl); do
	[[ ! -d /proc/$pid ]] || fail "process $pid is still there"
done

# A folder that cannot be created.
: >file
got=0
"$BOOTCHECK" run -o file/run cases/noisy.yaml >out 2>err </dev/null || got=$?
[[ $got == 3 ]] || fail "exit $got, not 3"
has err "file/run"
echo ok
