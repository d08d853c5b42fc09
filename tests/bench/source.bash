# Artifacts from source, beside the programs that make the same. Sourced by scripts/bench. BENCH_SLOW=1 also builds a
# kernel twice, which takes some minutes.
walk=cases/vexpress-a9
case=$walk/sd-ext3.yaml
echo "artifacts (the first time this builds the walk of $walk)"
$bootcheck build --label '!slow' --label '!network' $walk >"$dir/log" 2>&1 || { cat "$dir/log" >&2; die "the walk was not built"; }
artifact() { # NAME: its path
	$bootcheck build $case --json | awk -v n="\"$1\"," '/"artifact":/ { on = $2 == n } on && /"path":/ { gsub(/[",]/, "", $2); print $2; exit }'
}
wall() { # FILE COMMAND…: appends the milliseconds
	local file=$1
	shift
	$tools/bench_run "$@" 2>"$dir/log" | awk '{ print $1 }' >>"$dir/$file" || { cat "$dir/log" >&2; die "failed: $*"; }
}

# Everything is in the store, beside make with nothing to do in the same tree.
# The work folder of the walk's kernel: another configuration's would have something to do.
work=$(dirname "$(ls -t $(grep -lxF 'base allnoconfig' $(grep -lxF 'source apt linux-source-6.1' "${XDG_CACHE_HOME:-$HOME/.cache}"/bootcheck/work/linux-*/family)) | head -n 1)")
# In the build's own environment: what make writes there, later builds find there.
idle=(env "KBUILD_BUILD_TIMESTAMP=Wed Jan  1 00:00:00 UTC 2020" KBUILD_BUILD_USER=bootcheck KBUILD_BUILD_HOST=bootcheck KBUILD_BUILD_VERSION=1
	"KCFLAGS=-fdebug-prefix-map=$work/= -fmacro-prefix-map=$work/src/=" "KAFLAGS=-fdebug-prefix-map=$work/= -fmacro-prefix-map=$work/src/=" LOCALVERSION= LC_ALL=C make -C "$work/src" O="$work/obj" -j"$(nproc)" ARCH=arm CROSS_COMPILE=arm-linux-gnueabi- "CC=ccache arm-linux-gnueabi-gcc"
	"HOSTCC=ccache gcc" -s zImage dtbs modules)
"${idle[@]}" >"$dir/log" 2>&1 || die "make failed in the work folder" # what another variant of the kernel left to do
for ((i = 0; i < runs; i++)); do
	wall there.txt $bootcheck build --label '!slow' --label '!network' cases
	((i >= 3)) || wall make.txt "${idle[@]}"
done
row "build, all in the store" "$(median <"$dir/there.txt")" "ms" "≤ 50" "all of cases/; make with nothing to do in one kernel tree: $(median <"$dir/make.txt") ms"

# A card of 64 MiB from the same tree. A file that changes makes each a new one.
mkdir -p "$dir/tree/cases" "$dir/flat"
cp -r cases/parts "$dir/tree/cases/"
cp -r cases/vexpress-a9 "$dir/tree/cases/"
cp -r fixtures "$dir/tree/"
for part in "$(artifact busybox)" "$(artifact kernel)/modules" fixtures/rootfs; do
	cp -a "$part/." "$dir/flat/"
done
chmod -R u+w "$dir/flat"
for ((i = 0; i < runs; i++)); do
	echo "$i $RANDOM" >"$dir/tree/fixtures/rootfs/etc/stamp"
	rm -f "$dir"/*.img
	(cd "$dir/tree" && wall image.txt $bootcheck build cases/vexpress-a9/sd-ext3.yaml)
	wall mke2fs.txt fakeroot mke2fs -q -t ext3 -d "$dir/flat" "$dir/a.img" 64M
	wall genext2fs.txt genext2fs -q -b 65536 -N 16384 -d "$dir/flat" "$dir/b.img"
done
image=$(median <"$dir/image.txt") mke2fs=$(median <"$dir/mke2fs.txt") genext2fs=$(median <"$dir/genext2fs.txt")
row "ext3 card over mke2fs -d" "$(ratio "$image" "$mke2fs")" "x" "≤ 1" "whole commands: $image ms against $mke2fs ms under fakeroot"
row "ext3 card over genext2fs" "$(ratio "$image" "$genext2fs")" "x" "≤ 1" "$genext2fs ms, ext2 without a journal and not synced"

# A kernel tree that is given as a path, and has not changed.
cp -r --reflink=auto "$work/src" "$dir/tree/linux"
cat >"$dir/tree/cases/path.yaml" <<'END'
bootcheck: 1
name: path
machine: {arch: arm, model: vexpress-a9}
artifacts:
  kernel: {linux: {source: linux, defconfig: vexpress_defconfig, targets: [zImage]}}
boot: {kernel: '${kernel:zImage}'}
console: [{expect: Linux}]
END
sleep 2.1 # what was written just now is not trusted
(cd "$dir/tree" && $bootcheck build -n cases/path.yaml >/dev/null)
for ((i = 0; i < runs; i++)); do
	(cd "$dir/tree" && wall path.txt $bootcheck build -n cases/path.yaml)
done
row "key of a kernel tree" "$(median <"$dir/path.txt")" "ms" "≤ 1000" "$(find "$dir/tree/linux" -type f | wc -l) files; size, times and inode of each are compared, nothing is read"

# A whole build, without the compiler's cache on both sides.
if [[ ${BENCH_SLOW:-} == 1 ]]; then
	export CCACHE_DISABLE=1
	mkdir "$dir/obj"
	cp "$(artifact kernel)/config" "$dir/obj/.config"
	make=(make -C "$work/src" O="$dir/obj" -j"$(nproc)" ARCH=arm CROSS_COMPILE=arm-linux-gnueabi- "CC=ccache arm-linux-gnueabi-gcc" "HOSTCC=ccache gcc")
	wall bare-make.txt "${make[@]}" olddefconfig zImage dtbs modules
	XDG_CACHE_HOME=$dir/fresh $bootcheck build cases/vexpress-a9/vfs-panic.yaml >/dev/null 2>"$dir/log" || die "the build failed"
	log=$(find "$dir/fresh/bootcheck/store" -path '*/build.log' -exec grep -l 'zImage' {} + | head -n 1)
	started=$(stat -c %W "$log") ended=$(stat -c %Y "$log")
	bare=$(awk '{ print $1 / 1000 }' "$dir/bare-make.txt")
	row "kernel build over bare make" "$(ratio $((ended - started)) "$bare")" "x" "≤ 1.02" "from the sources' arrival to the artifact: $((ended - started)) s against $bare s"
fi
chmod -R u+w "$dir"
