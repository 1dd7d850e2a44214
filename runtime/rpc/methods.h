/* rpc/methods.h - from a method path to its handler, by hash. */
#ifndef FAST_RPC_METHODS_H
#define FAST_RPC_METHODS_H

#include "rpc/stats.h"
#include "wire/packet.h"
#include <fast/server.h>

struct fast_method_entry {
	const struct fast_method *method; /* NULL: free */
	const void *handlers;
	void *arg;
	unsigned flags;
	uint32_t hash;
	struct fast_method_counters *counters;
};

/* Those that every server has do not count against its own. */
#define FAST_METHODS_SERVICES_MAX (FAST_SERVER_SERVICES_MAX + 3)

/* Zeroed memory is an empty table. Changed before the server listens, read by any thread after. */
struct fast_methods {
	struct fast_method_entry *entries;
	size_t capacity; /* a power of two, at least twice the count; or 0 */
	size_t count;
	struct fast_method_counters **sorted; /* by path; as many as count */
	const struct fast_service *services[FAST_METHODS_SERVICES_MAX];
	struct fast_method_counters *counters[FAST_METHODS_SERVICES_MAX]; /* one per method */
	size_t service_count;
	size_t builtin_count; /* of these, those that every server has; the first ones */
};

void fast_methods_fini(struct fast_methods *methods);

/* All methods of the service, or none. ALREADY_EXISTS, RESOURCE_EXHAUSTED as fast_server_add(). */
FAST_MUST_CHECK enum fast_status fast_methods_add(struct fast_methods *methods,
						  const struct fast_service *service,
						  const void *handlers, void *arg, unsigned flags);
/* NULL: no such method. */
const struct fast_method_entry *fast_methods_find(const struct fast_methods *methods,
						  struct fast_span path);
/* NULL: no such service. */
const struct fast_service *fast_methods_service(const struct fast_methods *methods,
						const char *name);
/* Whether the part of path before the slash is a service that is here. */
bool fast_methods_has_service(const struct fast_methods *methods, struct fast_span path);

#endif
