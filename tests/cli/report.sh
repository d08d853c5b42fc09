#!/usr/bin/env bash
# labels: cli;unit
# `bootcheck report`: every report from the handmade journal, and what bad input gets.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fixtures=$SOURCE_DIR/fixtures/report

fail() { echo "FAILED: $*" >&2; exit 1; }

# Runs the command, expects its exit code; output in $work/out and $work/err.
expect() {
	local want=$1 got=0
	shift
	"$BOOTCHECK" "$@" >"$work/out" 2>"$work/err" || got=$?
	[ "$got" = "$want" ] || fail "$* gave $got, not $want: $(cat "$work/out" "$work/err")"
}

golden() { sed "s|$SOURCE_DIR|@SOURCE@|g" "$work/out" | diff "$fixtures/$1" - || fail "$1 differs"; }

unset GITHUB_ACTIONS GITHUB_STEP_SUMMARY
cp -r "$fixtures/all" "$work/run"
cd "$work"

expect 1 report "$fixtures/all"
golden all.summary.txt
expect 1 report "$fixtures/all" --tap
golden all.tap
expect 1 report "$fixtures/all" --json
golden all.results.json
expect 1 report "$fixtures/all" --junit - --base "$fixtures/all"
golden all.junit.xml

# Files are written whole, into folders that are made.
expect 1 report "$work/run" --junit "$work/new/junit.xml" --write
[ ! -s "$work/out" ] || fail "--write printed something"
grep -q 'ATTACHMENT|../run/cases/arm-vexpress-a9/console.log' "$work/new/junit.xml" || fail "attachments"
diff "$fixtures/all.junit.xml" "$work/run/junit.xml" || fail "--write: junit.xml"
diff "$fixtures/all.results.json" "$work/run/results.json" || fail "--write: results.json"
grep -q '</html>' "$work/run/index.html" || fail "--write: index.html"
if command -v xmllint >/dev/null; then
	xmllint --noout --schema "$SOURCE_DIR/fixtures/junit/junit.xsd" "$work/new/junit.xml" 2>"$work/lint" ||
		fail "$(cat "$work/lint")"
fi

# The link to the newest run is the default, and the printed paths name the run.
mkdir "$work/reports"
mv "$work/run" "$work/reports/20261122"
ln -s 20261122 "$work/reports/latest"
(cd "$work" && "$BOOTCHECK" report) >"$work/out" || [ $? = 1 ]
grep -q '^ *reports/20261122/cases/arm-virt-no-root/console.log:312$' "$work/out" || fail "latest"

# GitHub: annotations, the Markdown beside, and nothing of the guest's is a command.
expect 1 report "$fixtures/all" --github
cat "$fixtures/all.github.txt" "$fixtures/all.github.md" | diff - "$work/out" || fail "--github"
GITHUB_STEP_SUMMARY=$work/summary expect 1 report "$fixtures/all" --github
golden all.github.txt
diff "$fixtures/all.github.md" "$work/summary" || fail "GITHUB_STEP_SUMMARY"
GITHUB_ACTIONS=true expect 1 report "$fixtures/all"
awk 'NR == 1 { if (!/^::stop-commands::[0-9a-f]+$/) exit 1; word = substr($0, 18) }
	{ last = $0; line[$0]++ }
	END { if (last != "::" word "::" || line[last] != 1) exit 1 }' "$work/out" || fail "stop-commands"

# What is no run.
expect 2 report "$work/nothing"
grep -q 'there is no run in .*nothing' "$work/err" || fail "no folder"
printf '{"kind":"run-start"}\nrubbish\n{}\n' >"$work/events.jsonl"
expect 3 report "$work"
grep -q 'events.jsonl:2:' "$work/err" || fail "the line of rubbish: $(cat "$work/err")"
printf '{"kind":"run-start","cases":[{"id":"a"}]}\n{"kind":"case-en' >"$work/events.jsonl"
expect 3 report "$work" --tap
grep -q '^not ok 1 - a$' "$work/out" || fail "torn journal"

# Usage.
expect 2 report --no-such-option
expect 2 report --tap --json
expect 2 report --base /
expect 2 report a b
expect 0 report --help
grep -q 'bootcheck report --junit' "$work/out" || fail "examples"
echo "report: all as expected"
