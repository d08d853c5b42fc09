#!/usr/bin/env bash
# labels: qemu
# timeout: 1500
# serial: true
# Hangs and silent kernels of cases/console on real emulators, and the files that a failure leaves, also when the emulator was killed.
set -euo pipefail
. "$SOURCE_DIR/tests/qemu/lib.bash"
cd "$SOURCE_DIR"
command -v xmllint >/dev/null || fail "xmllint is missing: apt-get install libxml2-utils"

try "$BOOTCHECK" run cases/console/{silent-,panic-zero,spinning-init,idle-init}*.yaml --output "$dir/all"
cat "$dir/out"
want_rc 0 "the silent cases"
valid_junit "$dir/all"
no_emulators "$dir/all"
bad=$(xmllint --xpath 'count(//failure|//error|//skipped)' "$dir/all/junit.xml")
[[ $bad == 0 ]] || fail "$bad cases did not pass"

# A kernel that said nothing has its log in the case's folder, and the reports list it.
log=$dir/all/cases/silent-wrong-dtb
[[ ! -s $log/console.log ]] || fail "silent-wrong-dtb was not silent"
grep -q '^\[    0\.000000\] Booting Linux on physical CPU' "$log/guest-dmesg.txt" || fail "the log's first line"
grep -q 'end Kernel panic - not syncing: Attempted to kill the idle task' "$log/guest-dmesg.txt" ||
	fail "the log's last line"
grep -q 'R15=' "$log/registers.txt" || fail "the registers"
for file in guest-dmesg.txt registers.txt; do
	grep -q "silent-wrong-dtb/$file" "$dir/all/junit.xml" || fail "junit.xml does not list $file"
	grep -q "silent-wrong-dtb/$file" "$dir/all/index.html" || fail "index.html does not list $file"
done

# A named hang is decided within ten seconds of its limit.
limit=$(sed -n 's/^limits: {silence: \([0-9]*\)s}$/\1/p' cases/console/spinning-init.yaml)
for name in spinning-init idle-init; do
	verdict=$(grep "\"$name\"" "$dir/all/events.jsonl" | grep '"attempt"' | grep -o '"verdict_ms": *[0-9]*' | tail -n 1)
	spoke=$(tail -n 1 "$dir/all/cases/$name/console.cast" | sed 's/^\[\([0-9]*\)\..*/\1/')
	[[ ${verdict##*[!0-9]} -le $(((spoke + 1 + limit + 10) * 1000)) ]] ||
		fail "$name: decided at ${verdict##*[!0-9]} ms, it spoke at $spoke s"
done

# A panic with panic=0 ends its boot with all of its lines.
grep -aq 'end Kernel panic - not syncing: Attempted to kill init' "$dir/all/cases/panic-zero/console.log" ||
	fail "panic-zero: the trace is cut"

# The emulator is killed: the guest's log is still read.
"$BOOTCHECK" run cases/console/idle-init.yaml --output "$dir/killed" >"$dir/out" 2>&1 &
child=$!
until_line "$dir/killed" '"phase": *"init"'
kill -9 "$(pids "$dir/killed")"
rc=0
wait "$child" || rc=$?
child=
want_rc 3 "a killed emulator"
grep -q 'Run /init as init process' "$dir/killed/cases/idle-init/guest-dmesg.txt" || fail "no log of a killed emulator"
grep -q 'killed by signal 9' "$dir/killed/junit.xml" || fail "a killed emulator is not named"

# It is stopped: nobody's fault but this host's.
"$BOOTCHECK" run cases/console/idle-init.yaml --output "$dir/stopped" >"$dir/out" 2>&1 &
child=$!
until_line "$dir/stopped" '"phase": *"init"'
kill -STOP "$(pids "$dir/stopped")"
rc=0
wait "$child" || rc=$?
child=
want_rc 3 "a stopped emulator"
grep -q 'stopped by something on this host' "$dir/stopped/junit.xml" || { cat "$dir/out"; fail "a stopped emulator is not named"; }
no_emulators "$dir/stopped"

# Limits in guest time are not used up by a host that has no processor for the guest: on one that it shares with nine
# others, four times what it needs alone is over on the host's clock, and lasts for half as long again on the guest's.
slow() { # CLOCK LIMIT: the case with that limit, beside busy loops
	sed "s,\.\./parts,$SOURCE_DIR/cases/parts,g; s,fixtures/,$SOURCE_DIR/fixtures/," cases/quick/aarch64-virt.yaml >"$dir/$1.yaml"
	echo "limits: {boot: ${2}ms, total: 0, clock: $1}" >>"$dir/$1.yaml"
	try taskset -c 0 "$BOOTCHECK" run "$dir/$1.yaml" --output "$dir/$1"
}
ln -s "$SOURCE_DIR/fixtures" "$dir/fixtures"
slow guest 600000
want_rc 0 "a boot on one processor"
alone=$(grep '"attempt"' "$dir/guest/events.jsonl" | grep -o '"duration_ms": *[0-9]*' | grep -o '[0-9]*$' | tail -n 1)
busy=()
for _ in {1..9}; do
	taskset -c 0 timeout 300 sh -c 'while :; do :; done' &
	busy+=($!)
done
slow host $((alone * 4))
host_rc=$rc
slow guest $((alone * 4))
guest_rc=$rc
kill "${busy[@]}"
[[ $host_rc == 3 ]] || { cat "$dir/host/junit.xml"; fail "the host's clock: exit status $host_rc"; }
grep -q 'this host is too slow: in .* s the guest wanted' "$dir/host/junit.xml" ||
	{ cat "$dir/host/junit.xml"; fail "the host's clock: it is not said that the host is too slow"; }
took=$(grep '"attempt"' "$dir/guest/events.jsonl" | grep -o '"duration_ms": *[0-9]*' | grep -o '[0-9]*$' | tail -n 1)
[[ $guest_rc == 0 || $took -ge $((alone * 6)) ]] ||
	{ cat "$dir/guest/junit.xml"; fail "the guest's clock: ended after $took ms of this host, limit $((alone * 4)) ms"; }

# With `inspect: false` the guest has its memory for itself.
sed 's/^limits:/machine: {inspect: false}\n&/' cases/console/silent-panic.yaml >"$dir/blind.yaml"
sed -i "s,\.\./parts,$SOURCE_DIR/cases/parts,g; s,fixtures/,$SOURCE_DIR/fixtures/,; /^outcome:/,\$d" "$dir/blind.yaml"
try "$BOOTCHECK" run "$dir/blind.yaml" --output "$dir/blind"
want_rc 1 "a silent panic that nobody looks into"
[[ ! -e $dir/blind/cases/silent-panic/guest-dmesg.txt ]] || fail "a log without inspect"
spawned=$(grep '"spawn"' "$dir/all/events.jsonl") || fail "no emulator was started"
[[ $spawned == *memory-backend* ]] || fail "no memory-backend with inspect"
spawned=$(grep '"spawn"' "$dir/blind/events.jsonl") || fail "no emulator was started without inspect"
[[ $spawned != *memory-backend* ]] || fail "memory-backend without inspect"
by_hand=$dir/all/cases/silent-panic/qemu.sh
grep -q "^exec qemu-system-aarch64 " "$by_hand" || fail "no emulator in $by_hand"
! grep -q memory-backend "$by_hand" || fail "qemu.sh wants a descriptor that nobody gives it"
