#!/usr/bin/env bash
# labels: cli
# timeout: 300
# Parts of builds from source that other tests leave out: tinyconfig, System.map and Image, a kernel of a git commit.
set -euo pipefail
source "$SOURCE_DIR/tests/cli/kbuild.bash"

# tinyconfig starts from nothing, and options go over it.
a_case tiny "source: linux-1.0
      defconfig: tinyconfig"
good tiny
grep -q '^CONFIG_BLOCK=y$' "$path/config" || fail "tinyconfig is not the kernel's"
grep -q '^# CONFIG_MMC is not set$' "$path/config" || fail "tinyconfig has more than its options"
grep -q 'linux of path linux-1.0, tinyconfig' out || fail "it is not said which configuration"
a_case tinymore "source: linux-1.0
      defconfig: tinyconfig
      config: {MMC: y}"
good tinymore
grep -q '^CONFIG_BLOCK=y$' "$path/config" && grep -q '^CONFIG_MMC=y$' "$path/config" || fail "an option over tinyconfig"
grep -aq 'SD cards are in' "$path/bzImage" || fail "an option over tinyconfig has no effect"
a_case tinyless "source: linux-1.0
      defconfig: tinyconfig
      config: {BLOCK: n, MMC: y}"
bad tinyless 2 'CONFIG_MMC=y did not survive' 'BLOCK'

# Exactly what is asked for is there. System.map is no target of make: it comes with vmlinux.
targets() {
	sed -i "s/targets: .*/targets: [$2]/; s/kernel:bzImage/kernel:$3/" "cases/$1.yaml"
	build "$1"
	[[ $rc == 0 ]] || fail "$1: exit $rc"
	[[ $(ls "$path" | sort | paste -sd ' ') == "$4" ]] || fail "targets $2: $(ls "$path")"
}
a_case map "source: linux-1.0
      defconfig: board_defconfig"
targets map System.map System.map 'System.map config release'
grep -q ' T length$' "$path/System.map" || fail "System.map: no symbol of the kernel"
a_case image "source: linux-1.0
      defconfig: board_defconfig"
targets image Image,System.map,vmlinux Image 'Image System.map config release vmlinux'
grep -aq 'SD cards are in' "$path/Image" || fail "Image is not the kernel"
diff <(nm -n "$path/vmlinux") "$path/System.map" || fail "System.map is of another kernel"
# A kernel that changed has another one, though nothing else was asked for.
echo 'int another(void) { return 1; }' >>linux-1.0/lib/string.c
targets map System.map System.map 'System.map config release'
grep -q ' T another$' "$path/System.map" || fail "System.map is of the kernel before the change"
fresh_tree

# A commit: the files that it has, whatever the work tree has since.
command -v git >/dev/null || { echo "SKIP: git is not here"; exit 77; }
export HOME=$dir GIT_CONFIG_NOSYSTEM=1
git() { command git -C linux-1.0 -c user.name=a -c user.email=a@example.org "$@"; }
git init -q -b main
git add -A
git commit -qm one
git tag v1
echo '#define VERSION "second"' >linux-1.0/include/version.h
git commit -qam two
echo '#define VERSION "uncommitted"' >linux-1.0/include/version.h
sum=$(git rev-parse HEAD)
for rev in v1 main "$sum"; do
	a_case "git-${rev:0:4}" "source: {git: linux-1.0, rev: $rev}
      defconfig: board_defconfig"
done
good git-v1
grep -aq fake "$path/vmlinux" && ! grep -aq second "$path/vmlinux" || fail "another commit than the tag's"
first=$(sha256sum <"$path/bzImage")
good git-main
grep -aq second "$path/vmlinux" && ! grep -aq uncommitted "$path/vmlinux" || fail "another commit than the branch's"
# What differs between the two commits is compiled, and the same commit by another name is there already.
[[ $(compiled) == 2 ]] || fail "$(compiled) files were compiled between two commits"
good "git-${sum:0:4}"
grep -q '^nothing to build: 1 artifact' log || fail "a commit by its sum is built again"
good git-v1
grep -q '^nothing to build: 1 artifact' log || fail "a commit that was built is built again"
[[ $(sha256sum <"$path/bzImage") == "$first" ]] || fail "another kernel of the same commit"
# The branch moves, and with it the kernel.
git commit -qam three
good git-main
grep -aq uncommitted "$path/vmlinux" || fail "a branch that moved is not followed"
# A patch and a configuration of the case go over the commit.
cat >version.patch <<'END'
--- a/include/version.h
+++ b/include/version.h
@@ -1 +1 @@
-#define VERSION "fake"
+#define VERSION "patched"
END
a_case git-patched "source: {git: linux-1.0, rev: v1}
      patches: version.patch
      defconfig: tiny_defconfig
      config: {MMC: y}"
good git-patched
grep -aq patched "$path/vmlinux" && grep -aq 'SD cards are in' "$path/vmlinux" || fail "a patch over a commit"
[[ -z $(git status --porcelain) ]] || fail "the repository of the user was changed: $(git status --porcelain)"
a_case git-none "source: {git: linux-1.0, rev: v9}
      defconfig: board_defconfig"
bad git-none 2 'has no commit v9'
