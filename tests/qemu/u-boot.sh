#!/usr/bin/env bash
# labels: qemu;source
# timeout: 4200
# serial: true
# U-Boot in front of Linux: every case of cases/u-boot, those that must fail included.
set -euo pipefail
. "$SOURCE_DIR/tests/qemu/lib.bash"
cd "$SOURCE_DIR"
command -v xmllint >/dev/null || fail "xmllint is missing: apt-get install libxml2-utils"

try "$BOOTCHECK" run --label '!slow' --label '!network' cases/u-boot --output "$dir/run"
cat "$dir/out"
want_rc 0 "cases/u-boot"
valid_junit "$dir/run"
no_emulators "$dir/run"
cases=$("$BOOTCHECK" list --label '!slow' --label '!network' cases/u-boot --json | grep -c '"id"')
tests=$(xmllint --xpath 'count(//testcase)' "$dir/run/junit.xml")
[[ $cases -ge 7 && $tests == "$cases" ]] || fail "$tests test cases in junit.xml, $cases listed"
[[ $(xmllint --xpath 'count(//failure|//error)' "$dir/run/junit.xml") == 0 ]] || fail "not all passed"

# What may be skipped: servers where the host allows no network namespace.
skipped=$(xmllint --xpath 'count(//skipped)' "$dir/run/junit.xml")
if ! unshare --net true 2>/dev/null && ! unshare --user --net true 2>/dev/null; then
	echo "no network namespaces here: $skipped cases skipped"
else
	[[ $skipped == 0 ]] || fail "$skipped cases were skipped"
	# What in.tftpd said is beside the console.
	grep -q 'RRQ from 127.0.0.1 filename uImage' "$dir/run/cases/tftp-server=tftpd/tftp.log" || fail "tftp.log"
fi

# The boots by hand: a terminal instead of bootcheck, with QEMU's own server and, as root, with in.tftpd.
# until TEXT: reads the console to it.
until_text() {
	local c text=
	while IFS= read -r -d '' -t 60 -n 1 c <&"${hand[0]}"; do
		text+=$c
		[[ $text != *"$1"* ]] || return 0
	done
	fail "qemu.sh: no '$1' in: $text"
}
by_hand() { # SCRIPT SERVERIP
	coproc hand { exec timeout -k 2 120 "$1" 2>&1; }
	child=$hand_PID
	until_text 'stop autoboot'
	printf ' ' >&"${hand[1]}"
	until_text '=> '
	printf 'setenv ipaddr 10.0.2.15; setenv netmask 255.255.255.0; setenv gatewayip 10.0.2.2; setenv serverip %s\n' "$2" >&"${hand[1]}"
	until_text '=> '
	printf 'tftp 0x62000000 uImage\n' >&"${hand[1]}"
	until_text 'Bytes transferred'
	printf '\001x' >&"${hand[1]}"
	wait "$child" || true
	child=
}
by_hand "$dir/run/cases/tftp-server=qemu/qemu.sh" 10.0.2.2
if ((EUID == 0 && skipped == 0)); then
	by_hand "$dir/run/cases/tftp-server=tftpd/qemu.sh" 127.0.0.1
fi
