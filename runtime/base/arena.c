#include "base/arena.h"

#include <assert.h>
#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#define ARENA_ALIGNMENT 16
/* The first block holds a usual message; later ones double until the largest. */
#define ARENA_BLOCK_BYTES_MIN 2048
#define ARENA_BLOCK_BYTES_MAX 65536

struct fast_arena_block {
	struct fast_arena_block *next; /* the block before; the first block is last */
	size_t bytes;                  /* of data */
	size_t used;                   /* <= bytes */
	alignas(ARENA_ALIGNMENT) uint8_t data[];
};

static void *arena_protobuf_alloc(void *arg, size_t bytes)
{
	return fast_arena_alloc(arg, bytes);
}

static void arena_protobuf_free(void *arg, void *pointer)
{
	(void)arg;
	(void)pointer;
}

/* A block with room for bytes in front of the others. */
static struct fast_arena_block *arena_grow(struct fast_arena *arena, size_t bytes)
{
	size_t size = ARENA_BLOCK_BYTES_MIN;
	struct fast_arena_block *block;

	if (arena->blocks != NULL) {
		size = 2 * arena->blocks->bytes;
	}
	if (size > ARENA_BLOCK_BYTES_MAX) {
		size = ARENA_BLOCK_BYTES_MAX;
	}
	if (size < bytes) {
		size = bytes;
	}
	block = malloc(sizeof *block + size);
	if (block == NULL) {
		return NULL;
	}
	block->bytes = size;
	block->used = 0;
	block->next = arena->blocks;
	arena->blocks = block;
	return block;
}

void fast_arena_init(struct fast_arena *arena, size_t cap_bytes)
{
	*arena = (struct fast_arena){
		.allocator = {arena_protobuf_alloc, arena_protobuf_free, arena},
		.cap_bytes = cap_bytes,
	};
}

void fast_arena_fini(struct fast_arena *arena)
{
	struct fast_arena_block *next;

	for (struct fast_arena_block *block = arena->blocks; block != NULL; block = next) {
		next = block->next;
		free(block);
	}
	arena->blocks = NULL;
	arena->used_bytes = 0;
}

void fast_arena_reset(struct fast_arena *arena)
{
	struct fast_arena_block *block = arena->blocks;

	while (block != NULL && block->next != NULL) {
		struct fast_arena_block *next = block->next;
		free(block);
		block = next;
	}
	if (block != NULL) {
		block->used = 0;
	}
	arena->blocks = block;
	arena->used_bytes = 0;
}

void *fast_arena_alloc(struct fast_arena *arena, size_t bytes)
{
	struct fast_arena_block *block = arena->blocks;
	void *data;

	assert(arena->used_bytes <= arena->cap_bytes);
	if (bytes > arena->cap_bytes - arena->used_bytes) {
		return NULL;
	}
	bytes = bytes == 0 ? ARENA_ALIGNMENT
			   : (bytes + ARENA_ALIGNMENT - 1) / ARENA_ALIGNMENT * ARENA_ALIGNMENT;
	if (bytes > arena->cap_bytes - arena->used_bytes) {
		return NULL;
	}
	if (block == NULL || bytes > block->bytes - block->used) {
		block = arena_grow(arena, bytes);
		if (block == NULL) {
			return NULL;
		}
	}
	data = block->data + block->used;
	block->used += bytes;
	arena->used_bytes += bytes;
	return data;
}

void *fast_arena_copy(struct fast_arena *arena, const void *data, size_t bytes)
{
	uint8_t *copy;

	if (bytes == SIZE_MAX) {
		return NULL;
	}
	copy = fast_arena_alloc(arena, bytes + 1);
	if (copy == NULL) {
		return NULL;
	}
	if (bytes > 0) {
		memcpy(copy, data, bytes);
	}
	copy[bytes] = 0;
	return copy;
}

struct fast_arena *fast_arena_new(void)
{
	struct fast_arena first;
	struct fast_arena *arena;

	fast_arena_init(&first, 2 * sizeof first);
	arena = fast_arena_alloc(&first, sizeof first);
	if (arena == NULL) {
		return NULL;
	}
	fast_arena_init(arena, 0);
	arena->blocks = first.blocks;
	return arena;
}

void fast_arena_free(struct fast_arena *arena)
{
	struct fast_arena last;

	if (arena == NULL) {
		return;
	}
	last = *arena; /* which goes with its block */
	fast_arena_fini(&last);
}
