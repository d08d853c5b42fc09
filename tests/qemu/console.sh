#!/usr/bin/env bash
# labels: qemu;source
# timeout: 4200
# serial: true
# Consoles of real guests, idle and with both cores kept busy; what they left is judged the same once more.
set -euo pipefail
. "$SOURCE_DIR/tests/qemu/lib.bash"
cd "$SOURCE_DIR"
command -v xmllint >/dev/null || fail "xmllint is missing: apt-get install libxml2-utils"

root=$SOURCE_DIR
. "$SOURCE_DIR/tests/bench/input-cases.bash"
trap 'stop_loops; cleanup' EXIT

# all_pass RUN WHAT
all_pass() {
	try "$BOOTCHECK" run cases/console --output "$dir/$1"
	cat "$dir/out"
	want_rc 0 "$2"
	valid_junit "$dir/$1"
	no_emulators "$dir/$1"
	cases=$("$BOOTCHECK" list cases/console --json | grep -c '"id"')
	tests=$(xmllint --xpath 'count(//testcase)' "$dir/$1/junit.xml")
	[[ $cases -ge 6 && $tests == "$cases" ]] || fail "$tests test cases in junit.xml, $cases listed"
	[[ $(xmllint --xpath 'count(//failure|//error|//skipped)' "$dir/$1/junit.xml") == 0 ]] || fail "not all passed: $2"
}

# The recordings say the same again.
judge_again() {
	local name
	for name in splices colours login login-incorrect activate two-ports caller-ids no-stamps quiet user-stamps \
		user-stamps-panic log-levels; do
		try "$BOOTCHECK" replay "cases/console/$name.yaml" "$dir/$1/cases/$name/console.log"
		want_rc 0 "the replay of $name"
	done
}

# spliced RUN NAME: how many of userspace's lines the kernel cut.
spliced() {
	grep -c '"kind": *"healed"' <(grep "\"case\": *\"$2\"" "$dir/$1/events.jsonl") || true
}

all_pass idle "the consoles"
judge_again idle
# They were cut indeed, or nothing was shown; the shell that has a port to itself was not.
[[ $(spliced idle splices) -ge 5 ]] || fail "the kernel cut only $(spliced idle splices) lines of splices"
[[ $(spliced idle two-ports) == 0 ]] || fail "the kernel cut lines on a port that is not its own"
[[ ! -s $dir/idle/cases/two-ports/console.log ]] || ! grep -q flood "$dir/idle/cases/two-ports/console.log" ||
	fail "the kernel's records are on the shell's port"

# Four processors warned at once, and the report that is shown, from its "cut here" on, has the lines of one.
callers() { { grep -ao '^\[ *[0-9.]*\]\[ *[TC][0-9]*\]' | sed 's/.*\[ *//; s/\]//'; } || true; }
shown=$(sed -n '/"id": "caller-ids"/,/"id": /s/.*"excerpt": "\(.*\)".*/\1/p' "$dir/idle/results.json")
shown=$(printf '%b\n' "$shown")
header=$(grep -am1 '\] WARNING: CPU: ' <<<"$shown" | callers)
[[ -n $header ]] || fail "no caller's report is shown: $shown"
report=$(sed -n "/\[ *$header\] -*\[ cut here/,\$p" <<<"$shown")
[[ $(callers <<<"$report" | sort -u) == "$header" ]] || fail "the report of $header has another's lines: $shown"
[[ $(grep -a 'cut here' -A 1000 "$dir/idle/cases/caller-ids/console.log" | callers | sort -u | wc -l) -ge 3 ]] ||
	fail "no processor cut another's report"

busy_loops 3000
all_pass busy "the consoles on a busy host"
loop_times >"$dir/times" || fail "the cores were not kept busy to the end"
stop_loops
awk '$1 < 0.2 { exit 1 }' "$dir/times" || fail "a loop hardly ran: $(paste -sd ' ' "$dir/times") s"
judge_again busy
