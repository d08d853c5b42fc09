#!/usr/bin/env bash
# labels: fake
# timeout: 180
# `bootcheck run` on the fake QEMU: verdicts, exit codes, reports, nothing left behind.
set -euo pipefail
. "$SOURCE_DIR/tests/cli/boot.bash"

shell='console: [{expect: {prompt: shell}}, {run: uname -r, output: ^6}, {power: off}]'
boot good <<'END'
write "[    0.000000] Booting Linux on physical CPU 0x0\r\n[    1.000000] Run /init as init process\r\n"
reply "uname -r" "6.1.0\n" 0
shell "/ # " "poweroff*"
write "[    2.000000] reboot: Power down\r\n"
event SHUTDOWN {"guest": true, "reason": "guest-shutdown"}
hang
END
case_ good "$shell"
run 0 cases/good.yaml
has out "1 passed"
for f in console.log console.cast qemu.sh qemu.log; do [[ -f run/cases/good/$f ]] || fail "no $f"; done
has run/cases/good/console.log "uname -r"
has run/cases/good/qemu.sh "-M virt"
[[ $(head -c 12 run/cases/good/console.cast) == '{"version":2' ]] || fail "the cast's header"
no_orphans

# A panic: the title is the cause, the boot ends at once, the JUnit has a failure.
boot panic <<'END'
write "[    1.000000] VFS: Cannot open root device \"mmcblk0\" or unknown-block(0,0): error -6\r\n"
write "[    1.100000] Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0)\r\n"
write "[    1.200000] ---[ end Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0) ]---\r\n"
hang
END
case_ panic "$shell"
start=$EPOCHREALTIME
run 1 cases/panic.yaml
(((${EPOCHREALTIME/./} - ${start/./}) < 3000000)) || fail "the panic took its time"
has out "VFS: Unable to mount root fs on unknown-block(0,0)"
has run/junit.xml '<failure type="panic"'
no_orphans
case_ panic "$shell" 'outcome: {verdict: fail, kind: panic, title: "unknown-block.0,0."}'
run 0 cases/panic.yaml
has run/junit.xml 'failures="0"'

# Text that no XML may hold, and what only looks like the end of a CDATA section.
boot hostile <<'END'
write "]]> \e[31mred\e[0m \x00\x01\xff\xfe\xed\xa0\x80 <&\"> \xef\xbf\xbf\r\n"
write "[    1.000000] Kernel panic - not syncing: ]]> \e[31m\x01\xff<&>\r\n"
event SHUTDOWN {"guest": true, "reason": "guest-reset"}
hang
END
case_ hostile "$shell"
run 1 cases/hostile.yaml
grep -qP '[\x00-\x08\x0b\x0c\x0e-\x1f]' run/junit.xml && fail "a control character in junit.xml"
grep -qP '\e' out && fail "an escape sequence on the terminal"

# The emulator dies at once, or is not there, or ignores SIGTERM.
boot dies <<'END'
stderr "qemu-system-arm: Invalid SD card size: 30 MiB\n"
exit 1
END
case_ dies "$shell"
run 3 cases/dies.yaml
has out "ended with exit status 1: qemu-system-arm: Invalid SD card size: 30 MiB"
has run/junit.xml "<error"
no_orphans
boot crashes <<'END'
write "[    0.000000] Booting Linux\r\n"
crash
END
case_ crashes "$shell"
run 3 cases/crashes.yaml
has out "killed by signal 11"
boot stays <<'END'
ignore-term
write "/ # "
hang
END
case_ stays 'console: [{expect: {prompt: shell}}]'
run 0 cases/stays.yaml
no_orphans
sed "s|name: good|name: absent|; s|qemu: .*}|qemu: /nonexistent/qemu-system-arm}|" cases/good.yaml >cases/absent.yaml
run 3 cases/absent.yaml
has out "/nonexistent/qemu-system-arm is not installed"
has run/junit.xml "<skipped"

# A flood that never ends, lines of megabytes.
boot flood <<'END'
flood 3000000000 "y"
END
case_ flood "$shell" 'limits: {boot: 120s, step: 120s, total: 150s}'
run 1 cases/flood.yaml
has out "console flood"
(($(stat -c %s run/cases/flood/console.log) < 80000000)) || fail "the recording of the flood has no bound"
no_orphans

