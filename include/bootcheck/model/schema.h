/* The case format as data. One table drives the checks of the parser, the JSON Schema in docs/ and
 * the test that holds the man page to both. Artifact kinds and console steps bring their own part of
 * it, so that a new kind is one new file and one line in an array. */
#ifndef BOOTCHECK_MODEL_SCHEMA_H
#define BOOTCHECK_MODEL_SCHEMA_H

#include <bootcheck/base/compat.h>

enum bc_type {
	BC_T_TEXT, /* a scalar; numbers are taken as they are written */
	BC_T_NAME, /* [A-Za-z0-9][A-Za-z0-9._-]* */
	BC_T_BOOL,
	BC_T_INT,      /* min..max */
	BC_T_SIZE,     /* with unit; min..max bytes when max > 0 */
	BC_T_DURATION, /* with unit */
	BC_T_DATE,     /* YYYY-MM-DD */
	BC_T_PATTERN,  /* PCRE2, compiled when the case is loaded */
	BC_T_REF,      /* text: a path, or ${artifact} or ${artifact:member} */
	BC_T_WORD,     /* one of words */
	BC_T_OBJECT,   /* a map with these fields; no others, unless item is their shape */
	BC_T_LIST,     /* a sequence of item; a single item is taken as a list of one */
	BC_T_MAP,      /* a map of free keys to item; the keys are names when `name` says of what */
	BC_T_TAGGED,   /* a map whose first known key names one of variants; see there */
	BC_T_EITHER,   /* the first of `either` whose YAML kind (scalar/sequence/map) fits */
	BC_T_ANY,      /* not looked at here */
};

struct bc_field;
struct bc_variant;

struct bc_shape {
	enum bc_type type;
	const char *doc;		      /* one line; may be NULL when the field has one */
	const struct bc_field *fields;	      /* OBJECT: ends with a NULL key */
	const struct bc_shape *item;	      /* LIST, MAP; OBJECT: of further keys, or NULL */
	const char *const *words;	      /* WORD: ends with NULL */
	const struct bc_shape *const *either; /* EITHER: ends with NULL */
	const struct bc_variant *const
		*variants; /* TAGGED: ends with NULL; NULL: given by the caller
						     of the plan (artifact kinds, steps) by `name` */
	const char
		*name; /* TAGGED without variants: "artifact", "step", "source"; MAP: what a key is;
			      TEXT: "detector" when it must name one */
	int64_t min, max; /* INT, SIZE */
};

struct bc_field {
	const char *key;
	const struct bc_shape *shape;
	const char *doc; /* full sentence, shown in the schema and, word by word, in the man page */
	bool is_required;
	const char *deflt; /* as a user would write it; NULL = none */
};

/* One alternative of a TAGGED shape. `- run: uname -r` with `output:` beside it is the variant
 * "run": the tag's own value has shape `head`, what stands beside it is in `options`. */
struct bc_variant {
	const char *tag;
	const char *doc;
	const struct bc_shape *head;
	const struct bc_field *options; /* ends with a NULL key; NULL = nothing beside the tag */
};

extern const struct bc_shape bc_shape_text, bc_shape_name, bc_shape_bool, bc_shape_size,
	bc_shape_duration, bc_shape_date, bc_shape_pattern, bc_shape_ref, bc_shape_any,
	bc_shape_texts /* list of text */, bc_shape_refs /* list of refs */,
	bc_shape_patterns /* list of patterns */, bc_shape_uint /* 0..INT32_MAX */;

#endif
