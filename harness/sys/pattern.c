#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <bootcheck/base/buf.h>
#include <bootcheck/base/mem.h>
#include <bootcheck/base/text.h>
#include <bootcheck/sys/pattern.h>

/* `(a+)+$` on 41 bytes must be an answer, not an hour: a match that needs more than this many steps,
 * or more heap, is an error of the pattern. JIT counts in coarser units than the interpreter. */
#define MATCH_LIMIT    200000
#define DEPTH_LIMIT    20000
#define HEAP_LIMIT_KIB 4096
#define MAX_REGEX      4096

struct bc_pattern {
	pcre2_code *code;
	pcre2_match_data *data;
	pcre2_match_context *context;
	char *text;
	bool is_jit_tried;
};

struct bc_pattern *bc_pattern_new(const char *regex, struct bc_err *err)
{
	if (strlen(regex) > MAX_REGEX)
		return bc_fail_null(
			err, BC_E_LIMIT, 0, "pattern is longer than %d bytes", MAX_REGEX);
	int code = 0;
	PCRE2_SIZE at = 0;
	pcre2_compile_context *ctx = pcre2_compile_context_create(NULL);
	if (!ctx)
		abort();
	pcre2_set_newline(ctx, PCRE2_NEWLINE_ANYCRLF);
	pcre2_set_parens_nest_limit(ctx, 100);
	pcre2_code *re = pcre2_compile((PCRE2_SPTR)regex, PCRE2_ZERO_TERMINATED,
		PCRE2_NEVER_BACKSLASH_C | PCRE2_NEVER_UTF | PCRE2_NEVER_UCP, &code, &at, ctx);
	pcre2_compile_context_free(ctx);
	if (!re) {
		PCRE2_UCHAR text[200] = "";
		pcre2_get_error_message(code, text, sizeof(text));
		(void)bc_fail(err, BC_E_FORMAT, 0, "%s", (const char *)text);
		if (err)
			err->col = (int)at + 1;
		return NULL;
	}
	struct bc_pattern *p = bc_calloc(1, sizeof(*p));
	p->code = re;
	p->data = pcre2_match_data_create_from_pattern(re, NULL);
	p->context = pcre2_match_context_create(NULL);
	if (!p->data || !p->context)
		abort();
	pcre2_set_match_limit(p->context, MATCH_LIMIT);
	pcre2_set_depth_limit(p->context, DEPTH_LIMIT);
	pcre2_set_heap_limit(p->context, HEAP_LIMIT_KIB);
	p->text = bc_strdup(regex);
	return p;
}

void bc_pattern_free(struct bc_pattern *p)
{
	if (!p)
		return;
	pcre2_match_context_free(p->context);
	pcre2_match_data_free(p->data);
	pcre2_code_free(p->code);
	free(p->text);
	free(p);
}

/* Many patterns are only checked, never searched with, and JIT costs more than all else of them. No JIT on this
 * processor is fine: the interpreter answers the same. */
static void compile_for_speed(struct bc_pattern *p)
{
	p->is_jit_tried = true;
	(void)pcre2_jit_compile(p->code, PCRE2_JIT_COMPLETE | PCRE2_JIT_PARTIAL_SOFT);
}

enum bc_match bc_pattern_find(struct bc_pattern *p, const char *data, size_t len, size_t start,
	unsigned flags, struct bc_span *spans, size_t count)
{
	if (!p->is_jit_tried)
		compile_for_speed(p);
	uint32_t options = flags & BC_PATTERN_PARTIAL ? PCRE2_PARTIAL_SOFT : 0;
	int rc = pcre2_match(
		p->code, (PCRE2_SPTR)(data ? data : ""), len, start, options, p->data, p->context);
	if (rc == PCRE2_ERROR_NOMATCH)
		return BC_MATCH_NO;
	if (rc == PCRE2_ERROR_PARTIAL)
		return BC_MATCH_PARTIAL;
	if (rc < 0)
		return BC_MATCH_LIMIT;
	const PCRE2_SIZE *at = pcre2_get_ovector_pointer(p->data);
	for (size_t i = 0; spans && i < count; i++) {
		spans[i] = (struct bc_span){SIZE_MAX, SIZE_MAX};
		if (i < (size_t)rc && at[2 * i] != PCRE2_UNSET)
			spans[i] = (struct bc_span){at[2 * i], at[2 * i + 1]};
	}
	return BC_MATCH_YES;
}

