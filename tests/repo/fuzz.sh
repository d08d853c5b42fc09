#!/usr/bin/env bash
# Every parser of outside bytes has a fuzz target, and every fuzz target a corpus.
. "$(dirname "$0")/lib.bash"

# source file = words, one of which the fuzz target's text must hold
parsers=(
	'harness/plan/load.c=bc_plan_load'
	'harness/build/manifest.c=bc_manifest_parse'
	'harness/build/manifest.c=bc_manifest_glance'
	'harness/run/qmp.c=bc_qmp_push'
	'harness/run/session.c=bc_session_bytes'
	'harness/report/load.c=bc_report_parse'
	'harness/run/console.c=bc_console_push'
	'harness/run/typist.c=bc_typist_text'
	'harness/run/detect.c=bc_detect_line'
	'harness/sys/archive.c=bc_archive_'
	'harness/sys/emulator.c=bc_emulator_parse'
	'harness/sys/json.c=bc_json_parse'
	'harness/build/kconfig.c=bc_kconfig_parse'
	'harness/build/kconfig_scan.c=bc_kconfig_scan_text'
	'harness/build/dts.c=bc_dts_scan'
	'harness/build/first_error.c=bc_first_error'
	'harness/sys/devtree.c=bc_devtree_overlay'
	'harness/guest/log.c=bc_guest_log_next'
	'harness/guest/kallsyms.c=bc_kallsyms_find'
	'harness/guest/sysmap.c=bc_sysmap_parse'
	'harness/serve/rpc.c=bc_rpc_stream_push'
	'harness/serve/nfs.c=bc_nfs_answer'
	'harness/sys/bootimage.c=bc_bootimage_parse'
	'harness/plan/uboot_line.c=bc_uboot_line_next'
	'harness/plan/memory.c=bc_memory_read'
	'harness/run/hang_judge.c=bc_hang_parse'
	'harness/base/text.c=bc_size_parse'
)

check() {
	local parser source word target corpus
	for parser in "${parsers[@]}"; do
		source=${parser%%=*} word=${parser#*=}
		[[ -f $1/$source ]] || continue
		grep -qs -- "$word" "$1"/tests/fuzz/fuzz_*.c || echo "$source: no tests/fuzz/fuzz_*.c calls $word"
	done
	for target in "$1"/tests/fuzz/fuzz_*.c; do
		[[ -f $target ]] || continue
		corpus=${target##*/fuzz_}
		corpus=$1/tests/fuzz/corpus/${corpus%.c}
		[[ -n $(find "$corpus" -type f -size +0 2>/dev/null | head -n 1) ]] ||
			echo "${target#"$1"/}: no corpus in ${corpus#"$1"/}"
	done
}

put harness/sys/json.c <<<'x'
must_find 'harness/sys/json.c: no tests/fuzz'
put tests/fuzz/fuzz_json.c <<<'bc_json_parse('
must_find 'fuzz_json.c: no corpus'
put harness/sys/json.c <<<'x'
put tests/fuzz/fuzz_json.c <<<'bc_json_parse('
put tests/fuzz/corpus/json/a <<<'{}'
must_pass
finish
