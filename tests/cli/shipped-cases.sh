#!/usr/bin/env bash
# labels: cli
# The shipped cases are free of findings, and cover the machines and failures that they are there for.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
fail() {
	echo "FAIL: $*"
	exit 1
}
cd "$SOURCE_DIR"

"$BOOTCHECK" lint cases >"$dir/out" 2>&1 || { cat "$dir/out"; fail "lint"; }
grep -q 'no findings$' "$dir/out" || { cat "$dir/out"; fail "lint has something to say"; }

# Warnings count: one planted in a copy must show.
cp -r cases fixtures "$dir/"
sed -i 's/^vars: .*/vars: {tty: ttyS9, unheard-of: 1}/' "$dir/cases/quick/fail-wrong-console.yaml"
"$BOOTCHECK" lint "$dir/cases" >"$dir/out" 2>&1 || true
grep -q 'unheard-of' "$dir/out" || fail "a planted finding is not found"

"$BOOTCHECK" list cases/quick >"$dir/list"
for machine in arm/vexpress-a9 arm/virt aarch64/virt x86_64/pc x86_64/q35 ppc64/pseries mipsel/malta; do
	grep -v '^fail-' "$dir/list" | grep -q " $machine" || fail "no good boot of $machine"
done
for name in no-root no-init init-not-executable init-exits wrong-board no-prompt; do
	grep -q "^fail-$name " "$dir/list" || fail "no case fail-$name"
	grep -q '^outcome:' "cases/quick/fail-$name.yaml" || fail "fail-$name must fail, but does not say so"
	grep -q '^  title: ' "cases/quick/fail-$name.yaml" || fail "fail-$name would take any failure"
done
