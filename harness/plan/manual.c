/* The reference part of bootcheck-case(5), from the tables: every key is an item of its own, with the
 * words that the schema has too. */
#include <inttypes.h>

#include <bootcheck/base/text.h>
#include <bootcheck/plan/check.h>
#include <bootcheck/plan/merge.h>
#include <bootcheck/plan/scalar.h>

#define MAX_DEPTH 8

struct manual {
	const struct bc_plan_options *options;
	struct bc_buf *out;
	struct {
		BC_VEC(const struct bc_shape *); /* lists of variants that have no name */
	} unnamed;
	struct {
		BC_VEC(const struct bc_variant *); /* described already */
	} seen;
	int depth;
};

/* Text for roff; `x` becomes bold. Lines start with a letter, so no control character can be one. */
static void print_text(struct bc_buf *out, const char *text)
{
	bool is_bold = false;
	for (const char *p = text; *p; p++) {
		if (*p == '`') {
			bc_buf_adds(out, is_bold ? "\\fR" : "\\fB");
			is_bold = !is_bold;
		} else if (*p == '\\') {
			bc_buf_adds(out, "\\e");
		} else if (*p == '-') {
			bc_buf_adds(out, "\\-");
		} else if (*p == '\'') {
			bc_buf_adds(out, "\\(aq");
		} else {
			bc_buf_addc(out, *p);
		}
	}
}

static void print_words(struct bc_buf *out, const char *const *words)
{
	for (size_t i = 0; words[i]; i++) {
		bc_buf_adds(out, i == 0 ? "" : words[i + 1] ? ", " : " or ");
		bc_buf_adds(out, words[i]);
	}
}

/* What kind of value it is: "a size", "a list of patterns". */
static void print_kind(const struct bc_shape *shape, struct bc_buf *out)
{
	switch (shape->type) {
	case BC_T_TEXT:
	case BC_T_NAME:
	case BC_T_BOOL:
	case BC_T_SIZE:
	case BC_T_DURATION:
	case BC_T_DATE:
	case BC_T_PATTERN:
	case BC_T_REF:
		bc_buf_adds(out, bc_scalar_wanted(shape));
		return;
	case BC_T_INT:
		if (shape->min == shape->max)
			bc_buf_addf(out, "%" PRId64, shape->min);
		else if (shape->max == INT32_MAX)
			bc_buf_addf(out, "a number from %" PRId64 " on", shape->min);
		else
			bc_buf_addf(
				out, "a number, %" PRId64 " to %" PRId64, shape->min, shape->max);
		return;
	case BC_T_WORD:
		print_words(out, shape->words);
		return;
	case BC_T_LIST:
		bc_buf_adds(out, "a list, each entry ");
		print_kind(shape->item, out);
		return;
	case BC_T_EITHER:
		for (size_t i = 0; shape->either[i]; i++) {
			bc_buf_adds(out, i ? "; or " : "");
			print_kind(shape->either[i], out);
		}
		return;
	case BC_T_OBJECT:
	case BC_T_MAP:
	case BC_T_TAGGED:
		bc_buf_adds(out, "a map");
		return;
	case BC_T_ANY:
		break;
	}
	bc_buf_adds(out, "anything");
}

static void print_item(struct manual *m, const char *path, const char *doc,
	const struct bc_shape *shape, bool is_required, const char *deflt)
{
	bc_buf_adds(m->out, ".TP\n.B ");
	print_text(m->out, path);
	bc_buf_adds(m->out, "\n");
	print_text(m->out, doc);
	if (shape) {
		BC_AUTO(bc_buf) kind = {0};
		print_kind(shape, &kind);
		bc_buf_adds(m->out, "\n.br\n.RI ( ");
		bc_buf_adds(m->out, "\"");
		print_text(m->out, kind.data);
		if (is_required)
			bc_buf_adds(m->out, "; required");
		if (deflt) {
			bc_buf_adds(m->out, "; default: ");
			print_text(m->out, deflt);
		}
		bc_buf_adds(m->out, "\" )");
	}
	bc_buf_addc(m->out, '\n');
}

