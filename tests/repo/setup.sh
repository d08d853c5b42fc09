#!/usr/bin/env bash
# labels: repo
# scripts/setup installs what is missing, once, and says nothing when all is there. Its programs are fakes.
set -eu
: "${SOURCE_DIR:=$(cd "$(dirname "$0")/../.." && pwd)}"
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
fail() { echo "FAIL: $*"; cat "$dir/out" "$dir/log" 2>/dev/null; exit 1; }
mkdir -p "$dir/bin"
touch "$dir/installed" "$dir/log"

fake() { printf '#!/bin/bash\n' >"$dir/bin/$1"; cat >>"$dir/bin/$1"; chmod +x "$dir/bin/$1"; }
fake dpkg <<<'echo amd64'
fake dpkg-query <<END
while read -r p; do for q; do [[ \$p == "\$q" ]] && echo "\$p amd64 installed"; done; done <"$dir/installed"
exit 1
END
# Without lists, apt knows no candidate.
fake apt-cache <<END
[[ -e $dir/lists && \$2 != libclang-rt-14-dev ]] && printf '%s:\n  Candidate: 1.0\n' "\$2" || printf '%s:\n  Candidate: (none)\n' "\$2"
END
fake apt-get <<END
echo "\$*" >>"$dir/log"
case "\$*" in
*update*) touch "$dir/lists" ;;
*install*) [[ ! -e $dir/broken ]] || { echo "E: broken mirror"; exit 100; }; for p; do echo "\$p"; done >>"$dir/installed" ;;
esac
END
fake sudo <<<'"$@"'
setup() { rc=0; PATH=$dir/bin:$PATH "$SOURCE_DIR/scripts/setup" "$@" >"$dir/out" 2>&1 </dev/null || rc=$?; }

touch "$dir/broken"
setup build
[[ $rc == 3 ]] && grep -q 'E: broken mirror' "$dir/out" || fail "a failing apt: $rc"
rm "$dir/broken" "$dir/lists"
: >"$dir/log"

setup
[[ $rc == 0 && $(wc -l <"$dir/out") == 1 ]] || fail "the first time: $rc"
grep -q '^setup: installing .*cmake.*qemu-system-arm.*valgrind' "$dir/out" || fail "what it says"
[[ $(grep -c update "$dir/log") == 1 && $(grep -c install "$dir/log") == 1 ]] || fail "apt-get's calls"
grep -q -- '--no-install-recommends' "$dir/log" || fail "recommended packages"
# Of two names the one that apt knows.
grep -qx libclang-rt-dev "$dir/installed" || fail "an alternative"
! grep -qx libclang-rt-14-dev "$dir/installed" || fail "a package that apt does not know"

: >"$dir/log"
setup
[[ $rc == 0 && ! -s $dir/out && ! -s $dir/log ]] || fail "the second time: $rc"

sed -i '/^cmake$/d' "$dir/installed"
setup run
[[ ! -s $dir/log ]] || fail "a group that was not asked for"
setup build run
[[ $rc == 0 ]] && grep -qE 'install .* cmake$' "$dir/log" && ! grep -q update "$dir/log" || fail "one package: $rc"
setup nonsense
[[ $rc == 2 ]] || fail "an unknown group: $rc"
