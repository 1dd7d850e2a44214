/* rpc/call_table.h - request id to call, of one connection. */
#ifndef FAST_RPC_CALL_TABLE_H
#define FAST_RPC_CALL_TABLE_H

#include <fast/status.h>

struct fast_call_entry {
	uint32_t id; /* 0: free; ids of calls have the top bit set */
	void *call;
};

/* Zeroed memory is an empty table. Guarded by its connection's lock. */
struct fast_call_table {
	struct fast_call_entry *entries;
	uint32_t capacity; /* a power of two, at least twice the count; or 0 */
	uint32_t count;
};

void fast_call_table_fini(struct fast_call_table *table);

/* Makes room for one more call, so that the next add succeeds. RESOURCE_EXHAUSTED: no memory. */
FAST_MUST_CHECK enum fast_status fast_call_table_reserve(struct fast_call_table *table);
/* After a reserve. The id must be in no entry. */
void fast_call_table_add(struct fast_call_table *table, uint32_t id, void *call);
/* NULL: no such call. */
void *fast_call_table_find(const struct fast_call_table *table, uint32_t id);
/* Returns the call removed. NULL: there was none. */
void *fast_call_table_remove(struct fast_call_table *table, uint32_t id);
/* The next call at or after *slot, which begins at 0. That one call may be removed before the next
 * is asked for. NULL: no more. */
void *fast_call_table_next(const struct fast_call_table *table, uint32_t *slot);

#endif
