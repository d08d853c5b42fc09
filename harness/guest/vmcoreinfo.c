#include <errno.h>

#include <bootcheck/base/text.h>
#include <bootcheck/guest/vmcoreinfo.h>

#define MAGIC "OSRELEASE="

static size_t text_length(const unsigned char *page, size_t size)
{
	size_t n = 0;
	while (n < size && ((page[n] >= 0x20 && page[n] < 0x7f) || page[n] == '\n'))
		n++;
	return n;
}

static bool take(const struct bc_guest_ram *ram, size_t at, struct bc_vmcoreinfo *info)
{
	size_t n = sizeof(MAGIC) - 1, left = ram->size - at;
	if (left < BC_GUEST_PAGE || memcmp(ram->data + at, MAGIC, n) != 0)
		return false;
	char *text = bc_strndup(
		(const char *)ram->data + at, text_length(ram->data + at, BC_GUEST_PAGE));
	/* The guest may have changed it in between: only the copy counts. */
	size_t release = strlen(text) > n ? strcspn(text + n, "\n") : 0;
	if (!release || release >= sizeof(info->release) || !strstr(text, "\nSYMBOL(")) {
		free(text);
		return false;
	}
	memcpy(info->release, text + n, release);
	info->release[release] = '\0';
	info->text = text;
	return true;
}

bool bc_vmcoreinfo_find(const struct bc_guest_ram *ram, struct bc_vmcoreinfo *info)
{
	*info = (struct bc_vmcoreinfo){0};
	/* The kernel gives it a page of its own. */
	bc_vec_each (e, &ram->extents)
		for (size_t at = e->start; at + BC_GUEST_PAGE <= e->end; at += BC_GUEST_PAGE)
			if (ram->data[at] == MAGIC[0] && take(ram, at, info))
				return true;
	return false;
}

void bc_vmcoreinfo_release(struct bc_vmcoreinfo *info)
{
	free(info->text);
	*info = (struct bc_vmcoreinfo){0};
}

bool bc_vmcoreinfo_get(const struct bc_vmcoreinfo *info, const char *key, uint64_t *value)
{
	size_t n = strlen(key);
	int base = bc_has_prefix(key, "SYMBOL(") || bc_has_prefix(key, "KERNELOFFSET") ? 16 : 10;
	for (const char *line = info->text; line && *line;) {
		const char *end = strchr(line, '\n');
		if (strncmp(line, key, n) == 0 && line[n] == '=') {
			char *stop = NULL;
			errno = 0;
			uint64_t v = strtoull(line + n + 1, &stop, base);
			if (errno || stop == line + n + 1)
				return false;
			*value = v;
			return true;
		}
		line = end ? end + 1 : NULL;
	}
	return false;
}
