#include "pool.h"

#include <assert.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

struct pool_block {
	struct pool_block *next;
	_Alignas(max_align_t) unsigned char bytes[];
};

void *pool_alloc(struct pool *pool, size_t count, size_t size)
{
	struct pool_block *block;

	assert(size > 0);
	if (count > (SIZE_MAX - sizeof *block) / size) {
		return NULL;
	}
	block = calloc(1, sizeof *block + count * size);
	if (block == NULL) {
		return NULL;
	}
	block->next = pool->blocks;
	pool->blocks = block;
	return block->bytes;
}

char *pool_printf(struct pool *pool, const char *format, ...)
{
	va_list arguments;
	char *text;
	int length;

	va_start(arguments, format);
	length = vsnprintf(NULL, 0, format, arguments);
	va_end(arguments);
	if (length < 0) {
		return NULL;
	}

	text = pool_alloc(pool, (size_t)length + 1, 1);
	if (text == NULL) {
		return NULL;
	}
	va_start(arguments, format);
	(void)vsnprintf(text, (size_t)length + 1, format, arguments);
	va_end(arguments);
	return text;
}

void pool_fini(struct pool *pool)
{
	while (pool->blocks != NULL) {
		struct pool_block *block = pool->blocks;

		pool->blocks = block->next;
		free(block);
	}
}