# A pattern that backtracks without end is told, not waited for.
boot backtrack <<'END'
write "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab\r\n"
hang
END
case_ backtrack 'console: [{expect: "(a+)+$"}]'
run 1 cases/backtrack.yaml
has out "matching limit"

# A prompt that never comes; silence.
boot silent <<'END'
hang
END
case_ silent "$shell" 'limits: {silence: 1s}'
run 1 cases/silent.yaml
has out "nothing on the serial console"
boot noprompt <<'END'
write "almost there\r\n"
delay 100ms
again 1000000
END
case_ noprompt "$shell" 'limits: {boot: 1s}'
run 1 cases/noprompt.yaml
has run/junit.xml '<failure type="timeout"'

# Retries: flaky is told in one testcase.
cat >flaky.fake <<END
# fake-qemu
END
boot flaky <<'END'
write "[    1.000000] Kernel panic - not syncing: sometimes\r\n"
event SHUTDOWN {"guest": true, "reason": "guest-reset"}
hang
END
case_ flaky 'console: [{expect: {prompt: shell}}]'
run 1 --retries 2 cases/flaky.yaml
[[ $(grep -c '"kind":"spawn"' run/events.jsonl) == 3 ]] || fail "not three boots"
has run/junit.xml "rerunFailure"

# Several cases at once, each kept apart; a report of each.
run 3 -j 4 cases/good.yaml cases/panic.yaml cases/dies.yaml cases/stays.yaml
has run/junit.xml 'tests="4"'
no_orphans
run 0 --filter 'go*' cases
has out "1 passed"

# A second serial port is captured on its own.
boot uarts <<'END'
write "one\r\n"
uart 1
write "two\r\n"
uart 0
write "/ # "
hang
END
case_ uarts 'console: [{expect: {prompt: shell}}]'
sed -i 's/memory: 16M/memory: 16M, uarts: 2/' cases/uarts.yaml
run 0 cases/uarts.yaml
has run/cases/uarts/uart1.log two
! grep -q two run/cases/uarts/console.log || fail "the ports are mixed"

# For bisect loops.
bisect() {
	local got=0
	"$BOOTCHECK" run --bisect -o run "$2" >out 2>err </dev/null || got=$?
	[[ $got == "$1" ]] || fail "--bisect $2: exit $got, not $1"
}
bisect 0 cases/good.yaml
bisect 1 cases/flaky.yaml
bisect 125 cases/dies.yaml
bisect 125 cases/absent.yaml
# What was skipped beside a good case may be the one that fails.
got=0
"$BOOTCHECK" run --bisect -o run cases/good.yaml cases/absent.yaml >out 2>err </dev/null || got=$?
[[ $got == 125 ]] || fail "--bisect with a skip: exit $got"
has out "1 passed"
# What was built without what the case boots is wrong, not absent from this host.
for at in "kernel: '\${x:zImage-no}'" "kernel: good.fake, drives: [{file: '\${x:disk*}'}]" "kernel: good.fake, initrd: '\${y}'"; do
	sed "s|name: good|name: hollow|; s|^boot:.*|boot: {$at}|" cases/good.yaml >cases/hollow.yaml
	echo "artifacts: {x: {tree: [{file: $dir/good.fake}]}, y: {initramfs: {from: [{tree: '\${x}', members: [disk]}]}}}" >>cases/hollow.yaml
	run 3 cases/good.yaml cases/hollow.yaml
	has out "1 passed"
	grep -q "fits '" out || fail "no word of what is not in it"
	[[ $(grep -c '<skipped' run/junit.xml) == 0 && $(grep -c '<error' run/junit.xml) == 1 ]] || fail "what is not in it is no error"
	bisect 125 cases/hollow.yaml
done
echo 'nonsense: 1' >cases/wrong.yaml
bisect 128 cases/wrong.yaml
rm cases/wrong.yaml
bisect 128 cases/nosuch.yaml
echo ok
