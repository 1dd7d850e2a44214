/* connect/routes.h - from a path to a method and its schema. */
#ifndef FAST_CONNECT_ROUTES_H
#define FAST_CONNECT_ROUTES_H

#include "rpc/server.h"
#include <fast/json.h>

/* One service of the server; its dynamic twin, whose messages JSON is read into. */
struct fast_route_service {
	const struct fast_service *service;
	struct fast_schema *schema;
	const struct fast_service *dynamic; /* in schema */
};

/* Zeroed memory is valid and empty. Never changes once made. */
struct fast_routes {
	struct fast_route_service services[FAST_METHODS_SERVICES_MAX];
	size_t count;
};

struct fast_route {
	const struct fast_schema *schema;
	const struct fast_method *method; /* for clients */
};

/* All services of the server, which must have been given all of them. INVALID_ARGUMENT,
 * RESOURCE_EXHAUSTED. routes is to be finished either way. */
FAST_MUST_CHECK enum fast_status fast_routes_init(struct fast_routes *routes,
						  const struct fast_server *server);
void fast_routes_fini(struct fast_routes *routes);

/* path: "fast.v1.Param/Get". FAST_OK; NOT_FOUND: no such service; UNIMPLEMENTED: the service has no
 * such method. */
FAST_MUST_CHECK enum fast_status fast_routes_find(const struct fast_routes *routes,
						  const char *path, struct fast_route *out);

#endif
