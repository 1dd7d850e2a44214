/* link/link_inproc.h - "inproc://name": servers and clients of one process, without a socket.
 *
 * Names belong to the process. All may be called from any thread. */
#ifndef FAST_LINK_INPROC_H
#define FAST_LINK_INPROC_H

#include "link/link.h"

#define FAST_INPROC_NAME_BYTES_MAX 64
#define FAST_INPROC_NAMES_MAX      256
/* What one direction holds before a send waits. */
#define FAST_INPROC_BYTES (64 << 10)

struct fast_inproc_listener;

/* Gives *out, which the caller closes. accepted as fast_link_listen(); it runs on the thread that
 * connects. ALREADY_EXISTS: the name is taken. RESOURCE_EXHAUSTED: all names are, or no memory. */
FAST_MUST_CHECK enum fast_status fast_inproc_listen(const char *name,
						    fast_link_accepted_fn *accepted, void *arg,
						    struct fast_inproc_listener **out);
/* The name is free again; waits while accepted runs. NULL is allowed. */
void fast_inproc_listener_close(struct fast_inproc_listener *listener);

/* Hands the listener one end, and gives *out the other. UNAVAILABLE: nobody has that name.
 * RESOURCE_EXHAUSTED: no memory, or no thread. */
FAST_MUST_CHECK enum fast_status fast_inproc_connect(const char *name, struct fast_link **out);

#endif
