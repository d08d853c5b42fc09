#!/usr/bin/env bash
# labels: qemu;source
# timeout: 4200
# serial: true
# The walk: kernels, BusyBox and U-Boot from source, cards and an initramfs, booted; then again, when nothing is to
# be built; then with one byte changed.
set -euo pipefail
. "$SOURCE_DIR/tests/qemu/lib.bash"
cd "$SOURCE_DIR"
command -v xmllint >/dev/null || fail "xmllint is missing: apt-get install libxml2-utils"

try "$BOOTCHECK" run --label '!slow' --label '!network' cases/vexpress-a9 --output "$dir/first"
cat "$dir/out"
want_rc 0 "the walk"
valid_junit "$dir/first"
no_emulators "$dir/first"
cases=$("$BOOTCHECK" list --label '!slow' --label '!network' cases/vexpress-a9 --json | grep -c '"id"')
tests=$(xmllint --xpath 'count(//testcase)' "$dir/first/junit.xml")
[[ $cases -ge 17 && $tests == "$cases" ]] || fail "$tests test cases in junit.xml, $cases listed"
[[ $(xmllint --xpath 'count(//failure|//error|//skipped)' "$dir/first/junit.xml") == 0 ]] || fail "not all passed"

# Everything is there now.
try "$BOOTCHECK" run cases/vexpress-a9/sd-ext3.yaml --output "$dir/again"
want_rc 0 "the second run"
grep -q 'nothing to build: 3 artifacts from the store' "$dir/out" || { cat "$dir/out"; fail "something was built"; }

try "$BOOTCHECK" build --label '!slow' --label '!network' cases/vexpress-a9
grep -Eq '^nothing to build: [0-9]+ artifacts from the store, 1 failed$' "$dir/out" ||
	{ cat "$dir/out"; fail "the walk is built again, or it is not said that it is not"; }

# A line of the root file system, one that no store has seen: the card alone.
mkdir "$dir/tree"
cp -r cases fixtures "$dir/tree"
echo "# $(date +%s.%N)" >>"$dir/tree/fixtures/rootfs/etc/profile"
(cd "$dir/tree" && "$BOOTCHECK" build cases/vexpress-a9/sd-ext3.yaml >"$dir/out" 2>"$dir/log") || fail "the changed card"
grep -q '^built 1 artifact in .*, 2 from the store' "$dir/log" || { cat "$dir/log"; fail "more than the card was built"; }
grep -A2 'built *card' "$dir/out" | grep -q 'why: .*fixtures/rootfs' || { cat "$dir/out"; fail "it is not said why"; }

# The image is one that others accept.
image=$("$BOOTCHECK" build cases/vexpress-a9/sd-ext3.yaml --json | sed -n 's/.*"path": "\(.*image\.ext3\)".*/\1/p' | head -n 1)
if command -v e2fsck >/dev/null; then
	e2fsck -fn "$image" >"$dir/out" 2>&1 || { cat "$dir/out"; fail "e2fsck"; }
fi

# The kernel is the same, byte for byte, when it is built from the same input in another place. What the other place
# holds stays there, as the first does.
zImage() {
	"$BOOTCHECK" build cases/vexpress-a9/vfs-panic.yaml --json 2>"$dir/log" |
		awk '/"artifact": "kernel"/ { on = 1 } on && /"path":/ { gsub(/[",]/, "", $2); print $2 "/zImage"; exit }'
}
first=$(zImage)
second=$(XDG_CACHE_HOME=${XDG_CACHE_HOME:-$HOME/.cache}/bootcheck-second zImage)
[[ -s $first && -s $second && $first != "$second" ]] || { cat "$dir/log"; fail "no two kernels: '$first', '$second'"; }
cmp "$first" "$second" || fail "another zImage from the same input"
