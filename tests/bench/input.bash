# What is typed, and what arrives, while every core has something else to do. Sourced by scripts/bench.
. "$root/tests/bench/input-cases.bash"
trap 'stop_loops; rm -rf "$dir"' EXIT
input=$dir/input
mkdir "$input"
ln -s "$root/fixtures" "$input/fixtures"

# type_all NAME TEXTS CASE…: runs the cases beside the loops; NAME_whole, NAME_lost, NAME_doubled, NAME_retyped.
type_all() {
	local name=$1 texts=$2 times whole lost doubled retyped
	shift 2
	$bootcheck build "$@" >"$dir/log" 2>&1 || { cat "$dir/log" >&2; die "the artifacts could not be built"; }
	busy_loops 3600
	$bootcheck run --quiet --jobs 1 --output "$input/$name" "$@" >"$dir/log" 2>&1 || cat "$dir/log" >&2
	times=$(loop_times) || die "the cores were not kept busy to the end"
	stop_loops
	read -r whole lost doubled retyped < <(arrived "$input/$name" <"$texts")
	declare -g "${name}_whole=$whole" "${name}_lost=$lost" "${name}_doubled=$doubled" "${name}_retyped=$retyped" \
		"${name}_load=$(wc -l <<<"$times") loops beside it had $(awk '{ s += $1 } END { print s }' <<<"$times") s of processor time"
}

echo "100 commands of 300 characters for U-Boot, on a busy host (the first time this builds it)"
long_commands 100 >"$input/long.yaml"
words 100 295 >"$input/long.txt"
type_all long "$input/long.txt" "$input/long.yaml"
row "U-Boot commands of 300 characters" "$long_whole" "" "≥ 100" "whole, of 100; $long_retyped retyped; $long_load"

echo "1,000 lines for Linux guests, busy and new, on a busy host"
busy_guest shell 4 100 'expect: {prompt: shell}' >"$input/shell.yaml"
busy_guest login 3 100 'login: {user: root, password: console}' >"$input/login.yaml"
busy_guest activate 3 100 'activate: console' >"$input/activate.yaml"
for guest in shell:4 login:3 activate:3; do
	for ((i = 1; i <= ${guest#*:}; i++)); do words 100 55 | sed "s/^/$i-${guest%:*}-/"; done
done >"$input/lines.txt"
type_all lines "$input/lines.txt" "$input"/{shell,login,activate}.yaml
row "lines typed, lost or doubled" "$((lines_lost + lines_doubled))" "" "≤ 0" \
	"$lines_lost lost, $lines_doubled doubled of $(wc -l <"$input/lines.txt"); 10 boots; $lines_retyped retyped; $lines_load"
