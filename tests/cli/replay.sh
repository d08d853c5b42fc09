#!/usr/bin/env bash
# labels: cli
# A recorded console is judged as its boot was: output and status of commands, and failures' titles.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
fail() {
	echo "FAIL: $*"
	cat "$dir/out"
	exit 1
}
cd "$SOURCE_DIR"
logs=fixtures/consoles

# want RC TEXT ARGUMENT…
want() {
	local wanted=$1 text=$2 rc=0
	shift 2
	"$BOOTCHECK" replay "$@" >"$dir/out" 2>&1 || rc=$?
	[[ $rc == "$wanted" ]] || fail "$*: exit status $rc, not $wanted"
	grep -qF -- "$text" "$dir/out" || fail "$*: no \"$text\""
}

cat >"$dir/pc.yaml" <<'END'
bootcheck: 1
name: pc
machine: {arch: x86_64, model: pc}
console:
  - run: uname -m
    output: '^x86_64$'
  - run: cat /sys/class/dmi/id/product_name
    output: 'i440FX'
  - run: grep -c ^processor /proc/cpuinfo
    output: '^1$'
  - run: mount
    output: ['^proc on /proc type proc', '^devtmpfs on /dev']
  - run: 'false'
    status: 1
  - power: off
END
want 0 '1 passed' "$dir/pc.yaml" $logs/good-x86_64-pc.log
sed "s/'^1\$'/'^2\$'/" "$dir/pc.yaml" >"$dir/two.yaml"
want 1 '`grep -c ^processor /proc/cpuinfo` printed "1", which does not match "^2$"' \
	"$dir/two.yaml" $logs/good-x86_64-pc.log
sed 's/status: 1/status: 0/' "$dir/pc.yaml" >"$dir/status.yaml"
want 1 '`false` ended with status 1, not 0' "$dir/status.yaml" $logs/good-x86_64-pc.log

# The failures that the shipped cases expect, and one that is another than expected.
for name in fail-no-init fail-init-arch fail-init-fallback fail-wrong-console fail-crash; do
	want 0 '1 passed' cases/quick/$name.yaml $logs/$name.log
done
want 1 'expected panic "VFS: Unable' cases/quick/fail-no-init.yaml $logs/fail-crash.log

# Dialogs with a kernel that talks all the time, and with one that has a port of its own.
for name in login splices colours activate login-incorrect; do
	want 0 '1 passed' cases/console/$name.yaml fixtures/dialogs/$name.log
done
# With what was read of the kernel's ring buffer, and not without it where only that tells the two writers apart.
for name in caller-ids no-stamps quiet user-stamps; do
	want 0 '1 passed' cases/console/$name.yaml fixtures/dialogs/$name/console.log
done
cp fixtures/dialogs/no-stamps/console.log "$dir/"
want 1 '1 failed' cases/console/no-stamps.yaml "$dir/console.log"
want 1 'Login incorrect: user "root"' <(sed '/^outcome/d; s#\.\./parts#'"$PWD"'/cases/parts#' cases/console/login-incorrect.yaml) \
	fixtures/dialogs/login-incorrect.log
want 0 '1 passed' cases/console/two-ports.yaml fixtures/dialogs/two-ports/console.log
cp fixtures/dialogs/two-ports/console.log "$dir/"
want 2 'there is no '"$dir/uart0.log" cases/console/two-ports.yaml "$dir/console.log"

want 2 'a case and a log are wanted' "$dir/pc.yaml"
want 2 'one case and one log are wanted' "$dir/pc.yaml" $logs/good-x86_64-pc.log extra
