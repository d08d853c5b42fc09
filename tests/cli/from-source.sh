#!/usr/bin/env bash
# labels: cli
# timeout: 600
# Builds from source with a tree that only looks like a kernel's: what is built, kept, rebuilt and explained, and
# what is said of sources, patches, configurations and compilers that do not work.
set -euo pipefail
source "$SOURCE_DIR/tests/cli/kbuild.bash"

# A tarball.
tar -caf linux-1.0.tar.gz linux-1.0
sum=$(sha256sum linux-1.0.tar.gz | cut -d ' ' -f 1)
a_case tarball "source: {url: 'file://$dir/linux-1.0.tar.gz', sha256: $sum}
      defconfig: tiny_defconfig
      config: {MMC: y}"
good tarball
grep -q '^CONFIG_MMC=y$' "$path/config" || fail "the option is not set"
[[ $(grep -c CONFIG_MMC "$path/config") == 1 ]] || fail "the option is there twice"
grep -aq 'SD cards are in' "$path/bzImage" || fail "the option has no effect"
grep -aq 'made by bootcheck@bootcheck, Wed Jan  1 00:00:00 UTC 2020' "$path/bzImage" || fail "who and when"
[[ -s $path/board.dtb && -s $path/modules/lib/modules/fake/kernel/a.ko && $(cat "$path/release") == fake ]] || fail "outputs"
[[ ! -L $path/modules/lib/modules/fake/build ]] || fail "a link into the work folder"
first=$(sha256sum <"$path/bzImage")
good tarball
grep -q '^nothing to build: 1 artifact' log || fail "a second build does something"
# Elsewhere, the same bytes.
XDG_CACHE_HOME=$dir/a/longer/cache good tarball
[[ $(sha256sum <"$path/bzImage") == "$first" ]] || fail "other bytes from the same input"

# A folder: what changed is compiled again, and nothing else.
a_case folder "source: linux-1.0
      defconfig: board_defconfig"
good folder
[[ $(compiled) == 2 ]] || fail "$(compiled) files were compiled, not 2"
sed -i 's/n++/n += 1/' linux-1.0/lib/string.c
good folder
grep -q 'why: .*linux-1.0' out || fail "it is not said why"
[[ $(compiled) == 1 ]] || fail "$(compiled) files were compiled after a change to one"
touch linux-1.0/lib/string.c
good folder
grep -q '^nothing to build' log || fail "a new time alone builds"
echo '#define VERSION "other"' >linux-1.0/include/version.h
good folder
[[ $(compiled) == 2 ]] || fail "a header is not followed"
grep -aq other "$path/vmlinux" || fail "the change is not in the kernel"
# ccache does not see what .incbin takes in, and nobody tells it.
grep -aq other "$path/bzImage" || fail "the image holds the kernel before the change"
echo '#define VERSION "fake"' >linux-1.0/include/version.h
mkdir linux-1.0/extra && echo >linux-1.0/extra/file
good folder
[[ -n $(find "$XDG_CACHE_HOME/bootcheck/work" -path '*/src/extra/file') ]] || fail "a new file is not there"
rm -r linux-1.0/extra
echo '#define VERSION "third"' >linux-1.0/include/version.h
good folder
[[ -z $(find "$XDG_CACHE_HOME/bootcheck/work" -path '*/src/extra*') ]] || fail "a file that went is still there"

echo '#define VERSION "fake"' >linux-1.0/include/version.h

