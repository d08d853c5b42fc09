#!/usr/bin/env bash
# labels: cli
# timeout: 300
# The store: what it lists, what it removes and keeps, and that damage is found, put aside and built again.
set -euo pipefail
dir=$(mktemp -d)
child=
trap '[[ -z $child ]] || kill $child 2>/dev/null || true; chmod -R u+w "$dir"; rm -rf "$dir"' EXIT
fail() { echo "FAIL: $*"; [[ ! -s $dir/out ]] || cat "$dir/out"; exit 1; }
export XDG_CACHE_HOME=$dir/cache
unset BOOTCHECK_CACHE_SIZE
mkdir "$dir/cases"
cd "$dir"
for name in a b c; do
	head -c 1000000 /dev/urandom >"$name.bin"
	cat >"cases/$name.yaml" <<END
bootcheck: 1
name: $name
machine: {arch: arm, model: virt}
artifacts:
  one: {file: {source: $name.bin}}
  two: {tree: [{file: $name.bin}]}
boot: {kernel: '\${one}', initrd: '\${two:$name.bin}'}
console:
  - expect: Linux
END
done
run() {
	local want=$1 rc=0
	shift
	"$BOOTCHECK" "$@" >out 2>&1 || rc=$?
	[[ $rc == "$want" ]] || fail "exit $rc instead of $want: $*"
}
has() { grep -q -- "$1" out || fail "no '$1'"; }
store=$dir/cache/bootcheck

run 0 cache list
has '^0 items, 0 B'
run 0 build
run 0 cache list
has '^6 items'
run 0 cache list --json
[[ $(grep -c '"kind"' out) == 6 ]] || fail "JSON"
run 0 cache verify
has '^6 artifacts checked, 0 damaged$'

# The least recently used go first; a use counts.
find "$store/store" -name manifest.json -exec touch -d '3 days ago' {} +
run 0 build cases/b.yaml
run 0 cache gc --size 2500K --dry-run
has '^would remove 4 items'
run 0 cache list
has '^6 items'
run 0 cache gc --size 2500K
has '^removed 4 items'
run 0 build cases/b.yaml
has '^nothing to build: 2 artifacts'
run 0 build cases/a.yaml
has '^built 2 artifacts'
BOOTCHECK_CACHE_SIZE=0 run 0 cache gc
has 'removed 4 items'
[[ -z $(find "$store/store" -name manifest.json) && -z $(find "$store/tmp" -name 'gone-*') ]] || fail "something is left"
BOOTCHECK_CACHE_SIZE=much run 2 cache gc
has 'BOOTCHECK_CACHE_SIZE'

# What the cache knows besides: listed, and removed when it is old. The versions that apt gave stay, and so does what is
# known of an artifact that is there.
run 0 build
mkdir -p "$store/apt/records" "$store"/apt/{old,new}/state
head -c 100000 /dev/urandom | tee "$store/apt/old/state/list" "$store/logs/old.log" "$store/logs/new.log" \
	"$store/stat/old" >"$store/apt/records/old.json"
touch "$store"/apt/{old,new}/apt.log
echo '{"key":"0000"}' >"$store/names/old.json"
run 0 cache list
has '^6 items, '
has '^besides: apt/ .*, stat/ .*, logs/ .*, names/ '
run 0 cache list --json
has '"besides"'
names=$(ls "$store/names" | wc -l)
find "$store"/{names,stat,logs/old.log,apt/old,apt/records} -exec touch -d '40 days ago' {} +
stats=$(ls "$store/stat" | wc -l)
# What a build looked at is not old.
run 0 build
run 0 cache gc --dry-run
has '^would remove 0 items'
has '^would remove .* of lists, sums, logs and records'
[[ -e $store/apt/old && -e $store/logs/old.log && -e $store/stat/old ]] || fail "a dry run removes"
run 0 cache gc
has '^removed 0 items'
has '^removed .* of lists, sums, logs and records that were not used for 30 days'
for path in apt/old logs/old.log stat/old names/old.json; do
	[[ ! -e $store/$path ]] || fail "$path is left"
done
for path in apt/new apt/records/old.json logs/new.log; do
	[[ -e $store/$path ]] || fail "$path is gone"
done
(($(ls "$store/names" | wc -l) >= names - 2)) || fail "what is known of artifacts is gone"
(($(ls "$store/stat" | wc -l) == stats - 1)) || fail "sums that were used are gone"
run 0 build
has '^nothing to build'
run 0 cache gc
! grep -q 'of lists' out || fail "a second time"

