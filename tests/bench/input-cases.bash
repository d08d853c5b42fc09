# Cases that type a lot, and the load beside them. Sourced; $root is the source tree.

# busy_loops SECONDS: keeps every core busy until stop_loops, or so long at most; their pids are in loops.
loops=()
busy_loops() {
	local i
	for ((i = 0; i < $(nproc); i++)); do
		(end=$((SECONDS + $1)); while ((SECONDS < end)); do :; done) &
		loops+=($!)
	done
}

# Seconds of processor time that each loop had, one a line; fails when one is over.
loop_times() {
	local pid rest
	for pid in "${loops[@]}"; do
		rest=$(sed 's/.*) //' "/proc/$pid/stat" 2>/dev/null) || return 1
		[[ $rest != Z* ]] || return 1
		awk -v hz="$(getconf CLK_TCK)" '{ printf "%.1f\n", $12 / hz }' <<<"$rest"
	done
}

stop_loops() {
	[[ ${#loops[@]} == 0 ]] || kill "${loops[@]}" 2>/dev/null || true
	((${#loops[@]} == 0)) || wait "${loops[@]}" 2>/dev/null || true
	loops=()
}

# words N LENGTH: N texts of so many letters and digits, each another one, the same in each run.
words() {
	awk -v n="$1" -v len="$2" 'BEGIN {
		srand(4); set = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
		for (i = 1; i <= n; i++) {
			text = sprintf("%04d-", i)
			while (length(text) < len) text = text substr(set, int(rand() * length(set)) + 1, 1)
			print text
		}
	}'
}

# long_commands N: a case with N commands of 300 characters for U-Boot.
long_commands() {
	cat <<-END
		bootcheck: 1
		name: long-commands
		summary: $1 commands of 300 characters arrive whole
		use: [$root/cases/parts/u-boot-source.yaml]
		limits: {boot: 900s, silence: 300s, step: 300s, total: 1000s}
		console:
		  - uboot: {interrupt: ' '}
	END
	# 300 with "echo " in front.
	words "$1" 295 | while read -r word; do
		printf -- "  - uboot: echo %s\n    output: '\\A%s\\\\n?\\z'\n" "$word" "$word"
	done
}

# busy_guest NAME BOOTS LINES STEP: a case that types so many lines in each of its boots at a guest of
# cases/console whose init keeps two loops running. The step gets to the shell. Where a shell that ends makes room for the
# next getty or the next console to be activated, it does so after every fifth line: so most lines come when the terminal
# was opened just now, behind a login of two lines more.
busy_guest() {
	cat <<-END
		bootcheck: 1
		name: busy-$1
		summary: $3 lines typed at a guest that is busy and has just opened its terminal
		use: [$root/cases/parts/console-guest.yaml]
		vars: {guest: $1, append: 'guest=\${guest} busy=yes'}
		matrix: {boot: [$(seq -s ', ' "$2")]}
		limits: {boot: 900s, silence: 300s, step: 300s, total: 1000s}
		console:
		  - $4
	END
	local n=0
	words "$3" 55 | while read -r word; do
		[[ $1 == shell ]] || ((n++ == 0 || n % 5 != 1)) || printf -- '  - send: exit\n  - %s\n' "$4"
		printf -- "  - run: echo \${boot}-%s-%s\n    output: '\\A\${boot}-%s-%s\\\\n\\z'\n" "$1" "$word" "$1" "$word"
	done
	echo '  - power: off'
}

# arrived RUN: WHOLE LOST DOUBLED RETYPED, the texts that `echo` commands were to print, held against what the
# journal has of the answers; lines whose begin marker came twice are doubled as well, and what a shell took for a
# command that nobody typed. Texts on stdin.
arrived() {
	local twice
	twice=$(cat "$1"/cases/*/console.log | { grep -oa 'bc-begin-[0-9a-f]\{8\}' || true; } | sort | uniq -d | wc -l)
	twice=$((twice + $(cat "$1"/cases/*/console.log | grep -ac ': not found' || true)))
	{ sed -n 's/.*"kind":"answer".*"output":"\([^"\\]*\)\(\\n\)\{0,1\}".*/answer \1/p; s/.*"kind":"retype".*/retype/p' "$1/events.jsonl" |
		awk -v twice="$twice" 'FILENAME == "/dev/fd/3" { want[$1] = 1; next } $1 == "retype" { retyped++ } $1 == "answer" { got[$2]++ }
			END {
				for (w in want) { whole += got[w] == 1; lost += !got[w]; doubled += got[w] > 1 }
				print whole + 0, lost + 0, doubled + twice, retyped + 0
			}' /dev/fd/3 -; } 3<&0
}