# A git work tree: what git ignores is no source, what it does not track yet is.
if command -v git >/dev/null; then
	cp -r linux-1.0 work-tree
	echo '*.o' >work-tree/.gitignore
	git -C work-tree init -q
	git -C work-tree add -A
	a_case worktree "source: work-tree
      defconfig: board_defconfig"
	good worktree
	mkdir work-tree/out
	echo junk >work-tree/out/main.o
	git -C work-tree status >/dev/null
	touch work-tree/.git/index
	good worktree
	grep -q '^nothing to build' log || fail "what git ignores builds"
	echo '#define VERSION "work"' >work-tree/include/version.h
	echo new >work-tree/new
	good worktree
	[[ $(compiled) == 2 ]] || fail "a change that is not committed is not built"
	[[ -n $(find "$XDG_CACHE_HOME/bootcheck/work" -path '*/src/new') ]] || fail "an untracked file is no source"
	[[ -z $(find "$XDG_CACHE_HOME/bootcheck/work" -path '*/src/out*') ]] || fail "what git ignores is a source"
	rm work-tree/new
	good worktree
	[[ -z $(find "$XDG_CACHE_HOME/bootcheck/work" -path '*/src/new') ]] || fail "an untracked file that went is still there"
	# A submodule and any other repository in it are part of it.
	for inner in sub other; do
		mkdir "work-tree/$inner"
		echo "#define INNER \"$inner one\"" >"work-tree/$inner/inner.h"
		git -C "work-tree/$inner" init -q
		git -C "work-tree/$inner" add -A
		git -C "work-tree/$inner" -c user.name=a -c user.email=a@example.org commit -qm one
	done
	git -C work-tree add sub 2>/dev/null
	printf '#include "../sub/inner.h"\nconst char sub[] = INNER;\n#undef INNER\n#include "../other/inner.h"\nconst char other[] = INNER;\n' >>work-tree/init/main.c
	good worktree
	for inner in sub other; do
		grep -aq "$inner one" "$path/vmlinux" || fail "$inner: a repository in the work tree"
		sed -i 's/one/two/' "work-tree/$inner/inner.h"
	done
	echo >>work-tree/init/main.c
	good worktree
	grep -aq 'sub two' "$path/vmlinux" && grep -aq 'other two' "$path/vmlinux" || fail "a change of a repository in the work tree"
	printf -- '--- a/lib/string.c\n+++ b/lib/string.c\n@@ -1 +1,2 @@\n+/* patched */\n %s\n' "$(head -n 1 linux-1.0/lib/string.c)" >string.patch
	a_case worktreepatch "source: work-tree
      patches: string.patch
      defconfig: board_defconfig"
	good worktreepatch
	[[ -z $(find "$XDG_CACHE_HOME" -name main.o -path '*/out/out/*') ]] || fail "what git ignores is in a patched source"
	! grep -q patched work-tree/lib/string.c || fail "the work tree of the user was patched"
fi

# Patches.
cat >good.patch <<'END'
--- a/include/version.h
+++ b/include/version.h
@@ -1 +1 @@
-#define VERSION "fake"
+#define VERSION "patched"
END
# They remove, rename and change modes too, of a folder as of an archive.
echo junk >linux-1.0/junk
echo 'moved' >linux-1.0/from
printf '#!/bin/sh\n' >linux-1.0/run.sh
tar -cf whole.tar linux-1.0
cat >moves.patch <<'END'
diff --git a/junk b/junk
deleted file mode 100644
--- a/junk
+++ /dev/null
@@ -1 +0,0 @@
-junk
diff --git a/from b/to
similarity index 100%
rename from from
rename to to
diff --git a/run.sh b/run.sh
old mode 100644
new mode 100755
--- a/run.sh
+++ b/run.sh
@@ -1 +1,2 @@
 #!/bin/sh
+echo hello
END
for source in linux-1.0 whole.tar; do
	a_case moves "source: $source
      patches: moves.patch
      defconfig: board_defconfig"
	good moves
	tree=$(dirname "$(find "$XDG_CACHE_HOME/bootcheck/store" -name to -path '*/out/to' -newer moves.patch)")
	[[ -x $tree/run.sh && ! -e $tree/junk && ! -e $tree/from ]] || fail "$source: a patch of names and modes"
	chmod -R u+w "${tree%/out}"
	rm -r "${tree%/out}"
done
rm linux-1.0/{junk,from,run.sh}
sed 's/"fake"/"another"/' good.patch >bad.patch
a_case patched "source: linux-1.0
      patches: good.patch
      defconfig: board_defconfig"
good patched
grep -aq patched "$path/bzImage" || fail "the patch has no effect"
grep -q fake linux-1.0/include/version.h || fail "the folder of the user was patched"
a_case unpatched "source: linux-1.0
      patches: [good.patch, bad.patch]
      defconfig: board_defconfig"
