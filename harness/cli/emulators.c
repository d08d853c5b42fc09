#include <bootcheck/cli/emulators.h>

struct bc_emulators_entry {
	char *program;
	bool is_there;
	struct bc_emulator emulator; /* is_there */
	struct bc_err why;	     /* not is_there */
};

char *bc_emulators_program(const struct bc_machine *m)
{
	return m->qemu ? bc_strdup(m->qemu) : bc_asprintf("qemu-system-%s", m->arch);
}

const struct bc_emulator *bc_emulators_get(
	struct bc_emulators *emulators, const char *program, struct bc_err *err)
{
	struct bc_emulators_entry *found = NULL;
	for (size_t i = 0; !found && i < emulators->len; i++)
		if (strcmp(emulators->items[i]->program, program) == 0)
			found = emulators->items[i];
	if (!found) {
		found = bc_calloc(1, sizeof(*found));
		found->program = bc_strdup(program);
		found->is_there = bc_emulator_load(program, NULL, &found->emulator, &found->why);
		bc_vec_push(emulators, found);
	}
	if (found->is_there)
		return &found->emulator;
	if (err)
		*err = found->why;
	return NULL;
}

bool bc_emulators_check(struct bc_emulators *emulators, const struct bc_case *c, struct bc_err *err)
{
	const struct bc_machine *m = &c->machine;
	BC_AUTO_FREE char *program = bc_emulators_program(m);
	const struct bc_emulator *e = bc_emulators_get(emulators, program, err);
	if (!e)
		return false;
	if (!bc_emulator_check_machine(e, m->model, err))
		return bc_err_at(err, m->model_loc.file, m->model_loc.line, m->model_loc.col);
	if (m->cpu && !bc_emulator_check_cpu(e, m->cpu, err))
		return bc_err_at(err, m->cpu_loc.file, m->cpu_loc.line, m->cpu_loc.col);
	return true;
}

void bc_emulators_release(struct bc_emulators *emulators)
{
	bc_vec_each (entry, emulators) {
		free((*entry)->program);
		bc_emulator_release(&(*entry)->emulator);
		free(*entry);
	}
	free(emulators->items);
	*emulators = (struct bc_emulators){0};
}
