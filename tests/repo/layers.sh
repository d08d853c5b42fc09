#!/usr/bin/env bash
# Compile-time arrows only go down, headers form no cycle, each third-party header has one owner, and
# only the command line prints or exits.
. "$(dirname "$0")/lib.bash"

declare -A below=(
	[base]="base"
	[model]="model base"
	[sys]="sys base"
	[plan]="plan model sys base"
	[build]="build model sys base"
	[serve]="serve model sys base"
	[guest]="guest model sys base"
	[run]="run serve guest model sys base"
	[report]="report model sys base"
	[cli]="cli plan build run serve guest report model sys base"
)
# header prefix = the files (a pattern) that may include it
owners=(
	'uv.h=harness/sys/(loop|proc)\.c'
	'libfyaml=harness/plan/yaml\.c'
	'pcre2=harness/sys/pattern\.c'
	'curl/=harness/sys/libcurl\.h'
	'archive=harness/sys/libarchive\.h'
	'libxml/=harness/report/libxml2\.h'
	'jansson=harness/sys/json\.c'
	'openssl/=harness/sys/digest\.c'
	'ext2fs/=harness/sys/extfs(_io|_read)?\.c'
	'libfdt=harness/sys/devtree\.c'
)

# file<TAB>included, for every #include of the sources
includes() {
	(cd "$1" && find harness include -name '*.[ch]' 2>/dev/null | sort |
		xargs -r grep -HoE '^[[:space:]]*#[[:space:]]*include[[:space:]]*[<"][^>"]+' /dev/null |
		sed -E 's/:[[:space:]]*#[[:space:]]*include[[:space:]]*[<"]/\t/')
}

check() {
	local file inc from to owner who
	while IFS=$'\t' read -r file inc; do
		if [[ $inc == bootcheck/* ]]; then
			from=${file#include/bootcheck/}
			from=${from#harness/}
			[[ $from == main.c ]] && from=cli
			from=${from%%/*}
			to=${inc#bootcheck/}
			to=${to%%/*}
			[[ " ${below[$from]:-} " == *" $to "* ]] ||
				echo "$file: layer '$from' must not include <$inc>"
			continue
		fi
		for owner in "${owners[@]}"; do
			who=${owner#*=}
			if [[ $inc == "${owner%%=*}"* && ! $file =~ ^($who)$ ]]; then
				echo "$file: <$inc> belongs to $who alone"
			fi
		done
	done < <(includes "$1")
	includes "$1" | sed -n 's,^include/\(bootcheck/[^\t]*\)\t\(bootcheck/.*\),\1 \2,p' >"$scratch/edges"
	tsort "$scratch/edges" 2>&1 >/dev/null | sed -n 's/^tsort: //p' | grep -v 'edges:' |
		sed 's/^/include cycle through /' || true
	tsort "$scratch/edges" >/dev/null 2>&1 || echo "the headers include each other in a cycle"
	(cd "$1" && find harness -name '*.c' -not -path 'harness/cli/*' 2>/dev/null |
		xargs -r grep -nHE '(^|[^A-Za-z0-9_>.])(printf|puts|putchar|perror|exit|quick_exit)[[:space:]]*\(' |
		sed 's/$/   <- only the command line prints or exits/') || true
}

put harness/base/a.c <<<'#include <bootcheck/sys/fs.h>'
must_find "layer 'base' must not include <bootcheck/sys/fs.h>"
put include/bootcheck/plan/a.h <<<'#include <bootcheck/build/build.h>'
must_find "layer 'plan' must not include"
put harness/model/a.c <<<'#include <bootcheck/sys/fs.h>'
must_find "layer 'model' must not include"
put harness/serve/a.c <<<'#include <bootcheck/run/vm.h>'
must_find "layer 'serve' must not include"
put harness/run/sub/a.c <<<'	#  include "bootcheck/cli/cli.h"'
must_find "layer 'run' must not include"
put harness/guest/a.c <<<'#include <bootcheck/run/vm.h>'
must_find "layer 'guest' must not include"
put harness/plan/other.c <<<'#include <libfyaml.h>'
must_find 'belongs to harness/plan/yaml'
put harness/cli/other.c <<<'#include <curl/curl.h>'
must_find 'belongs to harness/sys/libcurl'
put include/bootcheck/base/a.h <<<'#include <bootcheck/base/b.h>'
put include/bootcheck/base/b.h <<<'#include <bootcheck/base/a.h>'
must_find 'cycle'
put harness/run/a.c <<<'	exit(1);'
must_find 'only the command line'
put harness/plan/yaml.c <<<'#include <libfyaml.h>'
put harness/cli/a.c <<<'#include <bootcheck/base/a.h>
	printf("x");'
put harness/sys/a.c <<<'	_exit(1); snprintf(x); y->exit(1);'
must_pass
finish
