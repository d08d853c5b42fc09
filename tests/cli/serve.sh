#!/usr/bin/env bash
# labels: fake
# timeout: 300
# The servers of a boot from outside: they are there during it and gone after it, whatever ends bootcheck; one that
# dies is an error, one that is not installed a reason to skip.
set -euo pipefail
. "$SOURCE_DIR/tests/cli/boot.bash"
real=$(PATH=$PATH:/usr/sbin:/sbin command -v in.tftpd) || { echo "in.tftpd is not installed"; exit 77; }

# served NAME [YAML…]: a case whose machine has in.tftpd with one file.
served() {
	local name=$1
	shift
	case_ "$name" "$@"
	echo "hello from $name" >"$name.txt"
	sed -i "s|^machine:.*|machine: {arch: arm, model: virt, memory: 16M, qemu: $fake, net: {tftp: {server: tftpd, files: {dir/hello: $dir/$name.txt}}}}|" "cases/$name.yaml"
}
# servers: how many processes serve this test's files (in.tftpd names its folder, which is in our store).
servers() { { grep -lsz "^$XDG_CACHE_HOME/" /proc/[0-9]*/cmdline || :; } | wc -l; }
gone() {
	for _ in $(seq 300); do
		[[ $(servers) != 0 ]] || return 0
		read -rt 0.01 <> <(:) || :
	done
	fail "$1: a server is still there"
}

boot good <<'END'
write "hello\r\n"
hang
END
served good 'console: [{expect: hello}]'
run 0 cases/good.yaml || :
if grep -q 'skipped' out && ! grep -q PASS out; then
	grep -q 'namespace' out || fail "skipped for another reason"
	echo "no network namespace here: $(grep -m 1 -o 'cannot make.*' out)"
	exit 77
fi
has out '1 passed'
has run/cases/good/tftp.log 'in.tftpd[2]: RRQ from 127.0.0.1 filename dir/hello'
[[ ! -e run/cases/good/.probe ]] || fail "the check left its file"
gone "after a boot"
# By hand: a namespace, a loopback, the server, then QEMU.
sh -n run/cases/good/qemu.sh
grep -q '^	exec unshare --net --pid --fork --kill-child' run/cases/good/qemu.sh || fail "qemu.sh: namespace"
grep -qE "^in\.tftpd .* -s $XDG_CACHE_HOME/\S+ &$" run/cases/good/qemu.sh || fail "qemu.sh: server"
grep -q 'restrict=off' run/cases/good/qemu.sh || fail "qemu.sh: restrict"
! grep -q 'tftp=' run/cases/good/qemu.sh || fail "qemu.sh: QEMU serves, too"
# QEMU's own serves the same folder.
"$BOOTCHECK" plan cases/good.yaml >out
has out 'machine.net.tftp: tree'
sed 's/server: tftpd/server: qemu/' cases/good.yaml >cases/qemu.yaml
run 0 cases/qemu.yaml
grep -qE "tftp=$XDG_CACHE_HOME/\S+" run/cases/good/qemu.sh || fail "QEMU's own server"
[[ ! -e run/cases/good/tftp.log ]] || fail "a log of no server"
rm cases/qemu.yaml

# A server that the case stops is no error, and does not come back.
boot stops <<'END'
write "Loading: ###\r\n"
delay 200ms
write "Retry count exceeded\r\n"
hang
END
served stops 'console: [{expect: Loading}, {serve: {stop: tftp}}, {expect: Retry count}]'
run 0 cases/stops.yaml
"$BOOTCHECK" replay cases/stops.yaml run/cases/stops/console.log >out || fail "replay"

# Killed in the middle of a boot.
boot long <<'END'
ignore-term
write "started\r\n"
hang
END
served long 'console: [{expect: never}]' 'limits: {boot: 90s, silence: 90s, step: 90s, total: 90s}'
for signal in KILL INT; do
	rm -rf run
	"$BOOTCHECK" run -o run cases/long.yaml >out 2>err </dev/null &
	pid=$!
	for _ in $(seq 1000); do
		! grep -qs started run/cases/long/console.log || break
		read -rt 0.01 <> <(:) || :
	done
	[[ $(servers) -ge 1 ]] || fail "no server during the boot"
	kill -$signal $pid
	wait $pid 2>/dev/null || :
	gone "after SIG$signal"
	no_orphans
done

# One that dies during the boot: an error of the environment, though the guest fails because of it.
mkdir -p bin/sbin
cat >bin/sbin/in.tftpd <<END
#!/bin/sh
exec 8<&0
$real "\$@" <&8 &
while ! [ -e $dir/die ]; do sleep 0.05; done
exit 9
END
chmod +x bin/sbin/in.tftpd
boot dies <<'END'
write "Loading: #\r\n"
stamp die
hang
END
served dies 'console: [{expect: never}]'
PATH=$dir/bin/sbin:$PATH run 3 cases/dies.yaml
has out 'ERROR'
has run/junit.xml 'the tftp server: in.tftpd ended with exit status 9 during the boot'
has run/junit.xml '<error'
gone "after its death"

# One that cannot start.
printf '#!/bin/sh\nexit 71\n' >bin/sbin/in.tftpd
PATH=$dir/bin/sbin:$PATH run 3 cases/good.yaml
has run/junit.xml 'in.tftpd ended with exit status 71'
! grep -q '"kind":"spawn"' run/events.jsonl || fail "QEMU was started without its server"

# One that is not installed: skipped, and doctor names the package.
mkdir -p none/sbin
got=0
rm -rf run
PATH=$dir/none/sbin "$BOOTCHECK" run -o run cases/good.yaml >out 2>err </dev/null || got=$?
[[ $got == 3 ]] || fail "nothing was decided: exit $got"
has out 'in.tftpd is not installed'
has out 'apt-get install tftpd-hpa'
has run/junit.xml '<skipped'
PATH=$dir/none/sbin "$BOOTCHECK" doctor cases/good.yaml >out && fail "doctor misses nothing"
grep -q '^✗ in.tftpd  *tftpd-hpa' out || fail "doctor: the program"
grep -q '^✓ network namespace (1 case)' out || fail "doctor: the namespace"
grep -qE 'apt-get install .*tftpd-hpa' out || fail "doctor: the command"
