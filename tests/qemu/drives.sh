#!/usr/bin/env bash
# labels: qemu
# timeout: 120
# A real QEMU opens a drive's artifact for reading only, whatever the guest does to the drive.
set -euo pipefail
command -v qemu-system-arm >/dev/null || { echo "qemu-system-arm is not installed"; exit 77; }
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
export XDG_CACHE_HOME=$dir/cache
cd "$dir"
fail() { echo "FAIL: $*"; cat out 2>/dev/null; exit 1; }
truncate -s 4M card.img
cat >drives.yaml <<'END'
bootcheck: 1
name: drives
machine: {arch: arm, model: vexpress-a9, memory: 64M}
boot: {sd: ./card.img}
console: [{wait: 20s}]
END
"$BOOTCHECK" run -o run drives.yaml >out 2>&1 </dev/null &
pid=$!
# The spawn is in the journal before QEMU has opened its drives.
mode=
for _ in $(seq 1500); do
	qemu=$(sed -n 's/.*"kind":"spawn".*"pid":\([0-9]*\).*/\1/p' run/events.jsonl 2>/dev/null) || :
	for fd in ${qemu:+/proc/$qemu/fd/*}; do
		[[ $(readlink "$fd" 2>/dev/null) == "$dir/card.img" ]] || continue
		mode=$(sed -n 's/^flags:\s*//p' "${fd/\/fd\//\/fdinfo\/}")
	done
	[[ -z $mode ]] || break
	read -rt 0.01 <> <(:) || :
done
kill -INT $pid
wait $pid || :
[[ -n $mode ]] || fail "QEMU did not open the card"
((($mode & 3) == 0)) || fail "QEMU may write to the artifact: flags $mode"
cmp -s card.img <(head -c 4194304 /dev/zero) || fail "the artifact changed"
echo ok
