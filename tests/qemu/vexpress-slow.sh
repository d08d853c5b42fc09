#!/usr/bin/env bash
# labels: qemu;source;slow
# timeout: 5000
# serial: true
# The kernel's own vexpress_defconfig, a quarter of an hour on two processors when it is not in the store; and the
# cases that need hosts which may not be there: they pass, or they are skipped with the reason.
set -euo pipefail
. "$SOURCE_DIR/tests/qemu/lib.bash"
cd "$SOURCE_DIR"

try "$BOOTCHECK" run cases/vexpress-a9/vfs-panic-defconfig.yaml cases/vexpress-a9/upstream-*.yaml --output "$dir/run"
cat "$dir/out"
want_rc 0 "the slow cases"
valid_junit "$dir/run"
[[ $(xmllint --xpath 'count(//failure|//error)' "$dir/run/junit.xml") == 0 ]] || fail "not all passed"
grep -Eq '^PASS .* vfs-panic-defconfig$' "$dir/out" || fail "the defconfig was not booted"
if [[ $(xmllint --xpath 'count(//skipped)' "$dir/run/junit.xml") != 0 ]]; then
	grep '<skipped' "$dir/run/junit.xml" | grep -q 'https://' || fail "a skip without its address"
fi

# The makers' addresses, answered by a server on loopback that has one of the three tarballs.
command -v busybox >/dev/null || fail "busybox is missing: apt-get install busybox"
tarball=$("$BOOTCHECK" build cases/vexpress-a9/sd-ext3.yaml --json 2>/dev/null |
	sed -n 's/.*"path": "\(.*busybox_1\.35\.0\.orig\.tar\.bz2\)".*/\1/p' | head -n 1)
[[ -s $tarball ]] || fail "no tarball of BusyBox"
mkdir -p "$dir/www/downloads" "$dir/cases"
cp "$tarball" "$dir/www/downloads/busybox-1.35.0.tar.bz2"
for ((try = 0; try < 20; try++)); do
	port=$((20000 + RANDOM % 20000))
	busybox httpd -f -p 127.0.0.1:$port -h "$dir/www" 2>/dev/null &
	child=$!
	for ((n = 0; n < 50; n++)); do
		(: <>/dev/tcp/127.0.0.1/$port) 2>/dev/null && break 2
		kill -0 $child 2>/dev/null || break
		sleep 0.05
	done
done
export BOOTCHECK_MIRRORS=
for host in busybox.net cdn.kernel.org ftp.denx.de; do
	BOOTCHECK_MIRRORS+=" https://$host/=http://127.0.0.1:$port/"
done
cat >"$dir/cases/tarball.yaml" <<END
bootcheck: 1
name: tarball
machine: {arch: arm, model: vexpress-a9}
artifacts:
  kernel:
    $(sed -n '/url: .*busybox/s/^ *//p' cases/vexpress-a9/upstream-versions.yaml)
    $(sed -n '/sha256: faeeb/s/^ *//p' cases/vexpress-a9/upstream-versions.yaml)
boot: {kernel: '\${kernel}'}
console: [{expect: Linux}]
END
try "$BOOTCHECK" build "$dir/cases/tarball.yaml"
want_rc 0 "BusyBox from the address of its makers"
grep -Eq '(built|hit) +kernel: url https://busybox.net/' "$dir/out" || { cat "$dir/out"; fail "not from the address"; }
# A server that is there and does not have the file is an error; one that is not there is a reason to skip.
sed -i '/^name: /s/tarball/refused/; s,^machine: ,needs: [network]\n&,; s,https://busybox.net/downloads/busybox,http://127.0.0.1:'$port'/none,' "$dir/cases/tarball.yaml"
sed 's/^name: .*/name: silent/; s,127.0.0.1:'$port',127.0.0.1:1,; s/sha256: f/sha256: e/' "$dir/cases/tarball.yaml" >"$dir/cases/silent.yaml"
try env XDG_CACHE_HOME="$dir/empty" "$BOOTCHECK" run "$dir/cases" --output "$dir/refused"
want_rc 3 "a case whose source is not on the server"
grep '<error' "$dir/refused/junit.xml" | grep -q 'none-1.35.0.tar.bz2.*404' || { cat "$dir/out"; fail "no error with its reason"; }
grep '<skipped' "$dir/refused/junit.xml" | grep -q '127.0.0.1:1/' || { cat "$dir/out"; fail "no skip with its reason"; }
kill $child
wait $child 2>/dev/null || true
child=
