#!/usr/bin/env bash
# labels: cli
# timeout: 300
# Where sources come from: git repositories, mirrors over HTTP, lists of sums, source packages; and cases that need
# a network which is not there.
set -euo pipefail
for tool in git busybox gzip apt-get; do
	command -v $tool >/dev/null || { echo "SKIP: $tool is not here"; exit 77; }
done
busybox httpd --help 2>&1 | grep -e -p >/dev/null || { echo "SKIP: busybox has no httpd"; exit 77; }
dir=$(mktemp -d)
child=
trap '[[ -z $child ]] || kill $child 2>/dev/null || true; chmod -R u+w "$dir"; rm -rf "$dir"' EXIT
fail() { echo "FAIL: $*"; [[ ! -s $dir/log ]] || cat "$dir/log"; [[ ! -s $dir/out ]] || cat "$dir/out"; exit 1; }
export XDG_CACHE_HOME=$dir/cache HOME=$dir
export GIT_CONFIG_NOSYSTEM=1 GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@example.org GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@example.org
mkdir "$dir/cases" "$dir/www"
cd "$dir"

# a_case NAME SOURCE [MORE]: a file of a tree that is taken from the source.
a_case() {
	cat >"cases/$1.yaml" <<END
bootcheck: 1
name: $1
machine: {arch: x86_64, model: pc}
${3:-}
artifacts:
  x: {tree: [{$2}]}
boot:
  kernel: \${x:file}
console:
  - expect: Linux
END
}
build() { # WANT ARG…: the file's text in $text
	local want=$1 rc=0
	shift
	"$BOOTCHECK" build "$@" >out 2>log || rc=$?
	[[ $rc == "$want" ]] || fail "exit $rc instead of $want: build $*"
	text=$(awk '/^ +\// { print $1; exit }' out)
	text=$([[ -z $text ]] || cat "$text/file" 2>/dev/null || true)
}
says() { [[ $text == "$1" ]] || fail "the file says '$text', not '$1'"; }
has() { grep -qF -- "$1" log out || fail "no '$1'"; }

# git: a folder of this host, by tag, branch and sum; what is not committed does not count.
git init -q -b main repo
echo one >repo/file && git -C repo add file && git -C repo commit -qm one && git -C repo tag -a -m v1 v1
sum=$(git -C repo rev-parse HEAD)
echo two >repo/file && git -C repo commit -qam two
echo three >repo/file
a_case head 'git: repo'
a_case tag 'git: repo, rev: v1'
a_case sum "git: repo, rev: $sum"
a_case none 'git: repo, rev: v9'
a_case option 'git: repo, rev: --output=x'
build 0 cases/head.yaml && says two
build 0 cases/tag.yaml && says one
build 0 cases/sum.yaml && says one
has 'nothing to build: 1'
build 2 cases/none.yaml
has 'the repository repo has no commit v9'
build 2 cases/option.yaml
has "'--output=x' is no revision"
# An address is asked what a branch is; a sum needs no asking, once it was fetched.
git clone -q --bare repo www/repo.git
a_case remote "git: 'file://$dir/www/repo.git', rev: v1"
a_case remotesum "git: 'file://$dir/www/repo.git', rev: $sum"
build 0 cases/remote.yaml && says one
build 0 --offline cases/remotesum.yaml && says one
rm -rf cache
build 3 --offline cases/remotesum.yaml
has 'nothing is fetched when offline'
build 0 cases/remotesum.yaml && says one
a_case gone "git: 'file://$dir/www/no.git', rev: v1"
build 3 cases/gone.yaml
has 'git cannot reach'
has "git ended with exit status 128: fatal: '$dir/www/no.git' does not appear to be a git repository"

# The commit alone tells what its files are: no configuration, attribute or variable of the user does.
git init -q -b main other
echo other >other/file && git -C other add file && git -C other commit -qm other && git -C other branch mine
printf 'file export-subst\nhidden export-ignore\n' >repo/.gitattributes
printf 'at $Format:%%D$\n' >repo/file
echo hidden >repo/hidden
git -C repo add -A && git -C repo commit -qm attributes
echo '* eol=crlf' >repo/.git/info/attributes
printf '[core]\n\tautocrlf = true\n' >.gitconfig
a_case attributes 'git: repo'
GIT_DIR=$dir/other/.git build 0 cases/attributes.yaml && says 'at $Format:%D$'
[[ -s $(awk '/^ +\// { print $1; exit }' out)/hidden ]] || fail "export-ignore hides a file"
a_case address "git: 'file://$dir/repo', rev: $(git -C repo rev-parse HEAD)"
before=$(git -C other show-ref)
GIT_DIR=$dir/other/.git build 0 cases/address.yaml && says 'at $Format:%D$'
[[ $(git -C other show-ref) == "$before" ]] || fail "a repository that no case names was written to"
rm .gitconfig repo/.git/info/attributes
# A clone that lacks files fetches them.
git -C www/repo.git config uploadpack.allowFilter true
git clone -q --no-checkout --filter=blob:none "file://$dir/www/repo.git" partial
a_case partial "git: partial, rev: $sum"
build 0 cases/partial.yaml && says one

# A submodule is in another repository.
git clone -q repo outer
git -c protocol.file.allow=always -C outer submodule --quiet add "$dir/other" sub 2>/dev/null
git -C outer commit -qm sub
a_case outer 'git: outer'
build 2 cases/outer.yaml
has 'has the submodule sub, whose files are in another repository'
has '`path` takes a work tree with the submodules'

