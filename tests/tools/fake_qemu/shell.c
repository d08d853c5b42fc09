/* Enough of a shell: `;`, `&&`, `||`, `{ }`, `( )`, quotes, $?, variables, redirections (dropped), and
 * echo, printf, true, false, :, stty, eval, sh -c. Any other command prints what a `reply` of the
 * script says, or "not found" with status 127. Nothing is ever run on the host. */
#include <fnmatch.h>

#include "fake.h"

#define MAX_DEPTH 8

static struct bc_strs variables; /* pairs: name, value */
static int status;		 /* $? */
static bool is_dropped;		 /* the command's output goes to /dev/null */

const char *fake_shell_get(const char *name, const char *fallback)
{
	for (size_t i = 0; i + 1 < variables.len; i += 2)
		if (strcmp(variables.items[i], name) == 0)
			return variables.items[i + 1];
	return fallback;
}

void fake_shell_set(const char *name, const char *value)
{
	for (size_t i = 0; i + 1 < variables.len; i += 2) {
		if (strcmp(variables.items[i], name) != 0)
			continue;
		char *copy = bc_strdup(value);
		free(variables.items[i + 1]);
		variables.items[i + 1] = copy;
		return;
	}
	bc_strs_add(&variables, name);
	bc_strs_add(&variables, value);
}

/* As a tty with ONLCR. */
static void print(const char *data, size_t len)
{
	for (size_t at = 0; !is_dropped && at < len;) {
		const char *nl = memchr(data + at, '\n', len - at);
		size_t n = nl ? (size_t)(nl - data) - at : len - at;
		fake_write(fake_current(), data + at, n);
		if (nl)
			fake_write(fake_current(), "\r\n", 2);
		at += n + (nl != NULL);
	}
}

