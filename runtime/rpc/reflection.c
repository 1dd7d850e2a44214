#include "rpc/server.h"
#include "rpc/services.h"
#include <assert.h>
#include <fast/v1/reflection.fast.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int name_compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Fills names, sorted; returns how many. */
static size_t service_names(const struct fast_methods *methods,
			    char *names[FAST_METHODS_SERVICES_MAX])
{
	for (size_t i = 0; i < methods->service_count; i++) {
		names[i] = (char *)(uintptr_t)methods->services[i]->name;
	}
	qsort(names, methods->service_count, sizeof *names, name_compare);
	return methods->service_count;
}

static void reflection_list(struct fast_call *call, const Fast__V1__ListServicesRequest *request,
			    void *arg)
{
	const struct fast_server *server = arg;
	Fast__V1__ListServicesResponse response = FAST__V1__LIST_SERVICES_RESPONSE__INIT;
	char *names[FAST_METHODS_SERVICES_MAX];

	(void)request;
	response.services = names;
	response.n_services = service_names(&server->methods, names);
	fast_v1_reflection_list_services_reply(call, &response);
}

static void reflection_refuse(struct fast_call *call, const struct fast_methods *methods,
			      const char *name)
{
	char *names[FAST_METHODS_SERVICES_MAX];
	char list[FAST_STATUS_MESSAGE_BYTES_MAX];
	size_t count = service_names(methods, names);
	size_t used = 0;

	for (size_t i = 0; i < count && used < sizeof list; i++) {
		used += (size_t)snprintf(list + used, sizeof list - used, "%s%s",
					 i == 0 ? "" : ", ", names[i]);
	}
	fast_call_fail(call, FAST_NOT_FOUND, "there is no service \"%s\" here; there are: %s",
		       fast_service_name_shown(name), list);
}

static void reflection_get(struct fast_call *call, const Fast__V1__GetSchemaRequest *request,
			   void *arg)
{
	const struct fast_server *server = arg;
	const struct fast_service *service =
		fast_methods_service(&server->methods, request->service);
	Fast__V1__GetSchemaResponse response = FAST__V1__GET_SCHEMA_RESPONSE__INIT;

	if (service == NULL) {
		reflection_refuse(call, &server->methods, request->service);
		return;
	}
	if (service->descriptor_set == NULL) {
		fast_call_fail(call, FAST_NOT_FOUND,
			       "\"%s\" was added to this server without its schema", service->name);
		return;
	}
	response.descriptor_set.data = (uint8_t *)(uintptr_t)service->descriptor_set;
	response.descriptor_set.len = service->descriptor_set_bytes;
	fast_v1_reflection_get_schema_reply(call, &response);
}

enum fast_status fast_reflection_add(struct fast_server *server)
{
	static const struct fast_v1_reflection_handlers handlers = {
		.list_services = reflection_list,
		.get_schema = reflection_get,
	};

	return fast_methods_add(&server->methods, &fast_v1_reflection_service, &handlers, server,
				FAST_SERVICE_INLINE);
}
