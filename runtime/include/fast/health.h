/* fast/health.h - whether a server's services can be called: what its fast.v1.Health tells.
 *
 * Every server answers Health. All is SERVING from the first listen until it is set otherwise here,
 * or the server closes. <fast/v1/health.fast.h> has the stubs for those who ask. */
#ifndef FAST_HEALTH_H
#define FAST_HEALTH_H

#include <fast/server.h>

FAST_BEGIN_DECLS

/* Names that were set, at one server. */
#define FAST_HEALTH_NAMES_MAX      128
#define FAST_HEALTH_NAME_BYTES_MAX 255
/* Watch calls that are open, at one server. */
#define FAST_HEALTH_WATCHERS_MAX 1024

/* Sets the health of name, and tells those who watch it: each gets the newest state, a slow one
 * that alone. name: a service, "testing.v1.Probe"; NULL or "": the server as a whole, which changes
 * no service; or any other name of printable ASCII without spaces, such as that of a part on which
 * the service depends, which Health knows from now on. From any thread, before a listen too.
 * INVALID_ARGUMENT: not such a name. RESOURCE_EXHAUSTED: too many, or no memory. */
FAST_MUST_CHECK enum fast_status fast_server_set_health(struct fast_server *server,
							const char *name, bool is_serving);

FAST_END_DECLS

#endif
