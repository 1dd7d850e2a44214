/* rpc/admin.h - what Admin's files share. */
#ifndef FAST_RPC_ADMIN_H
#define FAST_RPC_ADMIN_H

#include "base/arena.h"
#include "rpc/server.h"
#include <fast/v1/admin.fast.h>

/* Connections in one answer, and open calls: the oldest. */
#define FAST_ADMIN_CONNECTIONS_MAX 1024
#define FAST_ADMIN_CALLS_MAX       256
/* What one answer may take while it is made. */
#define FAST_ADMIN_ARENA_BYTES_MAX (8u << 20)

/* Fills the answer to Calls from memory of arena. RESOURCE_EXHAUSTED. */
FAST_MUST_CHECK enum fast_status fast_admin_calls(struct fast_server *server,
						  struct fast_arena *arena,
						  Fast__V1__AdminCallsResponse *out);

#endif
