/* daemon/remote.h - plugins on other hosts. Each has a page here, which its reports fill, and a
 * connection to the plugin socket like any other: to the node it is a plugin of this host. */
#ifndef FASTD_REMOTE_H
#define FASTD_REMOTE_H

#include "daemon/role.h"

#define REMOTES_MAX    512
#define REMOTE_TICK_MS 20   /* knobs that were turned are looked for so often */
#define REMOTE_SEND_MS 2000 /* the node takes a packet within this */

struct remotes;

/* socket: the plugin socket's path; who attaches a plugin has the role. Both borrowed. Gives *out.
 * Starts a thread. */
FAST_MUST_CHECK enum fast_status remotes_open(const char *socket, const struct roles *roles,
					      struct remotes **out);
/* After the server has closed, so that no call is left. NULL is allowed. */
void remotes_close(struct remotes *remotes);

/* Serves a call of Plugin.Attach, which it takes. */
void remotes_take(struct remotes *remotes, struct fast_call *call);

#endif
