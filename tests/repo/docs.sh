#!/usr/bin/env bash
# labels: repo
# timeout: 300
# Commands and options are in the manual and in the shell completion, the README names the scripts, and
# what the manual says exists.
. "$(dirname "$0")/lib.bash"
: "${BOOTCHECK:?the built program}"

commands() { "$BOOTCHECK" --help | sed -n '/^Commands:/,/^$/s/^  \([a-z-]*\) .*/\1/p'; }
options_of() { "$BOOTCHECK" "$1" --help | grep -oE '^ {2,6}(-[A-Za-z], )? *--[a-z-]+' | grep -oE -- '--[a-z-]+' | grep -vxE -- '--(help|usage)'; }
# The manual's text of a command, with what all share.
section() {
	awk -v name="$2" '/^\.S[HS] / { on = ($1 == ".SS" && $2 == name) || ($1 == ".SH" && $2 == "SELECTION") } on' "$1" |
		sed 's/\\-/-/g'
}

# The heads of the options in a command's own section: what the manual says that it takes.
own() {
	awk -v name="$2" '/^\.S[HS] / { on = $1 == ".SS" && $2 == name }
		on && tp { print } { tp = on && /^\.TP/ }' "$1" | sed 's/\\-/-/g'
}

# Lists once: the program is the same for every tree that is checked.
commands >"$scratch/commands"
[[ $(wc -l <"$scratch/commands") -ge 5 ]] || { echo "--help lists no commands"; exit 1; }
while read -r c; do options_of "$c" >"$scratch/options.$c" || true; done <"$scratch/commands"

check() {
	local command option text known page=$1/docs/bootcheck.1 completion
	completion=" $(tr -s "\n\t '=" ' ' <"$1/scripts/completion.bash") "
	while read -r command; do
		grep -q "^\.SS $command\$" "$page" || echo "docs/bootcheck.1: no section for the command $command"
		[[ $completion == *" $command "* ]] || echo "scripts/completion.bash: no command $command"
		text=$(section "$page" "$command")
		while read -r option; do
			known="$option([^a-z-]|\$)"
			[[ $text =~ $known ]] || echo "docs/bootcheck.1: $command has no option $option"
			[[ $completion =~ $known ]] || echo "scripts/completion.bash: no option $option"
		done <"$scratch/options.$command"
	done <"$scratch/commands"
	sed -n 's/^\.SS //p' "$page" | while read -r command; do
		grep -qx "$command" "$scratch/commands" || echo "docs/bootcheck.1: there is no command $command"
		{ own "$page" "$command" | grep -oE -- '--[a-z-]+' || true; } | sort -u | while read -r option; do
			grep -qx -- "$option" "$scratch/options.$command" ||
				echo "docs/bootcheck.1: $command does not take $option"
		done
	done
	for script in scripts/run scripts/test; do
		grep -q "$script" "$1/README.md" || echo "README.md does not name $script"
	done
	if command -v groff >/dev/null; then
		for page in "$1"/docs/*.[15]; do
			groff -man -Tutf8 -ww -z "$page" 2>&1 | head -n 3
		done
	fi
}

fresh() {
	mkdir -p "$scratch/tree"
	cp -r "$SOURCE_DIR/docs" "$SOURCE_DIR/scripts" "$SOURCE_DIR/README.md" "$scratch/tree/"
}
fresh
must_pass
fresh
sed -i '/^\.SS doctor$/d' "$scratch/tree/docs/bootcheck.1"
must_find 'no section for the command doctor'
fresh
sed -i 's/\\-\\-cpus/\\-\\-cups/' "$scratch/tree/docs/bootcheck.1"
must_find 'machines has no option --cpus'
fresh
sed -i 's/^\.SS doctor$/&\n.SS bogus/' "$scratch/tree/docs/bootcheck.1"
must_find 'there is no command bogus'
fresh
sed -i 's/^\.SS doctor$/&\n.TP\n.B \\-\\-bogus\nNothing./' "$scratch/tree/docs/bootcheck.1"
must_find 'doctor does not take --bogus'
fresh
sed -i 's/scripts\/test/scripts\/tset/g' "$scratch/tree/README.md"
must_find 'README.md does not name scripts/test'
fresh
sed -i 's/machines/machnies/g' "$scratch/tree/scripts/completion.bash"
must_find 'completion.bash: no command machines'
fresh
sed -i 's/--cpus/--cups/' "$scratch/tree/scripts/completion.bash"
must_find 'completion.bash: no option --cpus'
if command -v groff >/dev/null; then
	fresh
	echo '.NOSUCHMACRO x' >>"$scratch/tree/docs/bootcheck.1"
	must_find 'NOSUCHMACRO'
fi
finish
