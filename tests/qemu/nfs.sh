#!/usr/bin/env bash
# labels: qemu;source
# timeout: 4200
# serial: true
# An NFS server in front of U-Boot and Linux: every case of cases/nfs but the slow one, the server's log, no packet lost,
# and a host that allows no namespaces.
set -euo pipefail
. "$SOURCE_DIR/tests/qemu/lib.bash"
cd "$SOURCE_DIR"
command -v xmllint >/dev/null || fail "xmllint is missing: apt-get install libxml2-utils"
if ! unshare --net true 2>/dev/null && ! unshare --user --net true 2>/dev/null; then
	echo "SKIP: no network namespaces here"
	exit 77
fi

try "$BOOTCHECK" run --label '!slow' cases/nfs --output "$dir/run"
cat "$dir/out"
want_rc 0 "cases/nfs"
valid_junit "$dir/run"
no_emulators "$dir/run"
[[ $(xmllint --xpath 'count(//testcase)' "$dir/run/junit.xml") -ge 6 ]] || fail "cases are missing"
[[ $(xmllint --xpath 'count(//failure|//error|//skipped)' "$dir/run/junit.xml") == 0 ]] || fail "not all passed"

log() { cat "$dir/run/cases/$1/nfs.log"; }
[[ $(log nfs-u-boot-root | tr '\n' ' ') == 'mount /boot: granted mount /boot: granted mount /: granted ' ]] || fail "who mounted"
log fail-nfs-no-file | grep -qx 'lookup zImage: there is no such file' || fail "what was not there"
log fail-nfs-no-export | grep -qx 'mount /srv: refused, there is no such folder' || fail "what was refused"
for name in nfs-root nfs-u-boot-root; do
	! grep -q 'Failed to send packet' "$dir/run/cases/$name/qemu.log" || fail "$name: the card lost packets"
done

# Where no namespace can be made, the case is skipped and says why.
cat >"$dir/closed" <<'END2'
echo 0 >/proc/sys/user/max_net_namespaces && exec "$@"
END2
if unshare --user --map-root-user sh "$dir/closed" true 2>/dev/null; then
	try unshare --user --map-root-user sh "$dir/closed" "$BOOTCHECK" run cases/nfs/fail-no-file.yaml --output "$dir/closed-run"
	want_rc 3 "a host without namespaces: nothing is decided"
	xmllint --xpath 'string(//skipped/@message)' "$dir/closed-run/junit.xml" | grep -q 'network namespace' ||
		{ cat "$dir/closed-run/junit.xml"; fail "it is not said why the case is skipped"; }
fi
