#!/usr/bin/env bash
# Functions stay under 100 lines, C files under 600, tracked files under 512 KiB.
. "$(dirname "$0")/lib.bash"

check() {
	(
		cd "$1"
		files . | while read -r f; do [[ -f $f && ! -L $f ]] && echo "$f"; done >"$scratch/files"
		grep -E '\.[ch]$' "$scratch/files" | xargs -r awk '
			FNR == 1 { start = 0 }
			/^\{/ { start = FNR }
			/^\}/ {
				if (start && FNR - start + 1 > 100)
					printf "%s:%d: a function of %d lines\n", FILENAME, start, FNR - start + 1
				start = 0
			}
			FNR == 601 && FILENAME ~ /\.c$/ { printf "%s: more than 600 lines\n", FILENAME }'
		xargs -r -d '\n' stat -c '%s %n' <"$scratch/files" |
			awk '$1 >= 512 * 1024 { print $2 ": " $1 " bytes; 512 KiB is the limit" }'
	) || true
}

{ printf 'int a(void)\n{\n'; yes '	x();' | head -n 100; echo '}'; } | put harness/base/a.c
must_find 'a function of 102 lines'
yes 'int a;' | head -n 601 | put harness/base/a.c
must_find 'more than 600 lines'
head -c 524288 /dev/zero | put fixtures/big.bin
must_find 'big.bin: 524288 bytes'
{ printf 'int a(void)\n{\n'; yes '	x();' | head -n 98; echo '}'; } | put harness/base/a.c
head -c 524287 /dev/zero | put fixtures/big.bin
must_pass
finish