bad unpatched 2 'the patch bad.patch does not apply: hunk #1' 'include/version.h'
# patch itself does not say which file is not there, nor that a name leads outside.
wrong_patch() { # NAME WANTED
	a_case unpatched "source: linux-1.0
      patches: $1.patch
      defconfig: board_defconfig"
	bad unpatched 2 "the patch $1.patch does not apply: $2"
}
printf -- '--- a/init/gone.c\t2020\n+++ b/init/gone.c\t2020\n@@ -1,2 +7 @@ main\n x\n-y\n' >absent.patch
wrong_patch absent 'there is no file init/gone.c for its hunk @@ -1,2 +7 @@ main'
printf -- '--- a/init/gone.c\n+++ /dev/null\n@@ -1 +0,0 @@\n-x\n' >deletes.patch
wrong_patch deletes "hunk #1 FAILED at 1. of init/gone.c"
printf -- '--- a/../good.patch\n+++ b/../good.patch\n@@ -1 +1,2 @@\n x\n+y\n' >climbs.patch
wrong_patch climbs 'its file ../good.patch is outside of the source'
printf -- '--- /dev/null\n+++ b/../new.c\n@@ -0,0 +1 @@\n+y\n' >creates.patch
wrong_patch creates 'its file ../new.c is outside of the source'

# Configurations.
printf '# Storage\nCONFIG_MMC=y\n' >mmc.config
a_case lost "source: linux-1.0
      defconfig: allnoconfig
      fragments: [mmc.config]"
bad lost 2 'mmc.config:2: CONFIG_MMC=y did not survive' 'BLOCK'
a_case unknown "source: linux-1.0
      defconfig: tiny_defconfig
      config: {BLOK: y}"
bad unknown 2 'CONFIG_BLOK=y did not survive' 'BLOCK'
a_case nodefconfig "source: linux-1.0
      defconfig: bord_defconfig"
bad nodefconfig 2 'the kernel has no bord_defconfig' 'did you mean board_defconfig?'
a_case called-file "source: linux-1.0
      defconfig: file"
bad called-file 2 'the kernel has no file'
for name in olddefconfig oldconfig tiny.config; do
	a_case before "source: linux-1.0
      defconfig: $name"
	bad before 2 "'$name' starts from a configuration that is there already"
done
printf 'CONFIG_BLOCK=y\nnonsense\n' >broken.config
a_case broken "source: linux-1.0
      defconfig: tiny_defconfig
      fragments: [broken.config]"
bad broken 2 'broken.config:2'
mkdir kconfig; cp linux-1.0/arch/x86/configs/board_defconfig kconfig/saved.config
a_case file "source: linux-1.0
      defconfig: kconfig/saved.config"
good file
grep -q '^CONFIG_MMC=y$' "$path/config" || fail "a configuration from a file"

# Compilers.
sed -i 's/while (s\[n\])/while (s[n)/' linux-1.0/lib/string.c
bad folder 3 "make bzImage failed: lib/string.c:6:" 'error: ' 'the whole log is '
sed -i 's/while (s\[n)/while (s[n])/' linux-1.0/lib/string.c
good folder
sed -i '1i #include <gnutls/no-such.h>' linux-1.0/init/main.c
bad folder 3 'init/main.c:1:10: fatal error: gnutls/no-such.h' 'apt-get install libgnutls28-dev; the whole log is '
sed -i 1d linux-1.0/init/main.c
good folder
a_case compiler "source: linux-1.0
      defconfig: board_defconfig
      arch: mips
      cross_compile: mips-linux-gnu-"
if ! command -v mips-linux-gnu-gcc >/dev/null; then
	"$BOOTCHECK" list cases/compiler.yaml >out
	grep -q 'needs mips-linux-gnu-gcc to build (apt-get install gcc-mips-linux-gnu ' out || fail "list does not say what is missing"
	"$BOOTCHECK" list --json cases/compiler.yaml >out
	grep -A1 '"missing": \[' out | grep -q '"mips-linux-gnu-gcc"' || fail "list --json does not say what is missing"
	bad compiler 3 'cases/compiler.yaml:6: mips-linux-gnu-gcc is not installed' 'apt-get install gcc-mips-linux-gnu'
fi

