# Hangs, panics and silent kernels, and what it costs to have the guest's memory at hand. Sourced by scripts/bench.
# ns KIND FILE: when the first event of that kind was.
ns() { sed -n "s/.*\"ns\":\([0-9]*\).*\"kind\":\"$1\".*/\1/p" "$2" | head -n 1; }

echo "$runs boots of vexpress-a9 with and without its memory in a file, in turn"
boot=tests/bench/vexpress-a9.yaml
sed "s/^name: .*/name: blind/; s/^machine:/& {inspect: false}/; s,\.\./\.\./,$root/," "$boot" >"$dir/blind.yaml"
grep -q 'inspect: false' "$dir/blind.yaml" || echo 'machine: {inspect: false}' >>"$dir/blind.yaml"
for ((i = 0; i <= runs; i++)); do
	for who in $((i % 2)) $((1 - i % 2)); do
		((who)) && file=$boot name=seen || { file=$dir/blind.yaml name=blind; }
		rm -rf "$dir/run"
		$bootcheck run --quiet --output "$dir/run" "$file" >"$dir/log" 2>&1 || { cat "$dir/log" >&2; die "a boot did not pass"; }
		# The first pair fills the host's cache.
		((i == 0)) || awk -v a="$(ns spawn "$dir/run/events.jsonl")" -v b="$(ns verdict "$dir/run/events.jsonl")" \
			'BEGIN { print (b - a) / 1e6 }' >>"$dir/$name.txt"
	done
done
row "guest memory in a file" "$(paste -d ' ' "$dir/seen.txt" "$dir/blind.txt" | awk '{ print $1 / $2 }' | median)" "x" "≤ 1.03" \
	"median of pairs; QEMU's start to the verdict: $(column seen 1) ms against $(column blind 1) ms with inspect: false"

# hang CASE: runs it; leaves in $end how many ms after the last byte the verdict fell, and in $limit its silence limit.
hang() {
	rm -rf "$dir/run"
	$bootcheck run --quiet --output "$dir/run" "cases/console/$1.yaml" >"$dir/log" 2>&1 || { cat "$dir/log" >&2; die "$1 did not pass"; }
	last=$(tail -n 1 "$dir/run/cases/$1/console.cast" | sed -n 's/^\[\([0-9.]*\), .*/\1/p')
	verdict=$(sed -n 's/.*"kind":"verdict".*"ms":\([0-9]*\).*/\1/p' "$dir/run/events.jsonl")
	limit=$(sed -n 's/^limits: .*silence: \([0-9]*\)s.*/\1/p' "cases/console/$1.yaml")
	end=$(awk -v a="${last:-0}" -v b="$verdict" 'BEGIN { print b - a * 1000 }')
}
few=$(((runs + 2) / 3))
echo "$few times each: a panic with panic=0, a spinning and an idle hang, a silent kernel"
for ((i = 0; i < few; i++)); do
	hang panic-zero
	off=$(sed -n 's/.*"ns":\([0-9]*\).*"event":"SHUTDOWN".*/\1/p' "$dir/run/events.jsonl")
	awk -v v="$(ns verdict "$dir/run/events.jsonl")" -v e="$end" -v off="$off" 'BEGIN { print (off - v) / 1e6 + e }' >>"$dir/panic.txt"
	for name in spinning-init idle-init; do
		hang $name
		awk -v e="$end" -v l="$limit" 'BEGIN { print (e - l * 1000) / 1000 }' >>"$dir/$name.txt"
	done
	hang silent-wrong-dtb
	awk -v e="$end" -v l="$limit" 'BEGIN { print (e - l * 1000) / 1000 }' >>"$dir/silent.txt"
done
row "panic=0: last line to QEMU's end" "$(column panic 1)" "ms" "≤ 50" "the whole trace is in the recording; median of $few"
row "spinning hang, after its limit" "$(column spinning-init 1)" "s" "≤ 10" "from the silence limit to the named verdict"
row "idle hang, after its limit" "$(column idle-init 1)" "s" "≤ 10" "the same"
row "a silent kernel's last words" "$(column silent 1)" "s" "≤ 2" "from the silence limit to the verdict that quotes them"
