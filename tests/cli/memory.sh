#!/usr/bin/env bash
# labels: fake
# timeout: 120
# The memory map of a boot loader: lint knows addresses, plan and run also the sizes of what is served.
set -euo pipefail
. "$SOURCE_DIR/tests/cli/boot.bash"

# A uImage of 5,448,256 bytes to be moved to 0x60008000: the head, and zeros.
mkdir tftp
printf '\x27\x05\x19\x56\0\0\0\0\0\0\0\0\x00\x53\x22\x00\x60\x00\x80\x00\x60\x00\x80\x00\0\0\0\0\x05\x02\x02\x00' >tftp/uImage
truncate -s 5448256 tftp/uImage
printf '\xd0\x0d\xfe\xed' >tftp/board.dtb
truncate -s 14081 tftp/board.dtb

dialog() {
	printf 'console:\n'
	printf '  - {send: "%s"}\n' "tftp 0x60003000 uImage" "tftp $1 board.dtb" "bootm 0x60003000 - $1"
	printf '  - {expect: Starting kernel}\n'
}
machine() { sed -i 's/model: virt, memory: 16M/model: vexpress-a9, memory: 256M, net: {tftp: tftp}/' "cases/$1.yaml"; }

boot article <<'END_OF_SCRIPT'
echo on
write "U-Boot 2023.01\r\n=> "
expect "bootm"
write "   Verifying Checksum ... Bad Data CRC\r\nERROR: can't get kernel image!\r\nresetting ...\r\n"
event SHUTDOWN {"guest": true, "reason": "guest-reset"}
hang
END_OF_SCRIPT
case_ article "$(dialog 0x60500000)"
machine article
"$BOOTCHECK" lint cases/article.yaml >out 2>err || fail "lint"
has out 'no findings'
"$BOOTCHECK" plan cases/article.yaml >out 2>err || fail "plan"
has out 'Memory: 256 MiB of RAM, 0x60000000 to 0x70000000'
has out '0x60003000  0x60535240    5,448,256      5,230,592  the kernel uImage (step 1)'
has out '0x60008000  0x6053a200    5,448,192                 the kernel uImage, where it is moved to'
has out 'board.dtb (14,081 bytes, 0x60500000 to 0x60503701) is loaded over the kernel uImage'
has out 'load the device tree board.dtb to 0x61000000, there and in `bootm 0x60003000 - 0x60500000`'

# It is said before the boot, and again where the boot failed; the journal has it.
run 1 cases/article.yaml
note=$(grep -n 'NOTE.*bootm will end in `Bad Data CRC`; load the device tree board.dtb to 0x61000000' out | head -n 1)
[[ -n $note && ${note%%:*} -lt $(grep -n '^START' out | head -n 1 | cut -d: -f1) ]] || fail "no note before the boot"
has run/results.json 'said before the boot: the device tree board.dtb'
has run/junit.xml 'name="memory" value="the device tree board.dtb'
grep -q '"kind":"note".*load-overlap\|"kind":"note".*is loaded over' run/events.jsonl || fail "the journal has no note"

# A map in which all goes together says nothing, and the hint is the boot's own.
cp article.fake mended.fake
case_ mended "$(dialog 0x61000000)"
machine mended
run 1 cases/mended.yaml
! grep -q 'NOTE\|said before' out run/results.json || fail "something is said about a good map"
"$BOOTCHECK" plan cases/mended.yaml >out
! grep -q warning out || fail "plan warns of a good map"

# What is said does not stand in the way of a boot that gets further.
boot lives <<'END_OF_SCRIPT'
echo on
expect "0x60500000\n"
write "Starting kernel ...\r\n[    0.000000] Booting Linux on physical CPU 0x0\r\n"
hang
END_OF_SCRIPT
case_ lives "$(dialog 0x60500000)"
machine lives
run 0 cases/lives.yaml
has out NOTE
has out '1 passed'
