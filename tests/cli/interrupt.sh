#!/usr/bin/env bash
# labels: fake
# timeout: 120
# SIGINT and SIGKILL in the middle of a run: no emulator stays, what was decided stays, the reports are valid.
set -euo pipefail
. "$SOURCE_DIR/tests/cli/boot.bash"

boot a-good <<'END'
write "/ # "
hang
END
case_ a-good 'console: [{expect: {prompt: shell}}]'
boot b-long <<'END'
ignore-term
write "started\r\n"
hang
END
case_ b-long 'console: [{expect: never}]'

# Starts a run and waits until the second case prints.
start() {
	rm -rf run
	"$BOOTCHECK" run -j 1 -o run cases "$@" >out 2>err </dev/null &
	pid=$!
	for _ in $(seq 1000); do
		! grep -qs started run/cases/b-long/console.log || return 0
		read -rt 0.01 <> <(:) || :
	done
	kill -9 $pid
	fail "the second case did not start"
}

start
kill -INT $pid
got=0
wait $pid || got=$?
[[ $got == 130 ]] || fail "exit $got after SIGINT"
valid
no_orphans
has run/junit.xml 'tests="2"'
has run/junit.xml "interrupted"
has run/results.json '"a-good"'
# Made again from the journal, the one attempt that was made is one attempt.
"$BOOTCHECK" report run >again || true
has again "interrupted"
! grep -q "attempt 2" again || fail "the interrupted attempt counts twice"

start
kill -KILL $pid
wait $pid 2>/dev/null || :
no_orphans
valid
grep -q '"kind":"case-end","case":"a-good","verdict":"pass"' run/events.jsonl || fail "the first verdict is lost"
"$BOOTCHECK" report run >out 2>err && fail "an unfinished run is no success"
has out "1 passed, 1 error"

# Going on boots only what was not decided.
sed -i 's/never/started/' cases/b-long.yaml
"$BOOTCHECK" run --resume -o run cases >out 2>err </dev/null || fail "resume"
valid
[[ $(grep -c '"kind":"spawn","case":"a-good"' run/events.jsonl) == 1 ]] || fail "a-good booted again"
has run/junit.xml 'errors="0"'
no_orphans

# Killed while it builds: the run is one already, and can be reported and gone on with.
case_ a-good 'console: [{expect: {prompt: shell}}]' \
	"artifacts: {slow: {command: {argv: [sh, -c, 'echo x >out; : >$dir/building; [ -e $dir/go ] || exec sleep 60'], outputs: [out]}}}" \
	'boot: {kernel: a-good.fake, initrd: "${slow}"}'
sed -i "0,/^boot:/{/^boot:/d}; s,a-good.fake,$dir/a-good.fake," cases/a-good.yaml
rm -rf run
"$BOOTCHECK" run -o run cases >out 2>err </dev/null &
pid=$!
for _ in $(seq 1000); do
	[[ ! -e building ]] || break
	read -rt 0.01 <> <(:) || :
done
[[ -e building ]] || { kill -9 $pid; fail "nothing was built"; }
kill -KILL $pid
wait $pid 2>/dev/null || :
"$BOOTCHECK" report run >out 2>err && fail "a run that was killed while it built is no success"
has out "2 errors"
has out "interrupted before it came to 2 cases"
: >go
"$BOOTCHECK" run --resume -o run cases >out 2>err </dev/null || fail "resume of a build"
valid
has out "2 passed"

# In a build: what was in the middle is named, and whose it is.
for verb in "run -o run" build; do
	rm -rf run here
	cat >c-builds.yaml <<END
bootcheck: 1
name: builds
machine: {arch: arm, model: virt, qemu: $fake}
artifacts:
  slow: {command: {argv: [sh, -c, 'echo >$dir/here; sleep 60'], outputs: [o]}}
boot: {kernel: '\${slow}'}
console: [{expect: never}]
END
	"$BOOTCHECK" $verb c-builds.yaml >out 2>err </dev/null &
	pid=$!
	for _ in $(seq 1000); do
		[[ ! -e here ]] || break
		read -rt 0.01 <> <(:) || :
	done
	kill -INT $pid
	got=0
	wait $pid || got=$?
	[[ $got == 130 ]] || fail "$verb: exit $got after SIGINT in a build"
	has err "interrupted in the build of 'slow' of the case builds (command sh)"
done
echo ok
