#!/usr/bin/env bash
# labels: cli
# `bootcheck explain` knows every name that reports and findings use.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
fail() { echo "FAIL: $*"; cat "$dir/out" "$dir/err"; exit 1; }
export NO_COLOR=1
bc() { rc=0; "$BOOTCHECK" explain "$@" >"$dir/out" 2>"$dir/err" || rc=$?; }

bc
[[ $rc == 0 ]] || fail "list: $rc"
grep -q '^  vfs-root ' "$dir/out" && grep -q '^  unknown-key ' "$dir/out" && grep -q '^  hang-idle ' "$dir/out" ||
	fail "the list lacks a detector, a check or a kind"

bc vfs-root
[[ $rc == 0 ]] && grep -q '^vfs-root: detector of the group panic; fatal; kind panic$' "$dir/out" &&
	grep -q 'example   Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0)' "$dir/out" ||
	fail "a detector"
[[ $(awk '!/^  (example|unlike)/ && length > 80' "$dir/out") == "" ]] || fail "lines too long"
bc unknown-key
[[ $rc == 0 ]] && grep -q '^unknown-key: check of `lint`, an error$' "$dir/out" || fail "a check"
bc timeout
[[ $rc == 0 ]] && grep -q '^timeout: kind of failure$' "$dir/out" || fail "a kind"
bc lock
[[ $rc == 0 && $(grep -c '^[a-z-]*: detector of the group lock' "$dir/out") -ge 10 ]] || fail "a group"

bc vfs-rot
[[ $rc == 2 ]] && grep -q "did you mean 'vfs-root'" "$dir/err" || fail "unknown: $rc"
bc --json vfs-rot
[[ $rc == 2 && ! -s $dir/out ]] || fail "unknown as JSON: $rc"

# Every kind and verdict that a report can hold is explained.
for name in pass fail known skip error panic splat rejected missing command timeout hang-idle hang-spin reset-loop \
	exited slow loader silent-kernel; do
	bc "$name"
	[[ $rc == 0 ]] || fail "$name: $rc"
done

# Every id in the JSON can be asked for.
bc --json
[[ $rc == 0 ]] || fail "JSON: $rc"
sed -n 's/^ *"id": "\(.*\)",$/\1/p' "$dir/out" >"$dir/ids"
[[ $(wc -l <"$dir/ids") -gt 80 ]] || fail "too few ids in the JSON"
while read -r id; do
	bc "$id"
	[[ $rc == 0 ]] && grep -q "^$id: " "$dir/out" || fail "$id: $rc"
done <"$dir/ids"
echo ok
