# What scripts/run, scripts/test and scripts/bench share. Wants $root.

# build_preset NAME [TARGET]: configures and builds (without a target, all, tests too); says one line when there is something to build, prints the
# compiler's output only when it fails.
build_preset() {
	local name=$1 target=${2:-all} dir=$root/build/$1 log rc=0
	local home
	home=$(sed -n 's/^CMAKE_HOME_DIRECTORY:INTERNAL=//p' "$dir/CMakeCache.txt" 2>/dev/null || true)
	# A build folder that came along with a moved or copied tree is of no use.
	[[ -z $home || $home == "$root" ]] || rm -rf "$dir"
	log=$(mktemp)
	# A folder that was configured before the tests' library was there knows no tests.
	if [[ ! -f $dir/build.ninja ]] ||
		{ [[ $target == all ]] && ! grep -qs '^CHECK_FOUND:INTERNAL=1' "$dir/CMakeCache.txt"; }; then
		echo "building ($name)"
		(cd "$root" && cmake --preset "$name") >"$log" 2>&1 || rc=$?
	fi
	((rc)) || (cd "$root" && cmake --build --preset "$name" --target "$target") >"$log" 2>&1 || rc=$?
	if ((rc)); then
		cat "$log" >&2
		rm -f "$log"
		echo "the build failed (preset $name)" >&2
		exit 3
	fi
	rm -f "$log"
}
