#!/usr/bin/env bash
# labels: qemu
# timeout: 600
# `git bisect run bootcheck run --bisect` finds the commit that broke an initramfs, past one that
# cannot be tested.
set -euo pipefail
. "$SOURCE_DIR/tests/qemu/lib.bash"
command -v git >/dev/null || fail "git is missing"
repo=$dir/repo
mkdir -p "$repo/root"
export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_SYSTEM=/dev/null
git -C "$repo" init -q
git -C "$repo" config user.name tester
git -C "$repo" config user.email tester@localhost
commit() {
	git -C "$repo" add -A
	git -C "$repo" commit -qm "$1"
	git -C "$repo" rev-parse HEAD
}

cat >"$dir/initramfs.yaml" <<END
bootcheck: 1
name: initramfs
summary: The repository's root folder boots to a shell
use: [$SOURCE_DIR/cases/parts/aarch64-virt.yaml, $SOURCE_DIR/cases/parts/initramfs.yaml]
artifacts:
  initramfs: {initramfs: {files: null, from: ['\${busybox}', {path: $repo/root}]}}
console:
  - expect: {prompt: shell}
  - run: cat /etc/motd
    output: '^version \d+$'
END

cp "$SOURCE_DIR/fixtures/init/init" "$repo/root/init"
mkdir "$repo/root/etc"
for n in 1 2 3; do
	echo "version $n" >"$repo/root/etc/motd"
	good=$(commit "version $n")
	[[ -n ${first-} ]] || first=$good
done
# Nothing to build from: neither good nor bad.
git -C "$repo" mv root elsewhere
untestable=$(commit "move the root folder away")
git -C "$repo" mv elsewhere root
echo "version 4" >"$repo/root/etc/motd"
before=$(commit "version 4, and the root folder is back")
sed -i 's/^exec setsid cttyhack sh$/setsid cttyhack true/' "$repo/root/init"
bad=$(commit "init: do not leave a shell open")
for n in 5 6; do
	echo "version $n" >"$repo/root/etc/motd"
	last=$(commit "version $n")
done

# The three answers, one by one.
check() {
	git -C "$repo" checkout -q "$1"
	try "$BOOTCHECK" run --bisect "$dir/initramfs.yaml" --output "$dir/run-$1"
	want_rc "$2" "$3"
}
check "$before" 0 "the commit before the bad one"
check "$bad" 1 "the bad commit"
grep -q 'Attempted to kill init' "$dir/out" || { cat "$dir/out"; fail "the cause is not named"; }
check "$untestable" 125 "the commit that cannot be built"

git -C "$repo" bisect start "$last" "$first" >"$dir/out"
(cd "$repo" && git bisect run "$BOOTCHECK" run --bisect "$dir/initramfs.yaml" --output "$dir/bisect") >"$dir/out" 2>&1 ||
	{ cat "$dir/out"; fail "git bisect run"; }
grep -q "^$bad is the first bad commit" "$dir/out" || { cat "$dir/out"; fail "not the planted commit"; }
