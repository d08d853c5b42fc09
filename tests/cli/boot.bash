# Shared by tests that run `bootcheck run` on the fake QEMU. Not a test itself.
set -euo pipefail
fake=$BINARY_DIR/tests/fake_qemu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
export XDG_CACHE_HOME=$dir/cache NO_COLOR=1
unset GITHUB_ACTIONS
cd "$dir"
mkdir cases

fail() {
	echo "FAIL: $*"
	for f in out err; do [[ ! -f $f ]] || sed "s/^/$f: /" $f; done
	exit 1
}

# boot NAME: stdin is the fake QEMU's script.
boot() {
	{ echo "# fake-qemu" && cat; } >"$1.fake"
}

# case NAME [YAML…]: a case that boots NAME.fake; each further argument is a top-level YAML line or block.
case_() {
	local name=$1
	shift
	{
		printf 'bootcheck: 1\nname: %s\nmachine: {arch: arm, model: virt, memory: 16M, qemu: %s}\n' "$name" "$fake"
		printf 'boot: {kernel: %s}\n' "$dir/$name.fake"
		[[ $* == *limits:* ]] || echo 'limits: {boot: 20s, silence: 10s, step: 10s, total: 30s}'
		[[ $# -eq 0 ]] || printf '%s\n' "$@"
	} >"cases/$name.yaml"
}

# run WANTED-EXIT ARGS…: bootcheck run into the folder `run`.
run() {
	local want=$1 got=0
	shift
	rm -rf run
	"$BOOTCHECK" run -o run "$@" >out 2>err </dev/null || got=$?
	[[ $got == "$want" ]] || fail "exit $got, not $want: run $*"
	valid
}

# The JUnit is well-formed XML and fits the schema, the journal is JSON lines.
valid() {
	xmllint --noout --schema "$SOURCE_DIR/fixtures/junit/junit.xsd" run/junit.xml 2>xmllint.out ||
		{ cat xmllint.out; fail "junit.xml is not valid"; }
	[[ -s run/results.json && -s run/events.jsonl ]] || fail "a report is missing"
}

# has FILE TEXT
has() {
	grep -qF -- "$2" "$1" || fail "$1 lacks: $2"
}

# No process that the run started is left.
no_orphans() {
	local pid
	for pid in $(sed -n 's/.*"kind":"spawn".*"pid":\([0-9]*\).*/\1/p' run/events.jsonl); do
		for _ in $(seq 200); do
			[[ -d /proc/$pid && $(readlink "/proc/$pid/exe" 2>/dev/null) == */fake_qemu ]] || continue 2
			read -rt 0.01 <> <(:) || :
		done
		fail "process $pid is still there"
	done
}
