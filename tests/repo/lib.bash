# Shared by the repository tests: each defines `check ROOT`, which prints one line per violation. A
# check that finds nothing in a tree made to violate it is broken, and the test says so.
set -eu
: "${SOURCE_DIR:=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)}"

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# put FILE: stdin into a file of the scratch tree.
put() {
	mkdir -p "$scratch/tree/$(dirname "$1")"
	cat >"$scratch/tree/$1"
}

# must_find PATTERN: the scratch tree is in violation and `check` says so; the tree is emptied after.
must_find() {
	local found
	found=$(check "$scratch/tree")
	if ! grep -qE -- "$1" <<<"$found"; then
		echo "self-check: a violation was not found: $1"
		printf 'check said: %s\n' "${found:-nothing}"
		exit 1
	fi
	rm -rf "$scratch/tree"
}

# must_pass: the scratch tree is in order and `check` says nothing; the tree is emptied after.
must_pass() {
	local found
	found=$(check "$scratch/tree")
	if [[ -n $found ]]; then
		printf 'self-check: found in a tree without a violation: %s\n' "$found"
		exit 1
	fi
	rm -rf "$scratch/tree"
}

# finish: runs `check` on the repository.
finish() {
	local found
	found=$(check "$SOURCE_DIR")
	if [[ -n $found ]]; then
		printf '%s\n' "$found"
		exit 1
	fi
}

# The tracked files below ROOT, or all files where there is no git.
files() {
	if [[ -e $1/.git ]]; then
		git -c safe.directory='*' -C "$1" ls-files --cached --others --exclude-standard
	else
		(cd "$1" && find . -type f -not -path './build/*' -printf '%P\n')
	fi
}