# Damage.
run 0 build
damage() { # FILE-PATTERN COMMAND…: to the first file that fits
	local pattern=$1 file
	shift
	file=$(find "$store/store" -path "$pattern" -type f | sort | head -n 1)
	chmod u+w "$file" "$(dirname "$file")" "${file%/out/*}"/*
	"$@" "$file"
}
flip() { printf 'X' | dd of="$1" bs=1 seek=500 conv=notrunc status=none; }
damage '*/out/file' flip
damage '*/out/b.bin' truncate -s 10
no_manifest() { truncate -s 0 "${1%/out/*}/manifest.json"; }
damage '*/out/c.bin' no_manifest
run 1 cache verify
has 'has other bytes'
has 'has 10 bytes, not 1000000'
has 'its manifest cannot be read'
has '^6 artifacts checked, 3 damaged; they are in quarantine/'
[[ $(ls "$store/quarantine" | wc -l) == 3 ]] || fail "not 3 in quarantine"
run 0 cache verify
has '^3 artifacts checked, 0 damaged$'
run 0 build
has '^built 3 artifacts in .*, 3 from the store'
run 0 cache verify
has '^6 artifacts checked, 0 damaged$'
# A file that was cut off is seen when it is used, too.
damage '*/out/file' truncate -s 10
run 0 build
has '^built 1 artifact in .*, 5 from the store'

# So is a file of a tree that is gone, and one that leads nowhere is as it was.
cat >cases/links.yaml <<'END'
bootcheck: 1
name: links
machine: {arch: arm, model: virt}
artifacts:
  two: {tree: [{file: a.bin}, {file: b.bin}], links: [{path: nowhere, to: /no/such/file}]}
boot: {kernel: a.bin, initrd: '${two:b.bin}'}
console:
  - expect: Linux
END
run 0 build cases/links.yaml
run 0 build cases/links.yaml
has '^nothing to build'
gone=$(find "$store/store" -name nowhere)
chmod u+w "${gone%/*}"
rm "${gone%/*}/a.bin"
run 0 build cases/links.yaml
has '^built 1 artifact'
[[ -e ${gone%/*}/a.bin ]] || fail "what was gone is not there again"
rm cases/links.yaml

# What was made of something damaged goes with it, and what was made of that; the rest stays.
run 0 build
cat >cases/made.yaml <<'END'
bootcheck: 1
name: made
machine: {arch: arm, model: virt}
artifacts:
  one: {tree: [{file: a.bin, to: /first}]}
  two: {tree: [{tree: '${one}'}, {file: b.bin, to: /second}]}
  three: {image: {format: ext4, size: 16M, from: ['${two}']}}
boot: {kernel: a.bin, initrd: '${one:first}', drives: [{file: '${three}'}]}
console:
  - expect: Linux
END
run 0 build cases/made.yaml
has '^built 3 artifacts'
mkdir -p "$store/work/image-x" && touch "$store/work/image-x/src.list" "$store/work/image-x/lock"
first=$(find "$store/store" -path '*/out/first' -exec sh -c '[ ! -e "${1%/*}/second" ]' _ {} \; -print)
chmod u+w "$first"
flip "$first"
run 1 cache verify
has "'first' has other bytes"
has '^made of .* tree'
has '^made of .* ext4 image'
has ', 1 damaged and 2 made from it; they are in quarantine/ and will be built again'
[[ ! -e $store/work/image-x/src.list ]] || fail "objects of what is damaged are trusted"
rm -r "$store/work"
run 0 build cases/made.yaml
has '^built 3 artifacts'
run 0 build
has '^nothing to build: 9 artifacts'
chmod -R u+w "${first%/*}"
rm "$first"
run 0 build cases/made.yaml
has 'is damaged: it is put aside, and 2 made from it'
has '^built 3 artifacts'
# A manifest that cannot be read is damage, too.
damaged=${first%/out/first}
chmod u+w "$damaged" "$damaged/manifest.json"
truncate -s 0 "$damaged/manifest.json"
run 0 build cases/made.yaml
has 'is damaged: it is put aside, and 2 made from it'
rm cases/made.yaml

# All that for who is not root, too: folders of the store are read-only.
user() { # WANT ARG…
	local want=$1 rc=0
	shift
	set -- "${other[@]}" "$@"
	HOME=$dir/user XDG_CACHE_HOME=$dir/user "$@" >out 2>&1 || rc=$?
	[[ $rc == "$want" ]] || fail "as a user: exit $rc instead of $want: $*"
}
mkdir user
other=()
if [[ $(id -u) == 0 ]]; then
	other=(setpriv --reuid 65534 --regid 65534 --clear-groups --)
	"${other[@]}" test -x "$BOOTCHECK" || other=()
	chmod 755 .
	chown 65534 user
fi
user 0 "$BOOTCHECK" build cases/a.yaml
user 0 find user -path '*/out/file' -exec chmod u+w {} + -exec truncate -s 10 {} +
user 1 "$BOOTCHECK" cache verify
has '1 damaged'
user 0 "$BOOTCHECK" build cases/a.yaml
user 0 find user -path '*/out/file' -exec chmod u+w {} + -exec truncate -s 10 {} +
user 0 "$BOOTCHECK" build cases/a.yaml
has '^built 1 artifact'
user 0 "$BOOTCHECK" cache gc --size 0
[[ -z $(find user -name manifest.json -path '*/store/*') ]] || fail "as a user: something is left"

# A sparse image is checked by what is in it.
mkdir tree && echo hello >tree/file
cat >cases/image.yaml <<'END'
bootcheck: 1
name: image
machine: {arch: arm, model: virt}
artifacts:
  disk: {image: {format: ext4, size: 64M, from: [tree]}}
boot: {kernel: a.bin, drives: [{file: '${disk}'}]}
console:
  - expect: Linux
END
run 0 build cases/image.yaml
damage '*/out/image.ext4' true
run 0 cache verify
noise() { head -c 512 /dev/urandom | dd of="$2" bs=512 seek=$(($1 / 512)) conv=notrunc status=none; }
for seek in 0 40000000; do
	run 0 build cases/image.yaml
	damage '*/out/image.ext4' noise $seek
	run 1 cache verify
	has "'image.ext4' has other bytes"
done
run 0 build cases/image.yaml
rm cases/image.yaml

# Not while it is in use: the command below has it as a build has.
exec 9>>"$store/in-use"
flock -s 9
run 3 cache gc --size 0
has 'another bootcheck uses the cache'
run 3 cache verify
run 0 cache list
run 0 build
has '^nothing to build'
exec 9>&-
run 2 cache
run 2 cache shrink
run 2 cache list --size 1G