# What stands for a compiler is asked each time what it is now: a script, and ccache under the compiler's name.
mkdir masquerade tools
ln -s "$(command -v ccache)" masquerade/y-gcc
ln -s "$(command -v ld)" tools/y-ld
printf '#define S(x) #x\n#define T(x) S(x)\nconst char by[] = "compiled by " T(VER);\n' >>linux-1.0/init/main.c
compiler() {
	printf '#!/bin/sh\n[ "$1" = --version ] && { echo "y-gcc %s"; exit; }\nexec gcc -DVER=%s "$@"\n' "$1" "$1" >tools/y-gcc
	chmod +x tools/y-gcc
}
a_case stands "source: linux-1.0
      cross_compile: y-
      defconfig: board_defconfig"
for version in 12 13; do
	compiler $version
	good stands "PATH=$dir/masquerade:$dir/tools:$PATH"
	grep -aq "compiled by $version" "$path/vmlinux" || fail "compiled by another than y-gcc $version"
done
rm masquerade/y-gcc
good stands "PATH=$dir/tools:$PATH"
cp -p tools/y-gcc stamp
compiler 14
touch -r stamp tools/y-gcc
good stands "PATH=$dir/tools:$PATH"
grep -aq 'compiled by 14' "$path/vmlinux" || fail "a script with another content and the same time is taken for what it was"
sed -i '/#define [ST](x)/d; /compiled by/d' linux-1.0/init/main.c

# pahole need not be there; where it is, Kconfig asks for its version.
good folder
mkdir pahole
printf '#!/bin/sh\necho v1.24\n' >pahole/pahole
chmod +x pahole/pahole
env "PATH=$dir/pahole:$PATH" "$BOOTCHECK" build --explain cases/folder.yaml >out
grep -q 'pahole' out || fail "another pahole is not a reason to build"
printf '#!/bin/sh\nexit 1\n' >pahole/pahole
good folder "PATH=$dir/pahole:$PATH"

# Archives that are not what they should be.
head -c 700 linux-1.0.tar.gz >short.tar.gz
a_case short "source: short.tar.gz
      defconfig: board_defconfig"
bad short 3 'short.tar.gz'
tar -cf leading.tar --transform 's,^linux-1.0/Makefile$,../Makefile,' linux-1.0/Makefile linux-1.0/Kconfig 2>/dev/null
a_case leading "source: leading.tar
      defconfig: board_defconfig"
bad leading 3 '../Makefile'
[[ $(grep -o 'source path leading.tar' log | wc -l) == 1 ]] || fail "the log names what failed twice"
# What failed is counted, and does not hide that the rest was there.
rc=0
"$BOOTCHECK" build cases/folder.yaml cases/leading.yaml >out 2>log || rc=$?
[[ $rc == 3 ]] || fail "one good, one bad: exit $rc"
grep -q '^nothing to build: 1 artifact from the store, 1 failed$' log || fail "no sum"
# A link out of an archive or a repository would bring a file of this host into the build, and no key has it.
echo 'int secret;' >secret.c
for target in "$dir/secret.c" ../../secret.c; do
	rm -rf links
	cp -r linux-1.0 links
	ln -s "$target" links/lib/leak.c
	tar -cf links.tar links
	a_case leak "source: links.tar
      defconfig: board_defconfig"
	bad leak 3 "source path links.tar is refused: its link 'lib/leak.c' leads outside, to '$target'"
	if command -v git >/dev/null; then
		git -C links init -q && git -C links add -A
		git -C links -c user.name=a -c user.email=a@example.org commit -qm one
		a_case leak "source: {git: links}
      defconfig: board_defconfig"
		bad leak 3 "is refused: its link 'lib/leak.c' leads outside, to '$target'"
		rm -rf links/.git
	fi
done
# A damaged source does not live on in the folder of objects.
good tarball
entry=$(grep -l '"title": "source url file://.*/linux-1.0.tar.gz"' "$XDG_CACHE_HOME"/bootcheck/store/*/*/manifest.json |
	xargs grep -l '"kind": "source"')
