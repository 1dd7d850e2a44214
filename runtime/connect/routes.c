#include "connect/routes.h"

#include <fast/log.h>
#include <string.h>

static enum fast_status service_init(struct fast_route_service *route,
				     const struct fast_service *service)
{
	char error[FAST_JSON_ERROR_BYTES_MAX];
	enum fast_status status = fast_schema_new(
		service->descriptor_set, service->descriptor_set_bytes, &route->schema, error);

	if (status != FAST_OK) {
		fast_log(FAST_LOG_ERROR, "the schema of %s: %s", service->name, error);
		return status;
	}
	route->service = service;
	route->dynamic = fast_schema_service(route->schema, service->name);
	if (route->dynamic == NULL) {
		fast_log(FAST_LOG_ERROR, "the schema of %s does not have the service",
			 service->name);
		return FAST_INVALID_ARGUMENT;
	}
	return FAST_OK;
}

enum fast_status fast_routes_init(struct fast_routes *routes, const struct fast_server *server)
{
	const struct fast_methods *methods = &server->methods;

	for (size_t i = 0; i < methods->service_count; i++) {
		struct fast_route_service *route = &routes->services[routes->count];
		enum fast_status status;

		if (methods->services[i]->descriptor_set == NULL) {
			continue; /* a service of protobuf-c's own stubs may have no schema */
		}
		routes->count++;
		status = service_init(route, methods->services[i]);
		if (status != FAST_OK) {
			return status;
		}
	}
	return FAST_OK;
}

void fast_routes_fini(struct fast_routes *routes)
{
	for (size_t i = 0; i < routes->count; i++) {
		fast_schema_free(routes->services[i].schema);
	}
	*routes = (struct fast_routes){.count = 0};
}

enum fast_status fast_routes_find(const struct fast_routes *routes, const char *path,
				  struct fast_route *out)
{
	const char *slash = strrchr(path, '/');
	size_t name_bytes = slash == NULL ? 0 : (size_t)(slash - path);

	for (size_t i = 0; i < routes->count; i++) {
		const struct fast_route_service *route = &routes->services[i];

		if (strlen(route->service->name) != name_bytes ||
		    memcmp(route->service->name, path, name_bytes) != 0) {
			continue;
		}
		out->schema = route->schema;
		out->method = fast_schema_method(route->schema, path);
		return out->method == NULL ? FAST_UNIMPLEMENTED : FAST_OK;
	}
	return FAST_NOT_FOUND;
}
