#!/usr/bin/env bash
# labels: fake
# timeout: 120
# Floods beside the console, an emulator that somebody else ends, retries and repetitions that stop, two runs
# in one folder.
set -euo pipefail
. "$SOURCE_DIR/tests/cli/boot.bash"

shell='console: [{expect: {prompt: shell}}]'
boot events <<'END'
event RTC_CHANGE {"offset": 1}
again 100000000
END
case_ events "$shell" 'limits: {boot: 2s}'
run 1 cases/events.yaml
has run/junit.xml '<failure type="timeout"'
(($(grep -c RTC_CHANGE run/events.jsonl) <= 1000)) || fail "the journal of an event flood has no bound"
no_orphans

boot chatter <<'END'
stderr "qemu-system-arm: warning: the same thing over and over again, as some device models do, and more\n"
again 100000000
END
case_ chatter "$shell" 'limits: {silence: 60s, boot: 60s}'
run 3 cases/chatter.yaml
has out "MiB to qemu.log"
no_orphans

boot side <<'END'
uart 1
flood 100000000 "side"
uart 0
write "/ # "
hang
END
case_ side "$shell"
sed -i 's/memory: 16M/memory: 16M, uarts: 2/' cases/side.yaml
run 0 cases/side.yaml
(($(stat -c %s run/cases/side/uart1.log) <= 64 << 20)) || fail "uart1.log has no bound"

# The host's deed is no failure of the guest.
boot stopped <<'END'
write "[    0.000000] Booting Linux\r\n"
event SHUTDOWN {"guest": false, "reason": "host-signal"}
exit 0
END
case_ stopped "$shell"
run 3 cases/stopped.yaml
has out "was ended by something else on this host"

# A paravirtual panic device is no power-off.
boot pvpanic <<'END'
shell "/ # " "poweroff*"
event SHUTDOWN {"guest": true, "reason": "guest-panic"}
hang
END
case_ pvpanic 'console: [{power: off}]'
run 1 cases/pvpanic.yaml
has out "the guest reported a panic"

# The first failure of a repetition is enough for --fail-fast.
boot bad <<'END'
write "[    1.000000] Kernel panic - not syncing: always\r\n"
event SHUTDOWN {"guest": true, "reason": "guest-reset"}
hang
END
case_ bad "$shell"
run 1 --repeat 3 cases/bad.yaml
[[ $(grep -c '"kind":"spawn"' run/events.jsonl) == 3 ]] || fail "not three boots"
run 1 --repeat 3 --fail-fast cases/bad.yaml
[[ $(grep -c '"kind":"spawn"' run/events.jsonl) == 1 ]] || fail "--fail-fast went on"

# A retry that could not be judged does not excuse the failure before it.
cat >once <<END
#!/bin/sh
case " \$* " in *" -kernel "*) [ ! -e $dir/again ] || exit 1; : >$dir/again ;; esac
exec $fake "\$@"
END
chmod +x once
sed "s|qemu: .*}|qemu: $dir/once}|; s|name: bad|name: worse|" cases/bad.yaml >cases/worse.yaml
run 1 --retries 1 cases/worse.yaml
grep -q '"verdict":"error"' run/events.jsonl || fail "the second boot was judged"

# Two runs do not share a folder.
boot long <<'END'
write "started\r\n"
hang
END
case_ long 'console: [{expect: never}]'
rm -rf run
"$BOOTCHECK" run -o run cases/long.yaml >out 2>err </dev/null &
pid=$!
for _ in $(seq 1000); do
	! grep -qs started run/cases/long/console.log || break
	read -rt 0.01 <> <(:) || :
done
got=0
"$BOOTCHECK" run -o run cases/bad.yaml >out2 2>err2 </dev/null || got=$?
kill -INT $pid
wait $pid || :
[[ $got == 2 ]] || fail "the second run in the folder: exit $got"
has err2 "another run writes"
valid
echo ok
