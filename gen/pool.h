/* pool.h - memory that is released all at once: names and tables of one run. */
#ifndef GEN_POOL_H
#define GEN_POOL_H

#include <stddef.h>

/* Zeroed memory is a valid empty pool. */
struct pool {
	struct pool_block *blocks;
};

/* Zeroed memory for count objects of size bytes, valid until pool_fini(). NULL: no memory. */
void *pool_alloc(struct pool *pool, size_t count, size_t size);

/* The formatted text, valid until pool_fini(). NULL: no memory. */
__attribute__((format(printf, 2, 3))) char *pool_printf(struct pool *pool, const char *format, ...);

/* Releases everything and leaves the pool empty. */
void pool_fini(struct pool *pool);

#endif