header=${entry%/*}/out/include/version.h
chmod u+w "$header" "${header%/*}"
sed -i 's/fake/evil/' "$header"
chmod -R u+w "${path%/out}" && rm -r "${path%/out}" "$XDG_CACHE_HOME/bootcheck/work"
good tarball
grep -aq evil "$path/vmlinux" || fail "the damage is not in the kernel"
! "$BOOTCHECK" cache verify >out 2>log || fail "the damage is not seen"
grep -q "'include/version.h' has other bytes" out || fail "which damage"
grep -q ' 1 damaged and 1 made from it' out || fail "the kernel of it stays"
good tarball
[[ $(sha256sum <"$path/bzImage") == "$first" ]] || fail "damage of the source is left in the kernel"
# Within, they are as they were; and what those of a folder of the host lead to counts.
ln -sf string.c links/lib/leak.c && tar -cf links.tar links
a_case leak "source: links.tar
      defconfig: board_defconfig"
good leak
ln -sf "$dir/secret.c" links/lib/leak.c
a_case leak "source: links
      defconfig: board_defconfig"
good leak
a_case sum "source: {url: 'file://$dir/linux-1.0.tar.gz', sha256: $(printf '0%.0s' {1..64})}
      defconfig: board_defconfig"
bad sum 3 'sha256'
[[ ! -e Makefile ]] || fail "an archive wrote outside"

# Ended in the middle: SIGINT, then SIGKILL. Nothing looks finished, and the next build is whole.
a_case waits "source: linux-1.0
      defconfig: tiny_defconfig"
for signal in INT KILL; do
	rm -f waiting
	: >wait
	"$BOOTCHECK" build cases/waits.yaml >out 2>log &
	child=$!
	for ((n = 0; n < 300; n++)); do
		[[ ! -e waiting ]] || break
		kill -0 $child 2>/dev/null || fail "the build that waits ended"
		sleep 0.1
	done
	[[ -e waiting ]] || fail "the build never waits"
	kill -$signal $child
	rc=0
	wait $child || rc=$?
	child=
	[[ $signal == KILL || $rc == 130 ]] || fail "SIGINT: exit $rc"
	[[ $signal == KILL ]] || grep -q "interrupted in the build of 'kernel' of the case waits (linux of " log ||
		fail "it is not said what was interrupted"
	for ((n = 0; n < 100; n++)); do
		pgrep -f "O=$dir/cache" >/dev/null || break
		sleep 0.1
	done
	! pgrep -f "O=$dir/cache" >/dev/null || fail "SIG$signal: make is left"
	rm wait
	"$BOOTCHECK" build -n cases/waits.yaml >out 2>log
	grep -q 'miss *kernel' out || fail "SIG$signal: a half of a build looks finished"
done
good waits
grep -q 'ended in the middle' "$path/../build.log" || fail "objects of a killed build were trusted"

# Two at once: one builds, the other waits and takes.
echo 'int more;' >>linux-1.0/lib/string.c
"$BOOTCHECK" build cases/waits.yaml >out1 2>log1 &
child=$!
"$BOOTCHECK" build cases/waits.yaml >out2 2>log2 || fail "the second of two"
wait $child || fail "the first of two"
child=
[[ $(cat log1 log2 | grep -c '^built 1 artifact') == 1 ]] || { cat log1 log2; fail "both built, or none"; }

# A disk that is full in the middle: nothing looks finished, and with room it goes on.
if unshare -rm true 2>/dev/null; then
	a_case full "source: linux-1.0
      defconfig: board_defconfig
      config: {GREETING: hello}"
	mkdir small
	cat >full.sh <<'END'
set -eu
mount -t tmpfs -o size=200k none small
export XDG_CACHE_HOME=$PWD/small
rc=0
"$BOOTCHECK" build cases/full.yaml >out 2>log || rc=$?
[ "$rc" = 3 ] || { echo "exit $rc on a full disk"; exit 1; }
grep -q 'No space left on device' out log || { echo "it is not said that the disk is full"; exit 1; }
[ -z "$(find small -name manifest.json)" ] || { echo "a half of a build looks finished"; exit 1; }
mount -o remount,size=8m small
"$BOOTCHECK" build cases/full.yaml >out 2>log || { echo "it does not go on with room"; exit 1; }
"$BOOTCHECK" cache verify >out || { echo "the store is damaged"; exit 1; }
END
	unshare -rm sh full.sh >reason || fail "$(cat reason)"
fi
