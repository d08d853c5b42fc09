#!/usr/bin/env bash
# labels: cli
# timeout: 600
# Images, device trees, U-Boot's images and commands as artifacts: what other programs say of them, that the
# same input gives the same bytes, and what is said of wrong input.
set -euo pipefail
for tool in e2fsck debugfs sqfstar unsquashfs dtc fdtget mkimage dumpimage openssl; do
	command -v $tool >/dev/null || { echo "SKIP: $tool is not here"; exit 77; }
done
dir=$(mktemp -d)
trap 'chmod -R u+w "$dir"; rm -rf "$dir"' EXIT
fail() { echo "FAIL: $*"; [[ ! -s $dir/log ]] || cat "$dir/log"; exit 1; }
export XDG_CACHE_HOME=$dir/cache
mkdir "$dir/cases" "$dir/tree" "$dir/tree/sub"
cd "$dir"

# a_case NAME: the artifact x from stdin, on a card if SD is set.
a_case() {
	{
		printf 'bootcheck: 1\nname: %s\nmachine: {arch: arm, model: virt}\nartifacts:\n' "$1"
		cat
		echo 'boot:'
		if [[ ${SD:-} ]]; then echo '  sd: ${x}'; else echo '  kernel: ${x}'; fi
		printf 'console:\n  - expect: Linux\n'
	} >"cases/$1.yaml"
}
# build NAME: its path in $path, its exit status in $rc.
build() {
	rc=0
	"$BOOTCHECK" build "cases/$1.yaml" >out 2>log || rc=$?
	path=$(awk '$1 == "built" || $1 == "hit" { inner = $2 == "x:"; next } inner && /^ +\// { print $1; exit }' out)
}
good() {
	build "$1"
	[[ $rc == 0 && -e $path ]] || fail "$1: exit $rc"
}
bad() {
	build "$1"
	[[ $rc == "$2" ]] || fail "$1: exit $rc, not $2"
	shift 2
	for text; do
		grep -qF -- "$text" log out || fail "no '$text'"
	done
}

