#!/usr/bin/env bash
# labels: fake
# The fake QEMU and the bare reader do what the other tests rely on.
set -euo pipefail
fake=$BINARY_DIR/tests/fake_qemu
bare=$BINARY_DIR/tests/bare_reader
dir=$(mktemp -d)
pid=
trap '[[ -z $pid ]] || kill -9 $pid 2>/dev/null; rm -rf "$dir"' EXIT
fail() { echo "FAIL: $*"; exit 1; }

"$fake" -version | grep -q '^QEMU emulator version 7.2.0' || fail "-version"
"$fake" -M help | grep -q '^vexpress-a9 ' || fail "-M help"
echo '  a-cpu' >"$dir/cpus"
[[ $(FAKE_QEMU_CPUS=$dir/cpus "$fake" -M virt -cpu help) == '  a-cpu' ]] || fail "-cpu help"

# A scripted boot with a shell, over FIFOs, QMP too.
cat >"$dir/boot" <<'END'
# fake-qemu
write "Linux version 6.1\r\n"
split 1
write "a\x41\0\xffz\r\n"
split 0
stamp stamps
reply "uname -r" "6.1.0\n" 0
reply "mount | grep *" "/dev/root on / type ext3\n" 3
shell "/ # " "poweroff*"
write "reboot: Power down\r\n"
event SHUTDOWN {"guest": true, "reason": "guest-shutdown"}
hang
END
mkfifo "$dir/s.in" "$dir/s.out" "$dir/q.in" "$dir/q.out"
exec {si}<>"$dir/s.in" {so}<>"$dir/s.out" {qi}<>"$dir/q.in" {qo}<>"$dir/q.out"
"$fake" -M virt -display none -chardev "pipe,id=c,path=$dir/s" -serial chardev:c \
	-chardev "pipe,id=q,path=$dir/q" -mon chardev=q,mode=control -kernel "$dir/boot" &
pid=$!

# want FD TEXT: the next line there is TEXT (its CR taken off).
want() {
	local line
	IFS= read -r -t 10 -u "$1" line || fail "nothing came, wanted: $2"
	line=${line%$'\r'}
	[[ $line == $2 ]] || fail "wanted: $2 — got: $line"
}
want "$qo" '{"QMP":*"major":7*}'
printf '{"execute":"qmp_capabilities","id":7}{"execute":"query-status"}' >&"$qi"
want "$qo" '{"return":{},"id":7}'
want "$qo" '{"return":{"running":true,*}}'
printf '{"execute": "no-such"}\n' >&"$qi"
want "$qo" '*CommandNotFound*'
printf '{"execute": "query-cpus-fast"}\n' >&"$qi"
want "$qo" '*"thread-id":*'

want "$so" 'Linux version 6.1'
IFS= read -r -t 10 -u "$so" line
# bash drops the NUL
[[ $line == $'aA\xffz\r' ]] || fail "bytes: $(printf %q "$line")"
[[ $(cat "$dir/stamps") =~ ^[0-9]{9,}$ ]] || fail "stamp"
# The echo, then the output, never the one for the other.
echo "printf '\n%s\n' 'B''EGIN'; uname -r; echo E\"N\"D=\$?" >&"$si"
want "$so" '/ # printf *'
want "$so" ''
want "$so" 'BEGIN'
want "$so" '6.1.0'
want "$so" 'END=0'
echo 'mount | grep " / " 2>&1; s=$?; echo got ${s}' >&"$si"
want "$so" '/ # mount*'
want "$so" '/dev/root on / type ext3'
want "$so" 'got 3'
echo '{ nosuch; } && echo no || echo yes; (false || uname -r >/dev/null) && echo quiet' >&"$si"
want "$so" '/ # { nosuch*'
want "$so" 'sh: nosuch: not found'
want "$so" 'yes'
want "$so" 'quiet'
echo 'stty -echo; PS1=' >&"$si"
want "$so" '/ # stty -echo; PS1='
echo 'eval "echo one; echo two"' >&"$si"
want "$so" 'one'
want "$so" 'two'
echo 'poweroff -f' >&"$si"
want "$so" 'reboot: Power down'
want "$qo" '*"event":"SHUTDOWN"*"guest-shutdown"*'
echo '{"execute":"quit"}' >&"$qi"
want "$qo" '{"return":{}}'
want "$qo" '*host-qmp-quit*'
wait "$pid" || fail "exit status after quit: $?"
pid=

# Ends of all kinds.
run() { printf '%s\n' "$@" >"$dir/script"; FAKE_QEMU_SCRIPT=$dir/script timeout 20 "$fake" -serial stdio </dev/null; }
[[ $(run 'flood 100000' | wc -c) == 100000 ]] || fail "flood"
[[ $(run 'write "x"' 'again 3') == xxx ]] || fail "again"
rc=0; run 'exit 7' || rc=$?; [[ $rc == 7 ]] || fail "exit 7 gave $rc"
rc=0; (run 'crash') 2>/dev/null || rc=$?; [[ $rc == 139 ]] || fail "crash gave $rc"
rc=0; run 'no-such' 2>/dev/null || rc=$?; [[ $rc == 1 ]] || fail "an unknown command gave $rc"
rc=0; FAKE_QEMU_LIFETIME=1 run 'hang' || rc=$?; [[ $rc == 142 ]] || fail "the life time gave $rc"

# The bare reader kills at the text, and says when it never came.
printf '# fake-qemu\nflood 70000\nwrite "BOOT"\nwrite "-OK"\nhang\n' >"$dir/bare"
for how in "--pipe $dir/b" --socket; do
	dev="socket,id=c,fd=3"
	[[ $how == --socket ]] || dev="pipe,id=c,path=$dir/b"
	out=$("$bare" $how --until BOOT-OK -- "$fake" -chardev "$dev" -serial chardev:c -kernel "$dir/bare")
	grep -q '"found": true, "bytes": 70007,' <<<"$out" || fail "bare reader $how: $out"
	rc=0
	"$bare" $how --until NEVER --timeout 1 -- "$fake" -chardev "$dev" -serial chardev:c \
		-kernel "$dir/bare" >"$dir/out" || rc=$?
	[[ $rc == 1 ]] && grep -q '"found": false' "$dir/out" || fail "bare reader without the text: $rc"
done
