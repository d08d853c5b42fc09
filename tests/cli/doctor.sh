#!/usr/bin/env bash
# labels: cli;fake
# `bootcheck doctor` names what these cases lack and the command that installs it; lint warns of a machine
# that the emulator here does not have.
set -euo pipefail
dir=$(mktemp -d)
fail() { echo "FAIL: $*"; cat "$dir/out" "$dir/err"; exit 1; }
trap 'rm -rf "$dir"' EXIT
mkdir -p "$dir/bin" "$dir/cases" "$dir/work"
cp "$BINARY_DIR/tests/fake_qemu" "$dir/bin/qemu-system-arm"
export XDG_CACHE_HOME=$dir/cache NO_COLOR=1
cd "$dir/work"
bc() { rc=0; PATH=$dir/bin "$BOOTCHECK" "$@" >"$dir/out" 2>"$dir/err" || rc=$?; }

make() { # NAME ARCH MODEL [CPU] [MEMORY]
	cat >"$dir/cases/$1.yaml" <<END
bootcheck: 1
name: $1
summary: A case for the doctor
machine: {arch: $2, model: '$3', memory: ${5:-64M}${4:+, cpu: $4}}
artifacts:
  kernel: {file: {name: kernel, content: x}}
boot: {kernel: '\${kernel}'}
console:
  - expect: hello
END
}
make good arm vexpress-a9 cortex-a9
make virt arm virt-7.2,highmem=off
bc doctor "$dir/cases"
[[ $rc == 0 ]] || fail "all is there: $rc"
grep -q '^✓ qemu-system-arm  *7.2.0 (2 cases)' "$dir/out" || fail "the emulator"
! grep -q apt "$dir/out" || fail "apt although no case needs it"

make other ppc64 pseries
make third s390x s390-ccw-virtio
bc doctor "$dir/cases"
[[ $rc == 3 ]] || fail "missing emulators: $rc"
grep -q '^✗ qemu-system-ppc64  *not installed, package qemu-system-ppc (1 case)' "$dir/out" || fail "ppc64"
[[ $(grep -c 'apt-get install' "$dir/out") == 1 ]] || fail "one command"
grep -Eq '^  (sudo )?apt-get install --no-install-recommends qemu-system-ppc qemu-system-misc$' "$dir/out" ||
	fail "the command"
bc doctor --json "$dir/cases"
[[ $rc == 3 ]] && grep -q '"ok": false' "$dir/out" && grep -q '"install": ".*qemu-system-ppc' "$dir/out" || fail "json"
bc doctor --filter good "$dir/cases"
[[ $rc == 0 ]] || fail "only what the selected cases need: $rc"
rm "$dir/cases/other.yaml" "$dir/cases/third.yaml"

make wrong arm vexpres-a9
make cpu arm virt cortex-a99
bc doctor "$dir/cases"
[[ $rc == 3 ]] && grep -q "^✗ wrong .*has no machine 'vexpres-a9'; did you mean 'vexpress-a9'" "$dir/out" || fail "machine"
grep -q "^✗ cpu .*has no CPU 'cortex-a99'; did you mean" "$dir/out" || fail "CPU"
bc lint "$dir/cases"
[[ $rc == 0 ]] && grep -q "wrong.yaml:4:.*warning: .*vexpres-a9.*\[unknown-machine\]" "$dir/out" || fail "lint: $rc"
grep -q "cpu.yaml:4:.*\[unknown-cpu\]" "$dir/out" || fail "lint: CPU"
rm "$dir/cases/wrong.yaml" "$dir/cases/cpu.yaml"

make huge arm virt '' 1T
bc doctor --filter huge "$dir/cases"
[[ $rc == 3 ]] && grep -q '^✗ memory .*the largest guest has 1 TiB' "$dir/out" || fail "memory: $rc"
rm "$dir/cases/huge.yaml"

if ((EUID != 0)); then
	chmod 555 "$dir/work"
	bc doctor "$dir/cases"
	chmod 755 "$dir/work"
	[[ $rc == 3 ]] && grep -q '^✗ reports .*cannot be written' "$dir/out" || fail "reports: $rc"
fi
echo 'machnie: {}' >>"$dir/cases/good.yaml"
bc doctor "$dir/cases"
[[ $rc == 2 ]] && grep -q 'machnie' "$dir/err" || fail "a case with an error: $rc"

# A run says the same, as an ERROR of that case: it was not booted, so it did not fail.
rm "$dir"/cases/*
make wrong arm vexpres-a9
bc run --output "$dir/run" "$dir/cases"
[[ $rc == 3 ]] && grep -q "did you mean 'vexpress-a9'" "$dir/out" "$dir/err" || fail "run: $rc"
grep -q '<error' "$dir/run/junit.xml" || fail "run: no <error> in JUnit"
