# A root over NFS beside the same tree on a card. Sourced by net.bash, or alone: scripts/bench RUNS nfs.
echo "warming the cache (the first time this builds a kernel)"
nfs=cases/nfs/same-tree.yaml
$bootcheck run --quiet --output "$dir/warm-nfs" $nfs >"$dir/log" 2>&1 || { cat "$dir/log" >&2; die "the boots did not pass"; }

echo "$runs boots with the root over NFS and on a card, in turn"
lost=0
for ((i = 1; i <= runs; i++)); do
	for who in $((i % 2)) $((1 - i % 2)); do
		((who)) && on=nfs || on=sd
		rm -rf "$dir/run"
		$bootcheck run --quiet --filter "*on=$on*" --output "$dir/run" $nfs >"$dir/log" 2>&1 || { cat "$dir/log" >&2; die "a boot did not pass"; }
		sed -n 's/.*"kind":"phase".*"phase":"shell","ms":\([0-9]*\).*/\1/p' "$dir/run/events.jsonl" | head -n 1 >>"$dir/root-$on.txt"
		lost=$((lost + $(cat "$dir"/run/cases/*/qemu.log | grep -c 'Failed to send packet' || true)))
	done
done
pairs=$(paste -d ' ' "$dir/root-nfs.txt" "$dir/root-sd.txt" | awk '{ print $1 / $2 }' | median)
row "root over NFS over the SD card's" "$pairs" "x" "≤ 1.3" \
	"median of pairs; to the shell: $(column root-nfs 1) ms against $(column root-sd 1) ms; packets lost: $lost"
