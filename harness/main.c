#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <sys/mman.h>

#include <bootcheck/cli/cli.h>

#define HUGE_PAGE ((uintptr_t)2 << 20)

/* Cases are read into some ten thousand small pieces. Where a page fault is dear, in a virtual machine, those of a heap
 * that grows by small pages cost as much as the work. */
static void use_huge_pages(void)
{
	mallopt(M_TOP_PAD, 3 * HUGE_PAGE);
	/* The few threads take from the same heap: one of their own has small pages only. */
	mallopt(M_ARENA_MAX, 1);
	char *start = sbrk(0);
	/* More than what libraries left over of the first growth, less than what gets a mapping of its own. */
	void *volatile first = malloc(100000), *volatile second = malloc(100000);
	free(first);
	free(second);
	char *end = sbrk(0);
	uintptr_t from = ((uintptr_t)start + HUGE_PAGE - 1) & ~(HUGE_PAGE - 1);
	if (end > start && (uintptr_t)end > from)
		(void)madvise((void *)from, (uintptr_t)end - from, MADV_HUGEPAGE);
}

int main(int argc, char **argv)
{
	use_huge_pages();
	return bc_cli_main(argc, argv);
}
