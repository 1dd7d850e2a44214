#include "rpc/services.h"

#include "rpc/server.h"

enum fast_status fast_services_add(struct fast_server *server)
{
	enum fast_status status = fast_health_add(server);

	if (status == FAST_OK) {
		status = fast_admin_add(server);
	}
	if (status == FAST_OK && !server->options.no_reflection) {
		status = fast_reflection_add(server);
	}
	server->methods.builtin_count = server->methods.service_count;
	return status;
}
