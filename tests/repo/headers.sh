#!/usr/bin/env bash
# labels: repo
# timeout: 300
# Every public header compiles alone, twice, with the project's flags.
. "$(dirname "$0")/lib.bash"
: "${BINARY_DIR:?the build folder, for its compile_commands.json}"

# The compiler and flags of an ordinary source, without its input and output.
command=$(sed -n 's/^ *"command": "\(.*harness\/base\/err\.c\)",\{0,1\}$/\1/p' "$BINARY_DIR/compile_commands.json" | head -n 1)
command=${command%% -o *}
command=${command//\\/}
[[ -n $command ]] || { echo "no flags found in $BINARY_DIR/compile_commands.json"; exit 1; }
read -ra flags <<<"$command"

check() {
	local header guard
	while read -r header; do
		guard=BOOTCHECK_$(tr 'a-z/.-' 'A-Z___' <<<"${header#bootcheck/}")
		grep -q "^#ifndef $guard\$" "$1/include/$header" || echo "$header: its guard is not $guard"
		printf '#include <%s>\n#include <%s>\n' "$header" "$header" |
			"${flags[@]}" -I"$1/include" -Werror -fsyntax-only -x c - 2>&1 | sed -n '1,3p'
	done < <(cd "$1/include" && find bootcheck -name '*.h' | sort)
}

put include/bootcheck/base/a.h <<'END'
#ifndef BOOTCHECK_BASE_A_H
#define BOOTCHECK_BASE_A_H
size_t a(void);
#endif
END
must_find 'size_t'
put include/bootcheck/base/a.h <<<'struct a { int x; };'
must_find 'redefinition'
put include/bootcheck/base/a.h <<'END'
#ifndef A_H
#define A_H
#endif
END
must_find 'its guard is not BOOTCHECK_BASE_A_H'
put include/bootcheck/base/a.h <<'END'
#ifndef BOOTCHECK_BASE_A_H
#define BOOTCHECK_BASE_A_H
int a(void);
#endif
END
must_pass
finish