printf 'hello\n' >tree/file
ln tree/file tree/other
ln -s file tree/link
head -c 300000 /dev/zero >tree/sub/zeros
for ((i = 0; i < 400; i++)); do echo $i >"tree/sub/a-rather-long-name-of-a-file-$i"; done
content() {
	cat <<END
      from: [{tree: tree}]
      files: [{path: /etc/big, content: x, uid: 70000, gid: 80000, mode: 04755}]
      dirs: [{path: /root, mode: 0700}, /dev]
      links:
        - {path: /hard, to: /file, hard: true}
        - {path: /long, to: $(printf 'x%.0s' {1..200})}
      nodes:
        - {path: /dev/console, type: c, major: 5, minor: 1}
        - {path: /dev/mmcblk0p1, type: b, major: 179, minor: 1, mode: 0660}
        - {path: /dev/large, type: c, major: 300, minor: 70000}
        - {path: /dev/pipe, type: p}
      owners: [{paths: [/sub/*-1], uid: 7, gid: 8, mode: 0600}]
END
}
# takes FILE LIMIT: it takes less room on the disk than that, whatever its size.
takes() { [[ $(($(stat -c '%b * %B' "$1"))) -lt $2 ]] || fail "$1 takes $(stat -c '%b blocks of %B' "$1"): it has no holes"; }
for format in ext2 ext3 ext4; do
	{ printf '  x:\n    image:\n      format: %s\n      size: 8M\n      label: root\n' $format; content; } | a_case $format
	good $format
	[[ $(stat -c %s "$path") == $((8 << 20)) ]] || fail "$format: size"
	takes "$path" $((4 << 20))
	e2fsck -fn "$path" >fsck 2>&1 || { cat fsck; fail "$format: e2fsck"; }
	grep -q ' non-contiguous' fsck || fail "$format: e2fsck said nothing"
	q() { debugfs -R "$1" "$path" 2>/dev/null; }
	[[ $(q 'cat /file') == hello && $(q 'cat /hard') == hello ]] || fail "$format: content"
	q 'stat /hard' | grep -q 'Links: 2' || fail "$format: no hard link"
	q 'stat /etc/big' | grep -Eq 'Mode:  04755' || fail "$format: mode"
	q 'stat /etc/big' | grep -Eq 'User: 70000 +Group: 80000' || fail "$format: owner"
	q 'stat /root' | grep -q 'Mode:  0700' || fail "$format: folder's mode"
	q 'stat /dev/console' | grep -Eq 'major/minor number: 0?5:0?1' || fail "$format: node"
	q 'stat /dev/large' | grep -Eq 'major/minor number: 300:70000' || fail "$format: large node"
	q 'stat /sub/a-rather-long-name-of-a-file-1' | grep -Eq 'User: +7 +Group: +8' || fail "$format: owners"
	q 'stat /sub/zeros' | grep -Eq 'Blockcount: 0' || fail "$format: zeros take room"
	q 'stat /long' | grep -q 'Size: 200' || fail "$format: long link"
	[[ $(q 'ls -p /sub' | grep -c a-rather) == 400 ]] || fail "$format: a folder lost entries"
	journal=$(q 'stat <8>' | sed -n 's/.*Project: *[0-9]* *Size: \([0-9]*\).*/\1/p')
	[[ $format == ext2 || $journal -ge $((1 << 20)) ]] || fail "$format: no journal"
	first=$(sha256sum <"$path")
	rm -rf cache2 && XDG_CACHE_HOME=$dir/cache2 build $format
	[[ $(sha256sum <"$path") == "$first" ]] || fail "$format: other bytes from the same input"
done

# The same content as a tree of its own: it loses nothing on its way into an image.
{ printf '  x:\n    image: {format: ext4, size: 8M, label: root, from: ["${t}"]}\n  t:\n'; content | sed 's/^  //; s/from:/tree:/'; } |
	a_case of-tree
facts() {
	local of
	for of in /hard /etc/big /root /dev/console /dev/large /dev/pipe /sub/a-rather-long-name-of-a-file-1 /long; do
		debugfs -R "stat $of" "$1" 2>/dev/null | grep -E 'Mode:|User:|Links:|major' | sed 's/Inode: [0-9]*//'
	done
}
facts "$path" >facts-given
path=
good of-tree
path=$(sed -n 's,^ *\(/.*image\.ext4\)$,\1,p' out)
facts "$path" >facts-of-tree
[[ $(wc -l <facts-given) -gt 20 ]] || fail "debugfs says nothing"
diff facts-given facts-of-tree || fail "an image of a tree lacks something"
# Larger than what is held in memory.
a_case large <<<'  x: {image: {format: ext3, size: 1040M, from: [{tree: tree}]}}'
good large
takes "$path" $((64 << 20))
e2fsck -fn "$path" >fsck 2>&1 || { cat fsck; fail "large: e2fsck"; }
[[ $(q 'cat /file') == hello ]] || fail "large: content"
{ printf '  x:\n    image:\n      format: squashfs\n'; content; } | a_case squashfs
good squashfs
first=$(sha256sum <"$path")
unsquashfs -lln "$path" >list
grep -Eq '^crw------- 0/0 +5, *1 .*/dev/console$' list || { cat list; fail "squashfs: node"; }
grep -Eq '^-rwsr-xr-x 70000/80000 ' list || fail "squashfs: owner"
rm -rf cache2 && XDG_CACHE_HOME=$dir/cache2 build squashfs
[[ $(sha256sum <"$path") == "$first" ]] || fail "squashfs: other bytes from the same input"
rm -rf cache2 && SOURCE_DATE_EPOCH=1 XDG_CACHE_HOME=$dir/cache2 good squashfs
[[ $(sha256sum <"$path") == "$first" ]] || fail "squashfs: other bytes with variables of the caller"

# A file of an artifact comes with the owner and mode that it has there, a program of a command as a program.
a_case modes <<<'  tool: {command: {argv: [sh, -c, "echo x >tool; chmod 755 tool; cp -p tool one; echo y >two"], outputs: [one, two]}}
  only: {command: {argv: [sh, -c, "echo x >only; chmod 700 only"], outputs: [only]}}
  su: {file: {content: x, mode: 04755, name: su}}
  inside: {tree: [], files: [{path: /bin/key, content: x, mode: 0600, uid: 7, gid: 8}]}
  x: {image: {format: ext2, from: [{file: "${tool:one}", to: /}, {file: "${tool:two}", to: /}, {file: "${only}", to: /},
    {file: "${su}", to: /}, "${su}", {file: "${inside:bin/key}", to: /}, {file: "${inside:bin/key}", to: /other, mode: 0640}, {file: link, to: /}]}}'
echo linked >target
ln -s target link
good modes
debugfs -R 'ls -l /' "$path" 2>/dev/null >list
for line in '100755 (1) 0 0 2 one' '100644 (1) 0 0 2 two' '100755 (1) 0 0 2 only' '104755 (1) 0 0 1 su' \
	'100600 (1) 7 8 1 key' '100640 (1) 7 8 1 other' '100644 (1) 0 0 7 link'; do
	read -r mode links uid gid size name <<<"$line"
	grep -Eq " $mode \\(1\\) +$uid +$gid +$size .* $name\$" list || { cat list; fail "not '$line'"; }
done
# A hard link of a tree is one on disk, for who takes it from there.
a_case hard <<<'  t: {tree: [], files: [{path: /bin/a, content: hello}], links: [{path: /aa/b, to: /bin/a, hard: true}]}
  r: {command: {argv: [cp, t/aa/b, o], inputs: {t: "${t}"}, outputs: [o]}}
  x: {image: {format: ext2, from: ["${t}", {file: "${r}", to: /}]}}'
good hard
debugfs -R 'ls -l /aa' "$path" 2>/dev/null | grep -Eq '100644 \(1\) .* 5 .* b$' || fail "no hard link in the image"
[[ $(debugfs -R 'cat /o' "$path" 2>/dev/null) == hello ]] || fail "a hard link that is read from disk"
"$BOOTCHECK" cache verify >out || fail "hard links are damage"

# The caller's umask is in no artifact.
a_case umask <<<'  x: {command: {argv: [sh, -c, "mkdir d; echo x >d/f; tar --sort=name --owner=0 --group=0 --mtime=@0 -cf o.tar d"], outputs: [o.tar]}}'
good umask
first=$(sha256sum <"$path")
(umask 077; XDG_CACHE_HOME=$dir/cache3 good umask; sha256sum <"$path" >sum)
[[ $(<sum) == "$first" ]] || fail "another umask, other bytes"

# Sizes.
SD=1 a_case card <<<'  x: {image: {format: ext3, size: 5M, from: [{tree: tree}]}}'
good card
[[ $(stat -c %s "$path") == $((8 << 20)) ]] || fail "a card of 5M is not 8M"
a_case member <<<'  x: {image: {format: ext3, size: 5M, from: [{tree: tree}]}}'
sed -i 's,  kernel: ${x},  sd: "${x:image.ext3}",' cases/member.yaml
good member
[[ $(stat -c %s "$path") == $((8 << 20)) ]] || fail "a card of 5M, by its member, is not 8M"
mkdir found
echo f >found/lost+found
a_case found <<<'  x: {image: {format: ext2, from: [{tree: found}]}}'
bad found 2 '/lost+found of an ext image is its folder'
rm found/lost+found
mkdir found/lost+found
good found
e2fsck -fn "$path" >/dev/null 2>&1 || fail "a folder lost+found"
a_case major <<<'  x: {image: {format: ext2, nodes: [{path: /dev/x, type: c, major: 5000, minor: 1}]}}'
bad major 2 'a major up to 4095'
a_case fitting <<<'  x: {image: {format: ext4, from: [{tree: tree}]}}'
good fitting
e2fsck -fn "$path" >/dev/null 2>&1 || fail "an image without a size"
head -c 6000000 /dev/urandom >tree/large
a_case small <<<'  x: {image: {format: ext3, size: 4M, from: [{tree: tree}]}}'
bad small 2 'cases/small.yaml:' 'does not fit in 4M' 'is needed'
needed=$(grep -o '[0-9]*M is needed' log | head -n 1)
a_case needed <<<"  x: {image: {format: ext3, size: ${needed%% *}, from: [{tree: tree}]}}"
good needed
a_case lost <<<'  x: {image: {format: ext3, links: [{path: /a, to: /b, hard: true}]}}'
bad lost 2 "the hard link 'a' leads to 'b'"
a_case nobody <<<'  x: {image: {format: ext3, owners: [{paths: [/nothing], uid: 1}]}}'
bad nobody 2 'fit nothing inside'

# Device trees.
cat >base.dts <<'END'
/dts-v1/;
#define SPEED 38400
/ { compatible = "test"; uart: serial@1000 { reg = <0x1000>; speed = <SPEED>; }; };
END
cat >more.dtso <<'END'
/dts-v1/;
/plugin/;
&uart { status = "okay"; speed = <9600>; };
END
printf '/dts-v1/;\n/plugin/;\n&nowhere { status = "okay"; };\n' >astray.dts
printf '/dts-v1/;\n/ { a = <1>\n};\n' >wrong.dts
a_case dtb <<<'  x: {dtb: {source: base.dts, overlays: [more.dtso]}}'
good dtb
[[ $(fdtget "$path" /serial@1000 status) == okay && $(fdtget "$path" /serial@1000 speed) == 9600 ]] || fail "overlay"
# What a source includes from its own folders is part of it.
mkdir -p dts/sub
printf '/dts-v1/;\n#include "sub/soc.dtsi"\n' >dts/board.dts
printf '/include/ "sub/cpu.dtsi"\n/ { logo = /incbin/("logo.bin"); };\n' >dts/sub/soc.dtsi
echo '/ { model = "one"; };' >dts/sub/cpu.dtsi
printf one >dts/logo.bin
a_case included <<<'  x: {dtb: {source: dts/board.dts}}'
good included
good included
grep -q '^nothing to build' log || fail "what is included builds without a change"
sed -i 's/one/two/' dts/sub/cpu.dtsi
good included
[[ $(fdtget "$path" / model) == two ]] || fail "a file that is included changes nothing"
grep -q 'why: .*sub/cpu.dtsi' out || fail "it is not said which file changed"
printf two >dts/logo.bin
good included
[[ $(fdtget "$path" / logo) == "116 119 111" ]] || fail "a file that is taken in changes nothing"
a_case astray <<<'  x: {dtb: {source: base.dts, overlays: [astray.dts]}}'
bad astray 2 'astray.dts' 'the overlay does not fit the tree'
a_case wrong <<<'  x: {dtb: {source: wrong.dts}}'
bad wrong 2 'wrong.dts:' 'syntax error'
cpp -nostdinc -undef -x assembler-with-cpp base.dts >plain.dts
dtc -q -O dtb -o board.dtb plain.dts
head -c 100 board.dtb >short.dtb
a_case short <<<'  x: {dtb: {source: short.dtb}}'
bad short 2 'short.dtb: this is no valid device tree'

# U-Boot's images.
head -c 20000 /dev/urandom >zImage
echo 'echo hello' >script
a_case uimage <<<"  x: {uimage: {type: kernel, data: zImage, load: '0x60008000', name: test}}"
good uimage
dumpimage -l "$path" >list
grep -q 'Load Address: 60008000' list && grep -q 'Entry Point:  60008000' list && grep -q 'ARM Linux Kernel Image' list ||
	{ cat list; fail "uimage"; }
first=$(sha256sum <"$path")
rm -rf cache2 && XDG_CACHE_HOME=$dir/cache2 build uimage
[[ $(sha256sum <"$path") == "$first" ]] || fail "uimage: other bytes from the same input"
a_case multi <<<'  x: {uimage: {type: multi, data: [zImage, script]}}'
good multi
dumpimage -l "$path" | grep -q 'Image 1: 11 Bytes' || fail "multi"
a_case script <<<'  x: {uimage: {type: script, data: script}}'
good script
a_case two <<<'  x: {uimage: {type: kernel, data: [zImage, script]}}'
bad two 2 'only `type: multi` holds several files'
a_case address <<<'  x: {uimage: {type: kernel, data: zImage, load: here}}'
bad address 2 "'here' is no address"

openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out dev.key 2>/dev/null
openssl req -batch -new -x509 -key dev.key -out dev.crt 2>/dev/null
fit_images() {
	cat <<'END'
      images:
        kernel: {data: zImage, type: kernel, load: '0x60008000'}
        fdt-1: {data: board.dtb, type: flat_dt, hashes: [crc32, sha1]}
      configurations:
        conf-1: {kernel: kernel, fdt: fdt-1}
END
}
{ printf '  x:\n    fit:\n'; fit_images; } | a_case fit
good fit
dumpimage -l "$path" >list
grep -q "Default Configuration: 'conf-1'" list && grep -q 'Hash algo:    sha256' list && grep -q 'Hash algo:    crc32' list ||
	{ cat list; fail "fit"; }
first=$(sha256sum <"$path")
rm -rf cache2 && XDG_CACHE_HOME=$dir/cache2 build fit
[[ $(sha256sum <"$path") == "$first" ]] || fail "fit: other bytes from the same input"
{ printf '  x:\n    fit:\n'; fit_images; printf '      sign: {key: dev.key, cert: dev.crt, control: board.dtb}\n'; } >fit.body
a_case signed <fit.body
sed -i 's/\${x}/${x:fit.itb}/' cases/signed.yaml
good signed
dumpimage -l "$path/fit.itb" | grep -q 'Sign algo:    sha256,rsa2048:dev' || fail "not signed"
[[ $(fdtget "$path/control.dtb" /signature/key-dev required) == conf ]] || fail "no public key in control.dtb"
# What U-Boot would say to it, where its own tool is: Debian's u-boot-tools has none.
if command -v fit_check_sign >/dev/null; then
	fit_check_sign -f "$path/fit.itb" -k "$path/control.dtb" >list 2>&1 || { cat list; fail "the signature is not good"; }
	grep -q 'Verifying Hash Integrity.*sha256,rsa2048:dev+ ' list || { cat list; fail "no signature was looked at"; }
	# The entry point is no part of an image's data: only the signature holds it.
	cp "$path/fit.itb" changed.itb
	chmod u+w changed.itb
	fdtput -t x changed.itb /images/kernel load 60009000
	! fit_check_sign -f changed.itb -k "$path/control.dtb" >list 2>&1 || { cat list; fail "a signature of anything"; }
else
	echo "fit_check_sign is not here: the signature is not verified"
fi
# The data's own sums.
[[ $(fdtget -t bx "$path/fit.itb" /images/kernel/hash-1 value | awk '{ for (i = 1; i <= NF; i++) printf "%02s", $i }' | tr ' ' 0) == \
	"$(sha256sum <zImage | cut -d ' ' -f 1)" ]] || fail "the kernel's sum in the FIT"
{ printf '  x:\n    fit:\n'; fit_images | sed 's/fdt: fdt-1/fdt: fdt-2/'; } | a_case nofdt
bad nofdt 2 "the FIT has no image 'fdt-2'"

# Commands.
mkdir bin
cat >bin/upper <<'END'
#!/bin/sh
tr a-z A-Z <"$1" >"$2"
env | sort >environment
[ -z "$3" ] || { echo "$1:1: error: $3" >&2; exit 1; }
END
chmod +x bin/upper
export PATH=$dir/bin:$PATH SECRET=1
# What compresses is part of the key: another zlib may give other bytes.
if command -v gcc >/dev/null; then
	mkdir zlib
	echo 'const char *zlibVersion(void) { return "9.9"; }' | gcc -shared -fPIC -o zlib/libz.so.1 -xc -
	for compress in none gzip; do
		a_case packed <<<"  x: {initramfs: {compress: $compress, files: [{path: /init, content: x}]}}"
		good packed
		LD_LIBRARY_PATH=$PWD/zlib "$BOOTCHECK" build -n cases/packed.yaml >out 2>log
		[[ $compress == gzip ]] || grep -q 'hit *x: ' out || fail "a key has a compressor of nothing"
		[[ $compress == none ]] || grep -q 'why: compressor changed: zlib [0-9.]* -> zlib 9.9' out || fail "another zlib"
	done
fi
a_case words <<<'  x: {command: {argv: [sh, -c, "echo one; echo the disk ate it >&2; exit 3"], outputs: [o]}}'
bad words 3 'sh ended with exit status 3: the disk ate it'
a_case command <<<'  x: {command: {argv: [upper, in, out/text], inputs: {in: script, out/keep: script}, outputs: [out/text, environment], env: {MINE: yes it is}}}'
good command
[[ $(cat "$path/out/text") == 'ECHO HELLO' ]] || fail "command: output"
grep -q '^MINE=yes it is$' "$path/environment" || fail "command: its environment"
grep -q SECRET "$path/environment" && fail "command: our environment is not its"
echo '# changed' >>bin/upper
build command
grep -q '^ *built  *x: command' out || fail "a changed program is not in the key"
good command
a_case fails <<<'  x: {command: {argv: [upper, in, out, went wrong], inputs: {in: script}, outputs: [out]}}'
bad fails 3 'upper: in:1: error: went wrong'
a_case nothing <<<'  x: {command: {argv: ["true"], outputs: [out]}}'
bad nothing 3 'wrote no out'
a_case outside <<<'  x: {command: {argv: ["true"], outputs: [../out]}}'
bad outside 2 "'../out' is no path inside"
a_case slow <<<'  x: {command: {argv: [sleep, "60"], outputs: [out], limit: 200ms}}'
bad slow 3 'sleep'
# A C library that is installed after the compiler said that it has none.
mkdir libs
cat >bin/fake-gcc <<END
#!/bin/sh
name=\${1#-print-file-name=}
[ ! -e "$dir/libs/\$name" ] || name=$dir/libs/\$name
echo "\$name"
END
chmod +x bin/fake-gcc
a_case libc <<<'  x: {libc: {cross_compile: fake-}}'
bad libc 3 'fake-gcc has no dynamic linker'
printf 'linker' >libs/ld-linux.so.3
printf 'C' >libs/libc.so.6
good libc
[[ $(cat "$path/lib/ld-linux.so.3" "$path/lib/libc.so.6") == linkerC ]] || fail "libc: content"
printf 'D' >libs/libc.so.6
good libc
[[ $(cat "$path/lib/libc.so.6") == D ]] || fail "a changed C library is not in the key"
a_case missing <<<'  x: {command: {argv: [no-such-program], outputs: [out]}}'
bad missing 3 'no-such-program is not installed'