static void print_inner(struct manual *m, const struct bc_shape *shape, const char *prefix);

/* "prefix.key", with suffix behind it when the field stands beside a tag. */
static void print_fields(
	struct manual *m, const struct bc_field *fields, const char *prefix, const char *suffix)
{
	for (const struct bc_field *f = fields; f && f->key; f++) {
		BC_AUTO_FREE char *path = bc_asprintf("%s%s", prefix, f->key);
		BC_AUTO_FREE char *item = bc_asprintf("%s%s", path, suffix);
		print_item(m, item, f->doc, f->shape, f->is_required, f->deflt);
		BC_AUTO_FREE char *inner = bc_asprintf("%s.", path);
		print_inner(m, f->shape, inner);
	}
}

/* The keys inside of a value of this shape; prefix ends in a dot. */
static void print_inner(struct manual *m, const struct bc_shape *shape, const char *prefix)
{
	if (m->depth >= MAX_DEPTH)
		return;
	m->depth++;
	if (shape->type == BC_T_OBJECT) {
		print_fields(m, shape->fields, prefix, "");
	} else if (shape->type == BC_T_LIST) {
		BC_AUTO_FREE char *inner = bc_asprintf("%.*s[].", (int)strlen(prefix) - 1, prefix);
		print_inner(m, shape->item, inner);
	} else if (shape->type == BC_T_MAP && shape->item && shape->item->type == BC_T_OBJECT) {
		BC_AUTO_FREE char *inner = bc_asprintf("%sNAME.", prefix);
		print_inner(m, shape->item, inner);
	} else if (shape->type == BC_T_EITHER) {
		for (size_t i = 0; shape->either[i]; i++)
			print_inner(m, shape->either[i], prefix);
	} else if (shape->type == BC_T_TAGGED && !shape->name) {
		bool is_known = false;
		for (size_t i = 0; i < m->unnamed.len; i++)
			is_known |= m->unnamed.items[i] == shape;
		if (!is_known)
			bc_vec_push(&m->unnamed, shape);
	}
	m->depth--;
}

static void print_variant(struct manual *m, const struct bc_variant *variant)
{
	for (size_t i = 0; i < m->seen.len; i++) {
		if (m->seen.items[i] != variant)
			continue;
		print_item(m, variant->tag, "As described above.", NULL, false, NULL);
		return;
	}
	bc_vec_push(&m->seen, variant);
	print_item(m, variant->tag, variant->doc, variant->head, false, NULL);
	BC_AUTO_FREE char *prefix = bc_asprintf("%s.", variant->tag);
	if (variant->head)
		print_inner(m, variant->head, prefix);
	BC_AUTO_FREE char *beside = bc_asprintf(" (beside %s)", variant->tag);
	print_fields(m, variant->options, "", beside);
}

static void print_variants(
	struct manual *m, const char *title, const struct bc_variant *const *variants)
{
	bc_buf_addf(m->out, ".SS %s\n", title);
	for (size_t i = 0; variants && variants[i]; i++)
		print_variant(m, variants[i]);
}

void bc_plan_manual(const struct bc_plan_options *options, struct bc_buf *out)
{
	struct manual m = {.options = options, .out = out};
	bc_buf_adds(out, ".SS Keys of a case\n");
	print_fields(&m, bc_case_shape.fields, "", "");
	print_variants(&m, "Kinds of artifacts", options->artifacts);
	for (size_t i = 0; i < m.unnamed.len; i++)
		print_variants(&m, "Entries of a list of layers", m.unnamed.items[i]->variants);
	print_variants(&m, "Kinds of sources", options->sources);
	static const struct bc_shape step = {.type = BC_T_TAGGED, .name = "step"};
	print_variants(&m, "Console steps", options->steps);
	print_fields(&m, bc_shape_common(&step), "", " (beside any step)");
	free(m.unnamed.items);
	free(m.seen.items);
}
