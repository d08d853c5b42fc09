#!/usr/bin/env bash
# labels: cli;fake
# `bootcheck machines` says what the emulators say, once, and names what is missing.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
fail() { echo "FAIL: $*"; [[ ! -s $dir/err ]] || cat "$dir/err"; exit 1; }
mkdir -p "$dir/bin" "$dir/empty"
export PATH=$dir/bin XDG_CACHE_HOME=$dir/cache NO_COLOR=1 FAKE_QEMU_MACHINES=$dir/machines FAKE_QEMU_CPUS=$dir/cpus
rm=/usr/bin/rm cp=/usr/bin/cp grep=/usr/bin/grep cat=/usr/bin/cat
trap '$rm -rf "$dir"' EXIT
$cat >"$dir/machines" <<'END'
Supported machines are:
vexpress-a9          ARM Versatile Express for Cortex-A9
virt                 QEMU 7.2 ARM Virtual Machine (alias of virt-7.2)
virt-7.2             QEMU 7.2 ARM Virtual Machine (default)
old                  An old one (deprecated)
END
printf 'Available CPUs:\n  cortex-a9\n  max\n' >"$dir/cpus"
bc() { rc=0; "$BOOTCHECK" machines "$@" >"$dir/out" 2>"$dir/err" || rc=$?; }

bc
[[ $rc == 3 ]] && $grep -q 'apt-get install qemu-system-' "$dir/err" || fail "nothing installed: $rc"

$cp "$BINARY_DIR/tests/fake_qemu" "$dir/bin/qemu-system-arm"
$cp "$BINARY_DIR/tests/fake_qemu" "$dir/bin/qemu-system-aarch64"
bc
[[ $rc == 0 ]] || fail "list: $rc"
$grep -q '^qemu-system-arm 7.2.0 (fake)  '"$dir/bin/qemu-system-arm" "$dir/out" || fail "heading"
$grep -q '^qemu-system-aarch64 ' "$dir/out" || fail "the other emulator"
$grep -qx '  vexpress-a9          ARM Versatile Express for Cortex-A9' "$dir/out" || fail "machine"
$grep -qx '  virt                 QEMU 7.2 ARM Virtual Machine (alias of virt-7.2)' "$dir/out" || fail "alias"
$grep -qx '  virt-7.2             QEMU 7.2 ARM Virtual Machine (default)' "$dir/out" || fail "default"
$grep -qx '  old                  An old one (deprecated)' "$dir/out" || fail "deprecated"
! $grep -q cortex "$dir/out" || fail "processors without --cpus"

# Warm: the emulators' answers have changed, the emulators have not, so nothing was asked.
echo 'gone  x' >"$dir/machines"
bc arm --filter 'v*'
[[ $rc == 0 ]] && $grep -q '^  virt ' "$dir/out" && ! $grep -q '^  old' "$dir/out" || fail "filter, warm"
! $grep -q aarch64 "$dir/out" || fail "ARCH"
# A new emulator is asked again.
$cp "$BINARY_DIR/tests/fake_qemu" "$dir/bin/new" && /usr/bin/mv "$dir/bin/new" "$dir/bin/qemu-system-arm"
bc qemu-system-arm --cpus --json
[[ $rc == 0 ]] || fail "json: $rc"
$grep -q '"name": "gone"' "$dir/out" && $grep -q '"name": "cortex-a9"' "$dir/out" || fail "json"

bc amr
[[ $rc == 2 ]] && $grep -q "did you mean 'arm'?" "$dir/err" || fail "a mistyped ARCH: $rc"
bc mips
[[ $rc == 3 ]] && $grep -q 'apt-get install qemu-system-mips' "$dir/err" || fail "one that is not installed: $rc"
bc arm --filter nope
[[ $rc == 2 ]] && $grep -q "nothing fits 'nope'" "$dir/err" || fail "a filter that fits nothing: $rc"
bc --no-such-option
[[ $rc == 2 ]] || fail "an unknown option: $rc"

# A broken emulator is named and does not hide the others.
printf '#!/bin/sh\necho "cannot open shared object file" >&2\nexit 127\n' >"$dir/bin/qemu-system-ppc"
/usr/bin/chmod +x "$dir/bin/qemu-system-ppc"
bc
[[ $rc == 0 ]] && $grep -q 'cannot open shared object file' "$dir/err" && $grep -q '^  gone' "$dir/out" ||
	fail "a broken one: $rc"
bc ppc
[[ $rc == 3 ]] || fail "only a broken one: $rc"
