/* link/link_unix.h - "unix:///path": the bytes of ipc://, on the process's own sockets; and
 * whatever else is dialled on such.
 *
 * One thread of the process (unix_loop.h) completes what is under way on all links; a listener has
 * a thread of its own, which accepts. send_now and recv_wait are system calls of the caller's. */
#ifndef FAST_LINK_UNIX_H
#define FAST_LINK_UNIX_H

#include "link/endpoint.h"

struct fast_unix_listener;

/* As fast_link_listen(). */
FAST_MUST_CHECK enum fast_status fast_unix_listen(const char *path, unsigned mode,
						  fast_link_accepted_fn *accepted, void *arg,
						  struct fast_unix_listener **out);
/* Waits while accepted runs; unlinks the socket. NULL is allowed. */
void fast_unix_listener_close(struct fast_unix_listener *listener);

/* kind: ipc or unix. Gives *out. UNAVAILABLE: nobody serves there. DEADLINE_EXCEEDED: the server's
 * queue is full, it may be tried again. PERMISSION_DENIED. RESOURCE_EXHAUSTED. */
FAST_MUST_CHECK enum fast_status fast_unix_connect(const char *path, enum fast_endpoint_kind kind,
						   struct fast_link **out);

/* Takes fd, a connected non-blocking socket of this kind, on success only. Gives *out.
 * RESOURCE_EXHAUSTED. */
FAST_MUST_CHECK enum fast_status fast_unix_link_new(int fd, enum fast_endpoint_kind kind,
						    struct fast_link **out);

#endif