/* Expands the $… at p into out; returns the byte behind it. */
static const char *expand_variable(const char *p, struct bc_buf *out)
{
	static const char letters[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_";
	if (p[1] == '?') {
		bc_buf_addf(out, "%d", status);
		return p + 2;
	}
	bool braced = p[1] == '{';
	const char *name = p + 1 + braced;
	size_t n = strspn(name, letters);
	if (braced && n == 0 && bc_has_prefix(name, "?}")) {
		bc_buf_addf(out, "%d", status);
		return name + 2;
	}
	if (!n) {
		bc_buf_addc(out, '$');
		return p + 1;
	}
	BC_AUTO_FREE char *copy = bc_strndup(name, n);
	bc_buf_adds(out, fake_shell_get(copy, ""));
	return name + n + (braced && name[n] == '}');
}

/* Takes one word off text; NULL at its end. */
static char *next_word(const char **text)
{
	BC_AUTO(bc_buf) out = {.max = FAKE_MAX_BYTES};
	const char *p = *text + strspn(*text, " \t\r\n");
	char quote = 0;
	if (!*p)
		return NULL;
	for (; *p && (quote || !strchr(" \t\r\n", *p));) {
		if (*p == '\'' && quote != '"') {
			quote = quote ? 0 : '\'';
			p++;
		} else if (*p == '"' && quote != '\'') {
			quote = quote ? 0 : '"';
			p++;
		} else if (*p == '\\' && p[1] && quote != '\'') {
			if (quote && !strchr("\\\"$`", p[1]))
				bc_buf_addc(&out, *p);
			bc_buf_addc(&out, p[1]);
			p += 2;
		} else if (*p == '$' && quote != '\'') {
			p = expand_variable(p, &out);
		} else {
			bc_buf_addc(&out, *p++);
		}
	}
	*text = p;
	return bc_buf_take(&out);
}

/* printf's and echo -e's escapes. */
static void unescape(const char *text, struct bc_buf *out)
{
	static const char names[] = "nrtbae\\", values[] = "\n\r\t\b\a\033\\";
	for (const char *p = text; *p; p++) {
		const char *known = *p == '\\' && p[1] ? strchr(names, p[1]) : NULL;
		if (*p == '\\' && p[1] >= '0' && p[1] <= '7') {
			int byte = 0, digits = 0;
			for (p++; digits < 3 && *p >= '0' && *p <= '7'; p++, digits++)
				byte = byte * 8 + (*p - '0');
			bc_buf_addc(out, (char)byte);
			p--;
		} else if (known) {
			bc_buf_addc(out, values[known - names]);
			p++;
		} else {
			bc_buf_addc(out, *p);
		}
	}
}

static void do_printf(const struct bc_strs *words)
{
	BC_AUTO(bc_buf) format = {0}, out = {0};
	size_t arg = 2;
	if (words->len < 2)
		return;
	unescape(words->items[1], &format);
	do {
		for (size_t i = 0; i < format.len; i++) {
			if (format.data[i] != '%' || i + 1 == format.len) {
				bc_buf_addc(&out, format.data[i]);
				continue;
			}
			i++;
			if (format.data[i] == '%')
				bc_buf_addc(&out, '%');
			else if (arg < words->len)
				bc_buf_adds(&out, words->items[arg++]);
			else if (format.data[i] == 'd')
				bc_buf_addc(&out, '0');
		}
	} while (arg < words->len && memchr(format.data, '%', format.len) && out.len < 65536);
	print(out.data, out.len);
}

static void do_echo(const struct bc_strs *words)
{
	BC_AUTO(bc_buf) out = {0};
	size_t first = 1;
	bool newline = true, escapes = false;
	for (; first < words->len; first++) {
		if (strcmp(words->items[first], "-n") == 0)
			newline = false;
		else if (strcmp(words->items[first], "-e") == 0)
			escapes = true;
		else
			break;
	}
	for (size_t i = first; i < words->len; i++) {
		if (i > first)
			bc_buf_addc(&out, ' ');
		if (escapes)
			unescape(words->items[i], &out);
		else
			bc_buf_adds(&out, words->items[i]);
	}
	if (newline)
		bc_buf_addc(&out, '\n');
	print(out.data, out.len);
}

static bool assign(const char *word)
{
	const char *equals = strchr(word, '=');
	if (!equals || equals == word)
		return false;
	BC_AUTO_FREE char *name = bc_strndup(word, (size_t)(equals - word));
	if (strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_") !=
		strlen(name))
		return false;
	fake_shell_set(name, equals + 1);
	return true;
}

/* True if the first word is a built-in command, which then ran. */
static bool run_builtin(const struct bc_strs *words, int depth)
{
	const char *name = words->items[0];
	int result = 0;
	if (strcmp(name, "echo") == 0) {
		do_echo(words);
	} else if (strcmp(name, "printf") == 0) {
		do_printf(words);
	} else if (strcmp(name, "false") == 0) {
		result = 1;
	} else if (strcmp(name, "stty") == 0) {
		for (size_t i = 1; i < words->len; i++)
			if (bc_has_suffix(words->items[i], "echo"))
				fake.echo = words->items[i][0] != '-';
	} else if (strcmp(name, "eval") == 0 || strcmp(name, "sh") == 0) {
		BC_AUTO(bc_buf) line = {0};
		for (size_t i = name[0] == 's' ? 2 : 1; i < words->len; i++)
			bc_buf_addf(&line, "%s ", words->items[i]);
		fake_shell_run(line.len ? line.data : "", depth + 1);
		return true;
	} else if (strcmp(name, "true") != 0 && strcmp(name, ":") != 0 &&
		strcmp(name, "set") != 0 && strcmp(name, "export") != 0 && !assign(name)) {
		return false;
	}
	status = result;
	return true;
}

/* Cuts unquoted redirections out of a command; a discarded stdout is noted. */
static char *without_redirections(const char *text)
{
	BC_AUTO(bc_buf) out = {0};
	char quote = 0;
	is_dropped = false;
	for (const char *p = text; *p;) {
		bool starts = p == text || strchr(" \t", p[-1]);
		const char *op = p + (*p >= '0' && *p <= '9');
		if (!quote && (*op == '>' || *op == '<') && (op == p || starts)) {
			const char *to = op + strspn(op, "<>& \t");
			size_t n = strcspn(to, " \t");
			is_dropped |= *op == '>' && *p != '2' && n == 9 &&
				memcmp(to, "/dev/null", 9) == 0;
			p = to + n;
			continue;
		}
		if ((*p == '\'' || *p == '"') && (!quote || quote == *p))
			quote = quote ? 0 : *p;
		bc_buf_addc(&out, *p++);
	}
	while (out.len && strchr(" \t\r\n", out.data[out.len - 1]))
		out.data[--out.len] = '\0';
	return bc_buf_take(&out);
}

static void run_simple(const char *text, int depth)
{
	BC_AUTO_FREE char *command = without_redirections(text);
	const char *start = command + strspn(command, " \t\r\n");
	for (size_t i = fake.replies.len; i >= 3; i -= 3) {
		if (fnmatch(fake.replies.items[i - 3], start, 0) != 0)
			continue;
		print(fake.replies.items[i - 2], strlen(fake.replies.items[i - 2]));
		status = (int)strtol(fake.replies.items[i - 1], NULL, 10);
		return;
	}
	BC_AUTO(bc_strs) words = {0};
	const char *at = start;
	for (char *word; (word = next_word(&at));)
		bc_vec_push(&words, word);
	if (!words.len || run_builtin(&words, depth))
		return;
	BC_AUTO_FREE char *complaint = bc_asprintf("sh: %s: not found\n", words.items[0]);
	print(complaint, strlen(complaint));
	status = 127;
}

/* Length of the operator at p outside quotes, 0 if there is none. *op: ';', '&' (&&) or '|' (||). */
static size_t operator_at(const char *p, bool at_start, char *op)
{
	*op = ';';
	if ((*p == '&' && p[1] == '&') || (*p == '|' && p[1] == '|')) {
		*op = *p;
		return 2;
	}
	if (*p == ';' || *p == '\n' || *p == '(' || *p == ')')
		return 1;
	return at_start && (*p == '{' || *p == '}') && (!p[1] || strchr(" \t;&|)", p[1])) ? 1 : 0;
}

void fake_shell_run(const char *line, int depth)
{
	BC_AUTO(bc_buf) piece = {.max = FAKE_MAX_BYTES};
	char quote = 0, joined = ';';
	if (depth > MAX_DEPTH)
		return;
	for (const char *p = line;; p++) {
		char op = ';';
		bool at_start = !piece.len || strspn(piece.data, " \t") == piece.len;
		size_t n = quote ? 0 : operator_at(p, at_start, &op);
		if (*p && !n) {
			if ((*p == '\'' || *p == '"') && (!quote || quote == *p))
				quote = quote ? 0 : *p;
			bc_buf_addc(&piece, *p);
			if (*p == '\\' && p[1] && quote != '\'')
				bc_buf_addc(&piece, *++p);
			continue;
		}
		bool runs = joined == ';' || (joined == '&' ? status == 0 : status != 0);
		if (!at_start && runs)
			run_simple(piece.data, depth);
		/* `} && x`: an empty piece keeps the operator before it waiting for its command. */
		joined = !at_start || op != ';' ? op : joined;
		bc_buf_clear(&piece);
		if (!*p)
			return;
		p += n - 1;
	}
}
