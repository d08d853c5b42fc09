#!/usr/bin/env bash
# labels: cli
# timeout: 600
# What changes in a source between two builds reaches the second, and nothing outside of it is touched.
set -euo pipefail
source "$SOURCE_DIR/tests/cli/kbuild.bash"
work() { find "$XDG_CACHE_HOME/bootcheck/work" -path "$1"; }
# Each part has what it has built itself, and a tree without the changes of others.
part() {
	chmod -R u+w "$XDG_CACHE_HOME/bootcheck/store"
	rm -rf "$XDG_CACHE_HOME/bootcheck/work" "$XDG_CACHE_HOME/bootcheck/store"
	fresh_tree
}
# same_elsewhere NAME: a build without a work folder before it gives the same kernel.
same_elsewhere() {
	local here=$path
	XDG_CACHE_HOME=$dir/elsewhere good "$1"
	cmp -s "$here/vmlinux" "$path/vmlinux" || fail "$1: other bytes than without a build before"
	chmod -R u+w "$dir/elsewhere"
	rm -rf "$dir/elsewhere"
}
a_case folder "source: linux-1.0
      defconfig: board_defconfig"

# A folder becomes a link to a folder of the user, which keeps what it holds.
mkdir linux-1.0/firmware
echo blob >linux-1.0/firmware/blob.bin
good folder
mkdir mine
mv linux-1.0/firmware mine/
ln -s "$dir/mine/firmware" linux-1.0/firmware
good folder
[[ -s mine/firmware/blob.bin ]] || fail "a file of the user is gone"
# To another folder of the source.
part
mkdir linux-1.0/a linux-1.0/b
echo '#define A' | tee linux-1.0/a/x.h >linux-1.0/b/x.h
sed -i '1i #include "../b/x.h"' linux-1.0/init/main.c
good folder
rm -r linux-1.0/a
ln -s b linux-1.0/a
echo >>linux-1.0/init/main.c
good folder
same_elsewhere folder
# To a file.
rm linux-1.0/a
echo file >linux-1.0/a
good folder
[[ -f $(work '*/src/a') ]] || fail "a link that became a file"
grep -q 'all objects are removed: a ' "$path/../build.log" || fail "it is not said why all is compiled"

# A source that went is not linked from its old object.
part
echo 'int extra(void) { return 1; }' >linux-1.0/lib/extra.c
sed -i 's|^objects = .*|& $(if $(wildcard lib/extra.c)$(wildcard $(O)/lib/extra.o),$(O)/lib/extra.o)|' linux-1.0/Makefile
good folder
nm "$path/vmlinux" | grep -q ' extra$' || fail "the source is not in the kernel"
rm linux-1.0/lib/extra.c
good folder
! nm "$path/vmlinux" | grep -q ' extra$' || fail "a source that went is still in the kernel"
# A link has no time that make sees.
part
sed 's/length/length_a/' linux-1.0/lib/string.c >linux-1.0/a.c
sed 's/length/length_b/' linux-1.0/lib/string.c >linux-1.0/b.c
ln -sf ../a.c linux-1.0/lib/string.c
good folder
ln -sfn ../b.c linux-1.0/lib/string.c
good folder
nm "$path/vmlinux" | grep -q length_b || fail "a link that leads elsewhere is not followed"
# A header comes before another of its name.
part
good folder
echo '#define VERSION "shadow"' >linux-1.0/init/version.h
good folder
grep -aq shadow "$path/vmlinux" || fail "a header that hides another is not seen"
grep -q 'init/version.h may hide' "$path/../build.log" || fail "it is not said that a header may hide another"
same_elsewhere folder

# Objects of the future: the clock was wrong when they were made.
part
good folder
find "$XDG_CACHE_HOME/bootcheck/work" -path '*/obj/*' -type f -exec touch -d '+1 day' {} +
echo '#define VERSION "newer"' >linux-1.0/include/version.h
good folder
grep -aq newer "$path/vmlinux" || fail "objects that are newer than the present are taken for the newest"
grep -q 'newer than the present: its objects are removed' "$path/../build.log" || fail "it is not said why all is compiled"

# A build that writes into its own source writes into no artifact.
part
sed -i 's,^vmlinux: $(objects),&\n\t@echo "extern int built;" >>$(srctree)/include/version.h,' linux-1.0/Makefile
tar -cf writes.tar linux-1.0
a_case writes "source: writes.tar
      defconfig: board_defconfig"
good writes
grep -q 'extern int built' "$(work '*/src/include/version.h')" || fail "the build does not write into its source"
"$BOOTCHECK" cache verify >out || fail "a build damaged the store"

# The caller's umask is in no source.
part
chmod 755 linux-1.0/scripts/conf
(umask 077; good folder)
modes=$(find "$XDG_CACHE_HOME/bootcheck/work" -path '*/src/*' -printf '%y%m\n' | sort -u | tr '\n' ' ')
[[ $modes == 'd755 f644 f755 ' ]] || fail "modes of the sources: $modes"

# A link that leads out of the source: what is there counts.
part
good folder
sed 's/length/one_one/' linux-1.0/lib/string.c >mine/string.c
ln -sf "$dir/mine/string.c" linux-1.0/lib/string.c
good folder
sed -i 's/one_one/two_two/' mine/string.c
good folder
nm "$path/vmlinux" | grep -q two_two || fail "a file that a link leads to is not followed"
# The folder around the source is no part of it.
ln -s "$dir" linux-1.0/above
good folder
echo other >other
good folder
grep -q '^nothing to build' log || fail "a link to the folder around the source makes all of that a source"
