# Boots and verdicts, beside a bare reader of the console. Sourced by scripts/bench.
echo "warming the cache (the first time this fetches a kernel)"
boot=tests/bench/vexpress-a9.yaml
$bootcheck run --quiet --output "$dir/warm" $boot >"$dir/log" 2>&1 || { cat "$dir/log" >&2; die "the boot did not pass"; }
$tools/bench_argv "$dir/warm/events.jsonl" "$dir/bare" >"$dir/argv" || die "no spawn in the journal"
mapfile -d '' qemu <"$dir/argv"
until='Run /init as init process'

echo "$runs boots of vexpress-a9 by the bare reader and by bootcheck, in turn"
for ((i = 1; i <= runs; i++)); do
	# The one that goes first changes: whatever drifts hits both.
	for who in $((i % 2)) $((1 - i % 2)); do
		if ((who)); then
			$tools/bench_run $tools/bare_reader --pipe "$dir/bare" --until "$until" -- "${qemu[@]}" \
				>>"$dir/bare.txt" || die "the bare reader did not see the text"
		else
			rm -rf "$dir/run"
			$tools/bench_run $bootcheck run --quiet --output "$dir/run" $boot >>"$dir/run.txt" ||
				die "a boot did not pass"
			verdict=$(sed -n 's/.*"ns":\([0-9]*\).*"kind":"verdict".*/\1/p' "$dir/run/events.jsonl" | head -n 1)
			spawn=$(sed -n 's/.*"ns":\([0-9]*\).*"kind":"spawn".*/\1/p' "$dir/run/events.jsonl" | head -n 1)
			awk -v a="$spawn" -v b="$verdict" 'BEGIN { print (b - a) / 1e6 }' >>"$dir/verdict.txt"
		fi
	done
done
bare_wall=$(column bare 1) bare_cpu=$(column bare 2) run_wall=$(column run 1) run_cpu=$(column run 2)
# Pairs that ran one after the other: the host's mood of the moment cancels out.
pairs=$(paste -d ' ' "$dir/run.txt" "$dir/bare.txt" | awk '{ print $1 / $4 }' | median)
around=$(paste -d ' ' "$dir/run.txt" "$dir/verdict.txt" | awk '{ print $1 - $4 }' | median)
row "wall time over the bare reader" "$pairs" "x" "≤ 1.02" \
	"median of pairs; $run_wall ms against $bare_wall ms; before QEMU and after the verdict: $around ms"
for ((i = 0; i < runs; i++)); do $tools/bench_run $bootcheck --version; done >"$dir/start.txt"
start_cpu=$(column start 2)
row "processor time over the bare's" "$(ratio "$run_cpu" "$bare_cpu")" "x" "≤ 1.5" "own, QEMU apart; $run_cpu ms against $bare_cpu ms; to start and load libraries: $start_cpu ms"

$tools/bench_run --memory $bootcheck run --quiet --output "$dir/memory" $boot >"$dir/memory.txt"
row "peak memory" "$(awk '{ printf "%.1f", $3 / 1024 }' "$dir/memory.txt")" "MiB" "≤ 20" "VmHWM of bootcheck, same boot"

echo "$runs verdicts on a scripted console, of each kind"
for kind in expect tail panic; do
	cp "tests/bench/latency-$kind.fake" "$dir/"
	for ((i = 0; i < runs; i++)); do
		rm -rf "$dir/latency" "$dir/stamp"
		$bootcheck run --quiet --output "$dir/latency" --set "qemu=$tools/fake_qemu" \
			--set "script=$dir/latency-$kind.fake" tests/bench/latency.yaml >"$dir/log" 2>&1 || true
		verdict=$(sed -n 's/.*"ns":\([0-9]*\).*"kind":"verdict".*/\1/p' "$dir/latency/events.jsonl" | head -n 1)
		[[ -n $verdict && -s $dir/stamp ]] || { cat "$dir/log" >&2; die "no verdict ($kind)"; }
		awk -v a="$(cat "$dir/stamp")" -v b="$verdict" 'BEGIN { print (b - a) / 1e6 }' >>"$dir/latency-$kind.txt"
	done
	row "decisive byte to verdict, $kind" "$(column latency-$kind 1)" "ms" "≤ 5" "the journal's verdict less the fake QEMU's stamp"
done

echo "$runs readings of 200 MB of recorded boots"
for ((i = 0; i < runs; i++)); do
	$tools/bench_console fixtures/consoles/good-*.log >>"$dir/console.txt"
done
row "console parser with all detectors" "$(column console 1)" "MB/s" "≥ 200" "processor time of one core"

echo "10,000 random splices of each recording"
seconds=$( (TIMEFORMAT=%R; time BC_SPLICE_BOOTS=10000 $tools/run_test_splices >"$dir/splices" 2>&1) 2>&1) || { cat "$dir/splices" >&2; die "a spliced boot was misread"; }
row "prompts, outputs, statuses misread" "$(grep -c ':[FE]:' "$dir/splices" || true)" "" "≤ 0" "four times 10,000 boots with up to 40 records each, in $seconds s"
