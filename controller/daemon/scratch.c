#include "daemon/scratch.h"

#include <protobuf-c/protobuf-c.h>
#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_BYTES    4096
#define KEPT_BYTES_MAX (1u << 20) /* by scratch_reset() */
#define ALIGN          alignof(max_align_t)

struct scratch_block {
	struct scratch_block *next;
	size_t capacity;
	size_t used;
	alignas(max_align_t) unsigned char bytes[];
};

/* Each block is twice as large as the one before, so that there are few. */
static struct scratch_block *block_add(struct scratch *scratch, size_t bytes)
{
	size_t capacity = scratch->blocks == NULL ? BLOCK_BYTES : 2 * scratch->blocks->capacity;
	struct scratch_block *block;

	if (capacity < bytes) {
		capacity = bytes;
	}
	block = malloc(sizeof *block + capacity);
	if (block == NULL) {
		return NULL;
	}
	block->next = scratch->blocks;
	block->capacity = capacity;
	block->used = 0;
	scratch->blocks = block;
	return block;
}

void *scratch_alloc(struct scratch *scratch, size_t bytes)
{
	struct scratch_block *block = scratch->blocks;
	void *piece;

	if (scratch->failed || bytes > SCRATCH_BYTES_MAX - scratch->bytes) {
		scratch->failed = true;
		return NULL;
	}
	bytes = (bytes + ALIGN - 1) / ALIGN * ALIGN;
	if (block == NULL || bytes > block->capacity - block->used) {
		block = block_add(scratch, bytes);
		if (block == NULL) {
			scratch->failed = true;
			return NULL;
		}
	}
	piece = block->bytes + block->used;
	block->used += bytes;
	scratch->bytes += bytes;
	return memset(piece, 0, bytes);
}

char *scratch_text(struct scratch *scratch, const char *text)
{
	size_t bytes;
	char *copy;

	if (text == NULL || text[0] == '\0') {
		return (char *)protobuf_c_empty_string;
	}
	bytes = strlen(text) + 1;
	copy = scratch_alloc(scratch, bytes);
	return copy == NULL ? (char *)protobuf_c_empty_string : memcpy(copy, text, bytes);
}

void *scratch_grow(struct scratch *scratch, void *array, size_t count)
{
	void *larger;

	/* Capacities are powers of two, so the count alone tells when the array is full. */
	if (count != 0 && (count & (count - 1)) != 0) {
		return array;
	}
	larger = scratch_alloc(scratch, (count == 0 ? 1 : 2 * count) * sizeof(void *));
	if (larger != NULL && count > 0) {
		memcpy(larger, array, count * sizeof(void *));
	}
	return larger;
}

void scratch_reset(struct scratch *scratch)
{
	struct scratch_block *kept = scratch->blocks;

	if (kept == NULL || kept->capacity > KEPT_BYTES_MAX) {
		scratch_fini(scratch);
		return;
	}
	scratch->blocks = kept->next;
	scratch_fini(scratch);
	kept->next = NULL;
	kept->used = 0;
	scratch->blocks = kept;
}

void scratch_fini(struct scratch *scratch)
{
	while (scratch->blocks != NULL) {
		struct scratch_block *next = scratch->blocks->next;

		free(scratch->blocks);
		scratch->blocks = next;
	}
	*scratch = (struct scratch){0};
}
