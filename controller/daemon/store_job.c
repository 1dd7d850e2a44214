#include "store_job.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct store_job *store_job_new(size_t capacity, store_done_fn *done, void *arg)
{
	struct store_job *job = malloc(sizeof *job + capacity * sizeof job->ops[0]);

	if (job != NULL) {
		*job = (struct store_job){.capacity = capacity, .done = done, .arg = arg};
	}
	return job;
}

void store_job_free(struct store_job *job)
{
	for (size_t i = 0; job != NULL && i < job->count; i++) {
		if (job->ops[i].verb == STORE_PUT_DECLARATION) {
			free((void *)job->ops[i].u.declaration.packet);
		}
	}
	free(job);
}

struct store_op *store_job_add(struct store_job *job, enum store_verb verb)
{
	struct store_op *op = &job->ops[job->count];

	assert(job->count < job->capacity);
	memset(op, 0, sizeof *op);
	op->verb = verb;
	job->count++;
	return op;
}