# A server on loopback that has what the addresses of the case promise.
mkdir -p tree/pkg-1.0 www/pub && echo tarball >tree/pkg-1.0/file
tar -C tree -czf www/pub/pkg-1.0.tar.gz pkg-1.0
for ((try = 0; try < 20; try++)); do
	port=$((20000 + RANDOM % 20000))
	busybox httpd -f -p 127.0.0.1:$port -h www 2>/dev/null &
	child=$!
	for ((n = 0; n < 50; n++)); do
		(: <>/dev/tcp/127.0.0.1/$port) 2>/dev/null && break 2
		kill -0 $child 2>/dev/null || break
		sleep 0.05
	done
done
kill -0 $child || fail "no server"
sha=$(sha256sum www/pub/pkg-1.0.tar.gz | cut -d ' ' -f 1)
url=https://upstream.invalid/pub/pkg-1.0.tar.gz
a_case url "url: '$url', sha256: $sha, strip: 1"
a_case sums "url: '$url', sums: 'https://upstream.invalid/pub/sha256sums.asc', strip: 1"
export BOOTCHECK_MIRRORS="https://other.invalid/=http://127.0.0.1:1/ https://upstream.invalid/=http://127.0.0.1:$port/"
build 0 cases/url.yaml && says tarball
build 3 cases/sums.yaml
has 'sha256sums.asc'
printf -- '-----BEGIN PGP SIGNED MESSAGE-----\n%s  pkg-0.9.tar.gz\n%s  pkg-1.0.tar.gz\n' "${sha//[0-9]/0}" "$sha" >www/pub/sha256sums.asc
build 0 cases/sums.yaml && says tarball
has 'nothing to build: 1'
build 0 --offline cases/sums.yaml && says tarball
echo changed >www/pub/sha256sums.asc
build 0 cases/sums.yaml
build 2 --refresh cases/sums.yaml
has 'has no sum of pkg-1.0.tar.gz'
a_case both "url: '$url', sha256: $sha, sums: 'https://upstream.invalid/x'"
build 2 cases/both.yaml
has 'either `sha256` or `sums`'
a_case wrong "url: '$url', sha256: ${sha//[0-9]/1}, strip: 1"
build 3 cases/wrong.yaml
has "$sha"
# A server that answers does not have the file: a wrong address, not a network that is absent.
a_case refused "url: 'http://127.0.0.1:$port/none.tar.gz', sha256: $sha" 'needs: network'
one_error() { # CASE: an error of the run, whose reason fits the pattern
	local rc=0
	"$BOOTCHECK" run "cases/$1.yaml" --output run >out 2>log || rc=$?
	[[ $rc == 3 && $(grep -c '<skipped' run/junit.xml) == 0 ]] || fail "$1: exit $rc, or a skip"
	grep '<error' run/junit.xml | grep -q "$2" || fail "$1: no error that says '$2'"
	rm -r run
}
one_error refused 'none.tar.gz.*404'
a_case norepo "git: 'http://127.0.0.1:$port/no.git', rev: v1" 'needs: network'
one_error norepo 'git cannot reach .*/no.git'

# Without the network: an error, or a skip where the case says that it needs one.
kill $child && wait $child 2>/dev/null || true
child=
rm -rf cache
a_case lonely "url: 'http://127.0.0.1:1/x.tar.gz', sha256: $sha"
a_case skipped "url: 'http://127.0.0.1:1/y.tar.gz', sha256: $sha" 'needs: network'
rc=0
"$BOOTCHECK" run cases/lonely.yaml cases/skipped.yaml --output run >out 2>log || rc=$?
[[ $rc == 3 ]] || fail "run: exit $rc"
[[ $(grep -c '<skipped' run/junit.xml) == 1 && $(grep -c '<error' run/junit.xml) == 1 ]] || fail "not one skip and one error"
grep '<skipped' run/junit.xml | grep -q 127.0.0.1 || fail "the skip has no reason"

# A source package: the host's sources may list binary packages only.
mkdir -p repo2/pool etc/{apt.conf.d,preferences.d,sources.list.d,trusted.gpg.d}
cp www/pub/pkg-1.0.tar.gz repo2/pool/pkg_1.0.orig.tar.gz
echo x | gzip >repo2/pool/pkg_1.0-1.debian.tar.gz
sums() {
	local name
	for name in pkg_1.0.orig.tar.gz pkg_1.0-1.debian.tar.gz "$@"; do
		echo " $(sha256sum "repo2/pool/$name" | cut -d ' ' -f 1) $(stat -c %s "repo2/pool/$name") $name"
	done
}
cat >repo2/pool/pkg_1.0-1.dsc <<END
Format: 3.0 (quilt)
Source: pkg
Version: 1.0-1
Maintainer: Nobody <nobody@example.org>
Checksums-Sha256:
$(sums)
END
cat >repo2/Sources <<END
Package: pkg
Binary: pkg
Version: 1.0-1
Format: 3.0 (quilt)
Directory: pool
Files:
 00000000000000000000000000000000 1 x
Checksums-Sha256:
$(sums pkg_1.0-1.dsc)
END
sed -i '/^Files:/,/ x$/d' repo2/Sources
: >repo2/Packages
echo "deb [trusted=yes] file:$dir/repo2 ./" >etc/sources.list
echo "Dir::Etc \"$dir/etc\";" >apt.conf
export APT_CONFIG=$dir/apt.conf
a_case package 'apt-source: pkg, extract: true, strip: 1'
build 0 cases/package.yaml && says tarball
build 0 --offline cases/package.yaml
has 'nothing to build'
a_case nopackage 'apt-source: nothing-of-that-name'
build 3 cases/nopackage.yaml
has 'no source package nothing-of-that-name'
one_error nopackage 'no source package nothing-of-that-name'
a_case nobinary 'apt: nothing-of-that-name, arch: amd64' 'needs: network'
one_error nobinary 'no package nothing-of-that-name'
