#!/usr/bin/env bash
# labels: cli
# timeout: 180
# What `bootcheck build` prints, exits with, and leaves when it is interrupted.
set -euo pipefail
dir=$(mktemp -d)
pid=
trap '[[ -z $pid ]] || kill -9 $pid 2>/dev/null; chmod -R u+w "$dir"; rm -rf "$dir"' EXIT
fail() { echo "FAIL: $*"; cat "$dir/out" "$dir/err"; exit 1; }
export XDG_CACHE_HOME=$dir/cache
cd "$dir"
mkdir tree
echo hello >tree/motd
# a_case NAME ARTIFACT
a_case() {
	cat >"$1.yaml" <<END
bootcheck: 1
name: $1
machine: {arch: arm, model: virt}
artifacts:
  rootfs: {$2}
boot: {kernel: tree/motd, initrd: '\${rootfs}'}
console:
  - expect: Linux
END
}
build() {
	local want=$1 rc=0
	shift
	"$BOOTCHECK" build "$@" >out 2>err || rc=$?
	[[ $rc == "$want" ]] || fail "exit $rc instead of $want: build $*"
}

a_case good "initramfs: {from: tree, init: 'exec sh'}"
build 0 -n good.yaml
grep -q '  miss     rootfs: initramfs' out || fail "-n: no miss"
[[ -z $(ls -A cache/bootcheck/store) ]] || fail "-n built"
build 0 good.yaml
grep -q '  built    rootfs: initramfs' out || fail "not built"
path=$(grep -o '/.*initramfs\.cpio' out)
for name in init motd TRAILER; do
	grep -aq "$name" "$path" || fail "no $name in the initramfs"
done
build 0 good.yaml
grep -q '  hit      rootfs: initramfs' out || fail "no hit"
echo other >tree/motd
build 0 --explain good.yaml
grep -q 'why: input from\[0\] changed: path tree ' out || fail "no reason"
# Two cases with one artifact: what changed is told of either alone, though it was built for the first.
sed 's/name: good/name: second/' good.yaml >second.yaml
echo both >tree/motd
build 0 good.yaml second.yaml
grep -q '^built 1 artifact' err || fail "equal artifacts of two cases are not one"
echo third >tree/motd
"$BOOTCHECK" plan second.yaml >out
grep -A1 'miss .*rootfs' out | grep -q 'input from\[0\] changed: path tree ' || fail "the second of two does not know why"
build 0 good.yaml
build 0 --json good.yaml
grep -q '"state": "hit"' out || fail "no JSON"

a_case wrong "initramfs: {from: no-such-folder}"
build 2 wrong.yaml
grep -q 'wrong.yaml:5:.*no-such-folder' err || fail "no place"
a_case gone "url: 'file://$dir/gone', sha256: $(printf '%064d' 0)"
build 3 gone.yaml
grep -q "error: gone.yaml:5: url file://$dir/gone: cannot fetch file://$dir/gone" out || fail "no error"
build 2 --refresh --offline good.yaml
build 2 -j none good.yaml

# Interrupted while it waits for a file that never comes: a FIFO that nobody writes.
mkfifo "$dir/fifo"
a_case slow "url: 'file://$dir/fifo', sha256: $(printf '%064d' 0)"
"$BOOTCHECK" build slow.yaml >out 2>err &
pid=$!
exec 3>"$dir/fifo" # returns when the build has opened it to read
kill -INT $pid
exec 3>&-
rc=0
wait $pid || rc=$?
pid=
[[ $rc == 130 ]] || fail "interrupted: exit $rc"
[[ -z $(find cache/bootcheck/tmp -mindepth 1 ! -name .lock) ]] || fail "something is left in tmp"
