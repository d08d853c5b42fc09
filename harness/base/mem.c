#include <stdarg.h>

#include <bootcheck/base/mem.h>

static void out_of_memory(size_t count, size_t size)
{
	fprintf(stderr, "bootcheck: out of memory (%zu x %zu bytes)\n", count, size);
	abort();
}

void *bc_calloc(size_t count, size_t size)
{
	void *p = calloc(count ? count : 1, size ? size : 1);
	if (!p)
		out_of_memory(count, size);
	return p;
}

void *bc_realloc(void *p, size_t count, size_t size)
{
	size_t bytes;
	if (__builtin_mul_overflow(count, size, &bytes))
		out_of_memory(count, size);
	p = realloc(p, bytes ? bytes : 1);
	if (!p)
		out_of_memory(count, size);
	return p;
}

char *bc_strdup(const char *text)
{
	return text ? bc_strndup(text, strlen(text)) : NULL;
}

char *bc_strndup(const char *data, size_t len)
{
	char *copy = bc_calloc(len + 1, 1);
	if (len)
		memcpy(copy, data, len);
	return copy;
}

static char *format(const char *fmt, va_list args)
{
	char *text = NULL;
	if (vasprintf(&text, fmt, args) < 0)
		out_of_memory(1, strlen(fmt));
	return text;
}

char *bc_asprintf(const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	char *text = format(fmt, args);
	va_end(args);
	return text;
}

void bc_strs_add(struct bc_strs *list, const char *text)
{
	bc_vec_push(list, bc_strdup(text));
}

void bc_strs_addf(struct bc_strs *list, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	char *text = format(fmt, args);
	va_end(args);
	bc_vec_push(list, text);
}

bool bc_strs_has(const struct bc_strs *list, const char *text)
{
	for (size_t i = 0; i < list->len; i++)
		if (strcmp(list->items[i], text) == 0)
			return true;
	return false;
}

char **bc_strs_argv(struct bc_strs *list)
{
	bc_vec_push(list, NULL);
	list->len--;
	return list->items;
}

void bc_strs_release(struct bc_strs *list)
{
	for (size_t i = 0; i < list->len; i++)
		free(list->items[i]);
	free(list->items);
	*list = (struct bc_strs){0};
}

void bc_free_cleanup(void *p)
{
	free(*(void **)p);
}
