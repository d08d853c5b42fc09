#!/usr/bin/env bash
# labels: cli
# timeout: 300
# The apt source against a repository of our own: what is found, followed, unpacked, remembered, and what
# is said when it is not there. The host's apt state stays as it is.
set -euo pipefail
for tool in apt-get apt-cache apt-config dpkg-deb; do
	command -v $tool >/dev/null || { echo "SKIP: $tool is not here"; exit 77; }
done
dir=$(mktemp -d)
trap 'chmod -R u+w "$dir"; rm -rf "$dir"' EXIT
fail() { echo "FAIL: $*"; [[ ! -s $dir/log ]] || cat "$dir/log"; exit 1; }
export XDG_CACHE_HOME=$dir/cache
mkdir "$dir/cases" "$dir/repo"
cd "$dir"

# package NAME VERSION DEPENDS FILE…: a .deb for the architecture armhf, listed in the repository.
package() {
	local name=$1 version=$2 depends=$3 root=$dir/pkg
	shift 3
	mkdir -p "$root/DEBIAN"
	for f in "$@"; do
		mkdir -p "$root/$(dirname "$f")"
		echo "$f of $name $version" >"$root/$f"
	done
	cat >"$root/DEBIAN/control" <<END
Package: $name
Version: $version
Architecture: armhf
Maintainer: Nobody <nobody@example.org>
Description: test${depends:+
Depends: $depends}
END
	local deb=repo/${name}_${version}_armhf.deb
	dpkg-deb --root-owner-group --build "$root" "$deb" >/dev/null
	{
		cat "$root/DEBIAN/control"
		echo "Filename: ./${deb##*/}"
		echo "Size: $(stat -c %s "$deb")"
		echo "SHA256: $(sha256sum "$deb" | cut -d ' ' -f 1)"
		echo
	} >>repo/Packages
	rm -r "$root"
}
package linux-image-test 6.1.5-1 'linux-image-6.1.0-5-test (= 6.1.5-1), initramfs-tools | other'
package linux-image-6.1.0-5-test 6.1.5-1 '' boot/vmlinuz-6.1.0-5-test lib/modules/6.1/a.ko
package tool 1.0-1 '' bin/tool

mkdir -p etc/apt.conf.d etc/preferences.d etc/sources.list.d etc/trusted.gpg.d
echo "deb [trusted=yes] file:$dir/repo ./" >etc/sources.list
# A hook of the host must not run.
cat >apt.conf <<END
Dir::Etc "$dir/etc";
APT::Update::Pre-Invoke { "touch $dir/hook-ran"; };
APT::Update::Post-Invoke { "touch $dir/hook-ran"; };
END
export APT_CONFIG=$dir/apt.conf

# a_case NAME KERNEL-PARAMS
a_case() {
	cat >"cases/$1.yaml" <<END
bootcheck: 1
name: $1
machine: {arch: arm, model: virt}
artifacts:
  kernel: {$2}
boot:
  kernel: \${kernel:boot/vmlinuz-*}
console:
  - expect: Linux
END
}
build() {
	local want=$1
	shift
	local rc=0
	"$BOOTCHECK" build "$@" >out 2>log || rc=$?
	[[ $rc == "$want" ]] || fail "exit $rc instead of $want: build $*"
}
host_state() { stat -c '%n %Y %s' /var/lib/dpkg/status /var/lib/apt/lists 2>/dev/null || true; }
before=$(host_state)

a_case follow "apt: linux-image-test, follow: '^linux-image-[0-9.-]+-test$', members: [boot/*]"
build 0 --json cases/follow.yaml
path=$(grep -o '"path": "[^"]*/out"' out | head -n 1 | cut -d '"' -f 4)
[[ $(cat "$path"/boot/vmlinuz-*) == 'boot/vmlinuz-6.1.0-5-test of linux-image-6.1.0-5-test 6.1.5-1' ]] ||
	fail "not the kernel: $path"
