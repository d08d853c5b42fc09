#!/usr/bin/env bash
# The parser, docs/case.schema.json and docs/bootcheck-case.5 say the same about the case format.
# BC_GOLDEN_UPDATE=1 rewrites the two files.
set -euo pipefail
: "${BOOTCHECK:?the built bootcheck}" "${SOURCE_DIR:?the source tree}"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
page=$SOURCE_DIR/docs/bootcheck-case.5
schema=$SOURCE_DIR/docs/case.schema.json
failed=0
fail() { echo "FAIL: $*"; failed=1; }

# What the tables say now.
"$BOOTCHECK" lint --schema >"$scratch/schema"
"$BOOTCHECK" lint --manual >"$scratch/reference"
awk -v reference="$scratch/reference" '
	/^\.\\" END REFERENCE/ { skip = 0 }
	!skip
	/^\.\\" BEGIN REFERENCE/ { while ((getline line < reference) > 0) print line; skip = 1 }' "$page" >"$scratch/page"
if [[ ${BC_GOLDEN_UPDATE:-} == 1 ]]; then
	cp "$scratch/schema" "$schema"
	cp "$scratch/page" "$page"
fi
diff -u "$schema" "$scratch/schema" | head -n 40 || fail "the schema is not what the tables say; BC_GOLDEN_UPDATE=1 rewrites it"
diff -u "$page" "$scratch/page" | head -n 40 || fail "the manual page is not what the tables say; BC_GOLDEN_UPDATE=1 rewrites it"

# Every key of the schema is an item of the page, and every item is a key of the schema.
awk '/^  "\$defs"/ { defs = 1 } !(defs && /^    "/)' "$scratch/schema" | grep -oE '^ *"[A-Za-z0-9_-]+": \{$' | tr -d ' ":{' |
	grep -vxE 'properties|propertyNames|additionalProperties|items' | sort -u >"$scratch/schema-keys"
sed -n '/BEGIN REFERENCE/,/END REFERENCE/p' "$page" | sed -n '/^\.TP/{n;s/^\.B //p}' |
	sed -E 's/ \(beside.*//; s/.*\.//; s/\\-/-/g' | sort -u >"$scratch/page-keys"
[[ $(wc -l <"$scratch/page-keys") -gt 50 ]] || fail "the page has hardly any items"
diff "$scratch/schema-keys" "$scratch/page-keys" || fail "keys of the schema (<) and items of the page (>) differ"

# Every example is a file that lints clean, and says its name first.
awk -v root="$scratch" '
	/^\.EE/ { inside = 0; close(file) }
	inside == 1 {
		if ($0 !~ /^# cases\//) { print "an example without its name: " $0; exit 1 }
		file = root "/" substr($0, 3); inside = 2
		folder = file; sub(/\/[^\/]*$/, "", folder); system("mkdir -p " folder)
	}
	inside == 2 { gsub(/\\\(aq/, "\x27"); gsub(/\\-/, "-"); gsub(/\\e/, "\\"); print > file }
	/^\.EX/ { inside = 1 }' "$page" || fail "an example has no name"
count=$(find "$scratch/cases" -maxdepth 1 -name '*.yaml' | wc -l)
[[ $count -ge 4 ]] || fail "only $count examples were found"
output=$(cd "$scratch" && "$BOOTCHECK" lint) || fail "an example of the page has an error"
[[ $output == *", no findings" ]] || fail "the examples have findings: $output"

# The page has no mistake that the formatter sees.
if command -v groff >/dev/null; then
	warnings=$(groff -man -Tascii -ww -K utf8 "$page" 2>&1 >/dev/null)
	[[ -z $warnings ]] || fail "groff: $warnings"
fi
exit "$failed"
