# What the real-QEMU tests share. Sourced; needs BOOTCHECK and SOURCE_DIR, as ctest sets them.
dir=$(mktemp -d)
child=
cleanup() {
	[[ -z $child ]] || kill -9 "$child" 2>/dev/null || true
	rm -rf "$dir"
}
trap cleanup EXIT

fail() {
	echo "FAIL: $*"
	exit 1
}
skip() {
	echo "SKIP: $*"
	exit 77
}

# rc=… of a command, whatever it is, with its output in $dir/out.
try() {
	rc=0
	"$@" >"$dir/out" 2>&1 || rc=$?
}

# want_rc N WHAT
want_rc() {
	[[ $rc == "$1" ]] && return
	cat "$dir/out"
	fail "$2: exit status $rc, not $1"
}

# The pids of the emulators that a run started.
pids() {
	grep '"spawn"' "$1/events.jsonl" | grep -o '"pid": *[0-9]*' | grep -o '[0-9]*$'
}

# True when the process is an emulator that runs; a zombie does not.
is_emulator() {
	local state
	[[ $(cat "/proc/$1/comm" 2>/dev/null) == qemu-system-* ]] || return 1
	state=$(sed 's/.*) //; s/ .*//' "/proc/$1/stat" 2>/dev/null) || return 1
	[[ $state != Z ]]
}

# no_emulators RUN: none that it started is left; each gets a moment to be taken off the process table.
no_emulators() {
	local pid n
	for pid in $(pids "$1"); do
		for ((n = 0; n < 50; n++)); do
			is_emulator "$pid" || continue 2
			sleep 0.1
		done
		fail "an emulator is left: process $pid"
	done
}

# valid_junit RUN
valid_junit() {
	[[ -s $1/junit.xml ]] || fail "no junit.xml in $1"
	xmllint --noout --schema "$SOURCE_DIR/fixtures/junit/junit.xsd" "$1/junit.xml" 2>"$dir/xml" ||
		{ cat "$dir/xml"; fail "junit.xml of $1 is not valid"; }
}

# until_line RUN PATTERN…: waits for a line of the journal with all patterns, a minute at most.
until_line() {
	local n run=$1 pattern lines
	shift
	for ((n = 0; n < 600; n++)); do
		lines=$(cat "$run/events.jsonl" 2>/dev/null) || true
		for pattern; do
			lines=$(grep -e "$pattern" <<<"$lines") || true
		done
		[[ -z $lines ]] || return 0
		[[ -d /proc/$child ]] || break
		sleep 0.1
	done
	cat "$dir/out"
	fail "the journal never held $*"
}