[[ ! -e $path/lib ]] || fail "members took all"
grep -q 'unpack apt linux-image-6.1.0-5-test:armhf 6.1.5-1' out || fail "no resolved version"
[[ ! -e hook-ran ]] || fail "a hook of the host ran"
[[ $(host_state) == "$before" ]] || fail "the host's package state was touched"

# Again: no apt at all, even without the repository and without any apt in the PATH.
mv repo away
mkdir empty
for tool in bash chmod rm; do ln -s "$(command -v $tool)" empty/; done
PATH=$dir/empty build 0 cases/follow.yaml
grep -q hit out || fail "no hit"
build 0 --offline cases/follow.yaml
# Another selection shares the package that is in the store: only unpacking is left.
a_case all "apt: 'linux-image-test:armhf', follow: '^linux-image-[0-9.-]+-test$'"
build 0 --offline cases/all.yaml
grep -q built out || fail "not built"
mv away repo

# A newer version is found when asked for.
: >repo/Packages
package linux-image-test 6.1.6-1 'linux-image-6.1.0-6-test (= 6.1.6-1)'
package linux-image-6.1.0-6-test 6.1.6-1 '' boot/vmlinuz-6.1.0-6-test
package tool 1.0-1 '' bin/tool
package tampered 1 '' bin/tool
build 0 cases/follow.yaml
grep -q '6.1.5-1' out || fail "the remembered version was not used"
build 0 --refresh --explain cases/follow.yaml
grep -q 'apt linux-image-6.1.0-6-test:armhf 6.1.6-1' out || fail "--refresh did not look"
grep -q 'why:.*version changed: 6.1.5-1 -> 6.1.6-1' out || fail "no reason for the miss"

# What is not there.
a_case missing "apt: no-such-package"
build 3 cases/missing.yaml
grep -q "no package no-such-package for the architecture armhf" out || fail "$(cat out)"
a_case foreign "apt: tool, arch: mipsel"
build 3 cases/foreign.yaml
grep -q "no package tool for the architecture mipsel" out || fail "$(cat out)"
a_case version "apt: tool, version: 9.9"
build 3 cases/version.yaml
grep -q "no package tool=9.9" out || fail "$(cat out)"
a_case nofollow "apt: linux-image-test, follow: '^nothing$'"
build 2 cases/nofollow.yaml
grep -q 'it depends on linux-image-6.1.0-6-test=6.1.6-1' out || fail "$(cat out)"
a_case members "apt: tool, members: [bin/tool, sbin/*]"
build 3 cases/members.yaml
grep -q "holds nothing that fits 'sbin/\*'" out || fail "$(cat out)"
a_case offline "apt: tool, version: 1.0-1"
build 3 --offline cases/offline.yaml
grep -q 'never looked up here' out || fail "$(cat out)"

# The bytes in the repository are not those that its list promises.
a_case tampered "apt: tampered"
echo x >>repo/tampered_1_armhf.deb
build 3 cases/tampered.yaml
grep -q 'apt cannot download tampered=1' out || fail "$(cat out)"

# A list that cannot be fetched is a warning when the package is found, and the reason when it is not.
echo "deb [trusted=yes] file:$dir/nothing-here ./" >>etc/sources.list
a_case warned "apt: tool"
build 0 --refresh cases/warned.yaml 2>&1
grep -q 'note: apt lists of armhf: E: .*nothing-here.*found all the same' log || fail "no warning"
build 3 --refresh cases/missing.yaml
grep -q 'hint: apt could not fetch all of its lists: .*nothing-here' out || fail "$(cat out)"

# Without apt the next step is named.
a_case noapt "apt: other-tool"
PATH=$dir/empty build 3 cases/noapt.yaml
grep -q 'apt-config is not installed' out || fail "$(cat out)"
grep -q 'hint: ' out || fail "no hint"