const char *bc_pattern_text(const struct bc_pattern *p)
{
	return p->text;
}

/* Skips a bracketed class or a group at p; returns the byte behind it. */
static const char *skip_nested(const char *p)
{
	static const char posix[] = "^abcdefghijklmnopqrstuvwxyz";
	if (*p == '[') {
		p++;
		p += *p == '^';
		p += *p == ']';
		for (; *p && *p != ']'; p++) {
			size_t name = bc_has_prefix(p, "[:") ? strspn(p + 2, posix) : 0;
			if (name && bc_has_prefix(p + 2 + name, ":]"))
				p += name + 3; /* a POSIX class: its ] ends nothing here */
			else
				p += *p == '\\' && p[1];
		}
		return *p ? p + 1 : p;
	}
	int depth = 0;
	for (; *p; p++) {
		if (*p == '\\' && p[1]) {
			p++;
		} else if (*p == '[') {
			p = skip_nested(p) - 1;
		} else if (*p == '(') {
			depth++;
		} else if (*p == ')' && --depth == 0) {
			return p + 1;
		}
	}
	return p;
}

/* Length of the quantifier at p, 0 if there is none, SIZE_MAX for a brace that is no plain {n}, {n,} or
 * {n,m}: versions of PCRE2 read those differently. */
static size_t quantifier_len(const char *p)
{
	static const char digits[] = "0123456789";
	size_t n = 0;
	if (*p == '{') {
		size_t low = strspn(p + 1, digits);
		n = 1 + low;
		if (p[n] == ',') {
			n++;
			n += strspn(p + n, digits);
		}
		if (!low || p[n] != '}')
			return SIZE_MAX;
		n++;
	} else if (*p && strchr("?*+", *p)) {
		n = 1;
	}
	return n && (p[n] == '?' || p[n] == '+') ? n + 1 : n;
}

/* One item of a pattern. next is behind it, c its byte when it is plain; false for what makes every
 * further guess doubtful. */
static bool take_item(const char *p, const char **next, char *c, bool *is_plain)
{
	static const char special[] = "\\^$.[]|()?*+{}";
	*c = *p;
	*next = p + 1;
	*is_plain = !strchr(special, *p);
	if (*p == '|' || *p == '{')
		return false;
	if (*p == '[' || *p == '(') {
		*next = skip_nested(p);
	} else if (*p == '\\' && p[1]) {
		*next = p + 2;
		*c = p[1];
		*is_plain = strchr(special, p[1]) || strchr("/-:<>=#! '\"", p[1]);
		return *is_plain || !strchr("xocgkpPNuU0123456789", p[1]);
	}
	return true;
}

/* The longest run of plain bytes outside groups; anything doubtful ends a run. Alternatives at the top
 * level, options ("(?i)"), quoting (\Q, \E) and control characters (\c, which eats any next byte) make
 * the answer NULL. */
char *bc_pattern_literal(const char *regex)
{
	BC_AUTO(bc_buf) run = {0}, best = {0};
	if (strstr(regex, "(?") || strstr(regex, "(*") || strstr(regex, "\\Q") ||
		strstr(regex, "\\E") || strstr(regex, "\\c"))
		return NULL;
	for (const char *p = regex; *p;) {
		const char *next;
		char c;
		bool is_plain;
		if (!take_item(p, &next, &c, &is_plain))
			return NULL;
		size_t n = quantifier_len(next);
		if (n == SIZE_MAX)
			return NULL;
		bool may_vanish = n && *next != '+';
		if (is_plain && !may_vanish)
			bc_buf_addc(&run, c);
		p = next + n;
		if (!is_plain || n || !*p) {
			if (run.len > best.len) {
				bc_buf_clear(&best);
				bc_buf_add(&best, run.data, run.len);
			}
			bc_buf_clear(&run);
		}
	}
	return best.len >= 3 ? bc_buf_take(&best) : NULL;
}
