# Boots over a network, beside the least that can drive them. Sourced by scripts/bench.
echo "warming the cache (the first time this builds U-Boot and a kernel)"
tftp=(cases/u-boot/tftp.yaml --filter 'tftp*server=qemu*')
$bootcheck run --quiet --output "$dir/warm-tftp" "${tftp[@]}" >"$dir/log" 2>&1 || { cat "$dir/log" >&2; die "the boot did not pass"; }
$tools/bench_argv "$dir/warm-tftp/events.jsonl" "$dir/bare-tftp" >"$dir/argv" || die "no spawn in the journal"
mapfile -d '' qemu <"$dir/argv"
# What the case types, the moment that U-Boot can take it. The echo is not looked at, and no status is asked for.
typed=(--when 'stop autoboot: ' --type ' ')
while IFS= read -r line; do
	typed+=(--when '=> ' --type "$line"$'\n')
done <<'END'
setenv ipaddr 10.0.2.15; setenv netmask 255.255.255.0; setenv gatewayip 10.0.2.2; setenv serverip 10.0.2.2
tftp 0x62000000 uImage
tftp 0x63000000 vexpress-v2p-ca9.dtb
setenv bootargs 'console=ttyAMA0 panic=-1 root=/dev/mmcblk0 rootwait rw'
bootm 0x62000000 - 0x63000000
END

echo "$runs boots through U-Boot and TFTP by the bare driver and by bootcheck, in turn"
for ((i = 1; i <= runs; i++)); do
	for who in $((i % 2)) $((1 - i % 2)); do
		if ((who)); then
			$tools/bare_reader --pipe "$dir/bare-tftp" "${typed[@]}" --until '/ # ' -- "${qemu[@]}" 2>"$dir/log" |
				json wall_ms >>"$dir/tftp-bare.txt" || { cat "$dir/log" >&2; die "the bare driver saw no shell"; }
		else
			rm -rf "$dir/run"
			$bootcheck run --quiet --output "$dir/run" "${tftp[@]}" >"$dir/log" 2>&1 || { cat "$dir/log" >&2; die "a boot did not pass"; }
			sed -n 's/.*"kind":"phase".*"phase":"shell","ms":\([0-9]*\).*/\1/p' "$dir/run/events.jsonl" | head -n 1 >>"$dir/tftp-run.txt"
		fi
	done
done
# The least of many: what others do on the host only adds.
least() { sort -g "$dir/$1.txt" | head -n 1; }
pairs=$(paste -d ' ' "$dir/tftp-run.txt" "$dir/tftp-bare.txt" | awk '{ print $1 / $2 }' | median)
row "U-Boot and TFTP over the bare driver" "$pairs" "x" "≤ 1.03" \
	"median of pairs; to the shell: $(column tftp-run 1) ms against $(column tftp-bare 1) ms, at best $(least tftp-run) against $(least tftp-bare)"

. tests/bench/nfs.bash
