#!/usr/bin/env bash
# The C sources are as clang-format 14 writes them; other versions differ and are not asked.
. "$(dirname "$0")/lib.bash"

formatter=
for program in clang-format-14 clang-format; do
	if [[ $($program --version 2>/dev/null) == *'version 14.'* ]]; then
		formatter=$program
		break
	fi
done
[[ -n $formatter ]] || { echo "clang-format 14 is not installed"; exit 77; }

check() {
	(cd "$1" && files . | grep -E '\.[ch]$' | while read -r f; do [[ -f $f ]] && echo "$f"; done |
		xargs -r "$formatter" --style=file --dry-run -Werror 2>&1 | grep -E 'error:' | cut -c1-200) || true
}

mkdir -p "$scratch/tree"
cp "$SOURCE_DIR/.clang-format" "$scratch/tree/"
put harness/base/a.c <<<'int  a( void ){return 1;}'
must_find 'a.c:1'
mkdir -p "$scratch/tree"
cp "$SOURCE_DIR/.clang-format" "$scratch/tree/"
printf 'int a(void)\n{\n\treturn 1;\n}\n' | put harness/base/a.c
must_pass
finish
