#include <stdarg.h>

#include <bootcheck/build/node.h>

struct bc_node *bc_node_new(const struct bc_node_kind *kind, struct bc_loc loc)
{
	struct bc_node *node = bc_calloc(1, sizeof(*node));
	node->kind = kind;
	node->loc = loc;
	node->title = bc_strdup(kind->name);
	node->node_state = BC_NODE_UNKNOWN;
	return node;
}

void bc_node_set(struct bc_node *node, const char *label, const char *text)
{
	bc_vec_each (f, &node->fields) {
		if (strcmp(f->label, label) != 0)
			continue;
		char *copy = bc_strdup(text);
		free(f->text);
		f->text = copy;
		return;
	}
	bc_vec_push(&node->fields, ((struct bc_node_field){bc_strdup(label), bc_strdup(text)}));
}

const char *bc_node_get(const struct bc_node *node, const char *label)
{
	bc_vec_each (f, &node->fields)
		if (strcmp(f->label, label) == 0)
			return f->text;
	return NULL;
}

void bc_node_add_input(
	struct bc_node *node, const char *label, struct bc_node *input, const char *member)
{
	bc_vec_push(&node->inputs, ((struct bc_input){bc_strdup(label), input, bc_strdup(member)}));
}

void bc_node_title(struct bc_node *node, const char *fmt, ...)
{
	char *text = NULL;
	va_list args;
	va_start(args, fmt);
	if (vasprintf(&text, fmt, args) < 0)
		abort();
	va_end(args);
	free(node->title);
	node->title = text;
}

void bc_node_free(struct bc_node *node)
{
	if (!node)
		return;
	bc_vec_each (i, &node->inputs) {
		free(i->label);
		free(i->member);
	}
	free(node->inputs.items);
	bc_vec_each (f, &node->fields) {
		free(f->label);
		free(f->text);
	}
	free(node->fields.items);
	bc_value_free(node->params);
	free(node->title);
	free(node->state);
	free(node->lineage);
	bc_strs_release(&node->origins);
	free(node->artifact);
	free(node->path);
	free(node->why);
	free(node);
}
