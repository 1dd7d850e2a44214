/* daemon/guard.h - looks at every call before its handler: may this peer make it? */
#ifndef FASTD_GUARD_H
#define FASTD_GUARD_H

#include "daemon/role.h"

#include <fast/server.h>

/* Adds the guard to the server, which borrows roles until it is closed. */
FAST_MUST_CHECK enum fast_status guard_add(struct fast_server *server, const struct roles *roles);

/* What the method needs, and which fields of its request say of what. */
struct guard_rule {
	const char *method;
	enum role least;
	const char *plugin; /* NULL: of no plugin */
	const char *params; /* NULL: of no param; "*": of all */
	const char *inside; /* the field of the request that has these fields; NULL: itself */
};

/* NULL: there is none, and an admin alone may call the method. */
const struct guard_rule *guard_rule_of(const char *method);

#endif
