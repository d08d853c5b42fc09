# For tests of builds from source, with a tree that only looks like a kernel's: a folder of cases, linux-1.0 and a store.
for tool in make gcc ccache patch flex bison bc depmod; do
	command -v $tool >/dev/null || { echo "SKIP: $tool is not here"; exit 77; }
done
[[ $(uname -m) == x86_64 ]] || { echo "SKIP: the tree is for x86_64"; exit 77; }
dir=$(mktemp -d)
child=
trap '[[ -z $child ]] || kill -9 $child 2>/dev/null || true; chmod -R u+w "$dir"; rm -rf "$dir"' EXIT
fail() { echo "FAIL: $*"; [[ ! -s $dir/log ]] || cat "$dir/log"; [[ ! -s $dir/out ]] || cat "$dir/out"; exit 1; }
export XDG_CACHE_HOME=$dir/cache
mkdir "$dir/cases"
fresh_tree() { rm -rf "$dir/linux-1.0"; cp -r "$SOURCE_DIR/tests/cli/kbuild-tree" "$dir/linux-1.0"; }
fresh_tree
cd "$dir"

# a_case NAME FIELDS: a kernel made of these fields, "source: …" among them.
a_case() {
	cat >"cases/$1.yaml" <<END
bootcheck: 1
name: $1
machine: {arch: x86_64, model: pc}
artifacts:
  kernel:
    linux:
      $2
      targets: [bzImage, dtbs, modules, vmlinux]
boot:
  kernel: \${kernel:bzImage}
console:
  - expect: Linux
END
}
# build NAME [ENV…]: the kernel's folder in $path, the exit status in $rc.
build() {
	local name=$1
	shift
	rc=0
	env "$@" "$BOOTCHECK" build "cases/$name.yaml" >out 2>log || rc=$?
	path=$(awk '$1 == "built" || $1 == "hit" { inner = $2 == "kernel:"; next } inner && /^ +\// { print $1; exit }' out)
}
good() {
	build "$@"
	[[ $rc == 0 && -s $path/bzImage ]] || fail "$1: exit $rc"
}
bad() {
	local name=$1 want=$2
	shift 2
	build "$name"
	[[ $rc == "$want" ]] || fail "$name: exit $rc, not $want"
	for text; do
		grep -qF -- "$text" log out || fail "$name: no '$text'"
	done
}
# The compiler's lines of the newest build, from its log in the store.
compiled() { grep -c '^  CC ' "$path/../build.log" || true; }
