/* link/socket_connect.h - dialling on the process's own sockets, without NNG. */
#ifndef FAST_LINK_SOCKET_CONNECT_H
#define FAST_LINK_SOCKET_CONNECT_H

#include "link/endpoint.h"

/* Looked at every few milliseconds; true: whoever dials wants it no more. */
typedef bool fast_dial_over_fn(void *arg);

/* Connects on the calling thread: to the socket at a path, once its queue has room, or to one of
 * the addresses of a host. kind: all but inproc. Gives *out. UNAVAILABLE: nobody serves there, or
 * there is no such host. DEADLINE_EXCEEDED. CANCELLED: over. PERMISSION_DENIED. RESOURCE_EXHAUSTED.
 */
FAST_MUST_CHECK enum fast_status fast_socket_connect(const struct fast_endpoint *endpoint,
						     int64_t deadline_ns, fast_dial_over_fn *over,
						     void *arg, struct fast_link **out);

#endif
