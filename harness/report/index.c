#include <search.h>

#include <bootcheck/base/mem.h>
#include <bootcheck/report/index.h>

struct node {
	const char *text; /* points into itself once it is kept */
	size_t number;
};

static int compare(const void *a, const void *b)
{
	return strcmp(((const struct node *)a)->text, ((const struct node *)b)->text);
}

size_t bc_index_add(struct bc_index *index, const char *text)
{
	struct node wanted = {.text = text};
	void *found = tfind(&wanted, &index->root, compare);
	if (found)
		return (*(struct node **)found)->number;
	size_t size = strlen(text) + 1;
	struct node *node = bc_calloc(1, sizeof(*node) + size);
	node->text = memcpy(node + 1, text, size);
	node->number = index->len;
	if (!tsearch(node, &index->root, compare))
		abort();
	return index->len++;
}

void bc_index_release(struct bc_index *index)
{
	tdestroy(index->root, free);
	*index = (struct bc_index){0};
}
