/* rpc/services.h - the services that every server has: Health, Reflection and Admin.
 *
 * Their handlers run on the thread that read the request, so they answer when every worker is
 * stuck. */
#ifndef FAST_RPC_SERVICES_H
#define FAST_RPC_SERVICES_H

#include <fast/server.h>
#include <string.h>

/* No service has a longer name. */
#define FAST_SERVICE_NAME_BYTES_MAX 255

/* A name from a request, for a sentence: cut, it might end within a character. */
static inline const char *fast_service_name_shown(const char *name)
{
	return strlen(name) > FAST_SERVICE_NAME_BYTES_MAX ? "(a long name)" : name;
}

/* Adds them all. Once, before any other service. RESOURCE_EXHAUSTED. */
FAST_MUST_CHECK enum fast_status fast_services_add(struct fast_server *server);

/* Each adds one. In the file that has its name. */
FAST_MUST_CHECK enum fast_status fast_admin_add(struct fast_server *server);
FAST_MUST_CHECK enum fast_status fast_health_add(struct fast_server *server);
FAST_MUST_CHECK enum fast_status fast_reflection_add(struct fast_server *server);

#endif
