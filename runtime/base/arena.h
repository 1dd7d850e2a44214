/* base/arena.h - a capped bump allocator, as a ProtobufCAllocator. */
#ifndef FAST_BASE_ARENA_H
#define FAST_BASE_ARENA_H

#include <fast/status.h>
#include <protobuf-c/protobuf-c.h>

/* Memory that is released as one. One thread at a time. */
struct fast_arena {
	ProtobufCAllocator allocator; /* hand &arena->allocator to unpack; its free does nothing */
	struct fast_arena_block *blocks;
	size_t used_bytes;
	size_t cap_bytes;
};

/* cap_bytes: no more than this is ever given. Allocates nothing. */
void fast_arena_init(struct fast_arena *arena, size_t cap_bytes);
/* Releases all. Zeroed memory is allowed. */
void fast_arena_fini(struct fast_arena *arena);
/* Empties, but keeps the first block for the next use. */
void fast_arena_reset(struct fast_arena *arena);

/* An arena that lies in its own first block, so that both cost one allocation. Never reset it.
 * NULL: no memory. */
struct fast_arena *fast_arena_new(void);
/* Releases all, and arena. NULL is allowed. */
void fast_arena_free(struct fast_arena *arena);

/* Aligned to 16 bytes; NULL when the cap or memory is reached. */
void *fast_arena_alloc(struct fast_arena *arena, size_t bytes);
/* A copy with a zero byte behind it. */
void *fast_arena_copy(struct fast_arena *arena, const void *data, size_t bytes);

#endif
