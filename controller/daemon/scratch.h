/* daemon/scratch.h - memory for one message: many small pieces, freed together. */
#ifndef FASTD_SCRATCH_H
#define FASTD_SCRATCH_H

#include <fast/status.h>

/* One message that outgrows this could not be sent anyway. */
#define SCRATCH_BYTES_MAX (32u << 20)

struct scratch_block;

/* Zeroed memory is a valid empty scratch. One thread at a time. A failure is remembered, so that
 * the builder of a message asks once, at the end. */
struct scratch {
	struct scratch_block *blocks; /* newest first; pieces come from the newest */
	size_t bytes;
	bool failed;
};

/* Zeroed memory for any type; NULL: failed is set. */
void *scratch_alloc(struct scratch *scratch, size_t bytes);

/* A copy; an empty string when text is NULL or memory is short. Never NULL. */
char *scratch_text(struct scratch *scratch, const char *text);

/* The array of count pointers, with room for one more; NULL: failed is set. */
void *scratch_grow(struct scratch *scratch, void *array, size_t count);

/* Empties it and keeps a block for what comes next. */
void scratch_reset(struct scratch *scratch);

void scratch_fini(struct scratch *scratch);

#endif
